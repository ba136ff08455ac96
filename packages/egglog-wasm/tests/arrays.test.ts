import { expect, test } from "vitest";
import type { EGraphArrays } from "../dist/index.js";
import { literalNumber, literalText, NO_LITERAL, SUBSUMED, UNEXTRACTABLE } from "../dist/index.js";
import { open, outputs, program, unwrap } from "./open.ts";

/** Cheapest tree of every class, by relaxation until nothing changes: the obvious reference. */
function treeCosts(g: EGraphArrays): Float64Array {
  const best = new Float64Array(g.classId.length).fill(Number.POSITIVE_INFINITY);
  for (let changed = true; changed; ) {
    changed = false;
    for (let n = 0; n < g.nodeOp.length; n++) {
      const kind = g.ops[g.nodeOp[n]].kind;
      if (kind === "function" || g.nodeFlags[n] !== 0) continue;
      let cost = g.nodeCost[n];
      for (let i = g.childStart[n]; i < g.childStart[n + 1]; i++) cost += best[g.children[i]];
      if (cost < best[g.nodeClass[n]]) {
        best[g.nodeClass[n]] = cost;
        changed = true;
      }
    }
  }
  return best;
}

function arraysOf(text: string): EGraphArrays {
  const g = open();
  outputs(g.run(text));
  return unwrap(g.arrays()).arrays;
}

test("extraction over the arrays costs what the engine's does", () => {
  const g = open();
  outputs(g.run(program("matmul")));
  outputs(
    g.run(
      '(let $x (Relu (AddT (MatMul (Scale 2.0 (Input "a" 8 4)) (Transpose (Input "b" 6 4))) (Input "c" 8 6))))',
    ),
  );
  outputs(g.run("(run-schedule (repeat 4 (saturate shapes) algebra fuse))"));
  const { arrays } = unwrap(g.arrays());
  const root = arrays.lets.get("$x") ?? -1;
  expect(treeCosts(arrays)[root]).toBe(unwrap(g.extract("$x")).cost);
});

test("the same nodes and classes as the JSON form", () => {
  const g = open();
  outputs(g.run(program("math")));
  outputs(g.run('(function f (Math) i64 :merge (max old new)) (set (f (Var "x")) 7) (run algebra 4)'));
  const { arrays } = unwrap(g.arrays());
  const { egraph } = unwrap(g.serialize());
  const fromJson = Object.values(egraph.nodes).map(({ op, eclass, children, cost, subsumed }) =>
    JSON.stringify([op, eclass, children.map((child) => egraph.nodes[child].eclass), cost, subsumed]),
  );
  const name = (c: number): string => `${arrays.sorts[arrays.classSort[c]]}-${arrays.classId[c]}`;
  const literal = (c: number): string =>
    arrays.sorts[arrays.classSort[c]] === "String"
      ? JSON.stringify(literalText(arrays, c))
      : (literalText(arrays, c) ?? "");
  const fromArrays = Array.from(arrays.nodeOp, (op, n) => {
    const info = arrays.ops[op];
    const children = Array.from(
      arrays.children.subarray(arrays.childStart[n], arrays.childStart[n + 1]),
      name,
    );
    const text = info.kind === "literal" ? literal(arrays.nodeClass[n]) : info.name;
    return JSON.stringify([
      text,
      name(arrays.nodeClass[n]),
      children,
      arrays.nodeCost[n],
      arrays.nodeFlags[n] === SUBSUMED,
    ]);
  });
  expect(fromArrays.sort()).toEqual(fromJson.sort());
  expect(Object.keys(egraph.class_data)).toHaveLength(arrays.classId.length);
});

test("offsets are consistent", () => {
  const a = arraysOf(`${program("math")}(run algebra 4)`);
  const [nodes, classes] = [a.nodeOp.length, a.classId.length];
  expect(a.childStart).toHaveLength(nodes + 1);
  expect(a.childStart[nodes]).toBe(a.children.length);
  expect(a.classStart[classes]).toBe(nodes);
  for (let c = 0; c < classes; c++) {
    expect(a.classStart[c + 1]).toBeGreaterThan(a.classStart[c]);
    for (let n = a.classStart[c]; n < a.classStart[c + 1]; n++) expect(a.nodeClass[n]).toBe(c);
  }
  a.nodeOp.forEach((op, n) => {
    const { kind, inputs } = a.ops[op];
    if (kind !== "container") expect(a.childStart[n + 1] - a.childStart[n]).toBe(inputs.length);
  });
});

test("literals, containers, relations and functions have their kinds", () => {
  const a = arraysOf(`
    (datatype* (E (A i64) (V Es)) (sort Es (Vec E))) (relation r (E f64)) (function f (E) String :no-merge)
    (V (vec-of (A 1) (A -2) (A 1))) (r (A 1) 0.5) (set (f (A 1)) "it's")`);
  const kinds = new Map(a.ops.map(({ name, kind }) => [name, kind]));
  expect(kinds.get("A")).toBe("constructor");
  expect(kinds.get("r")).toBe("relation");
  expect(kinds.get("f")).toBe("function");
  expect(kinds.get("vec-of")).toBe("container");
  expect(kinds.get("i64")).toBe("literal");
  const literals = Array.from(a.classId.keys()).filter((c) => a.classLiteral[c] !== NO_LITERAL);
  expect(literals.map((c) => literalText(a, c)).sort()).toEqual(["-2", "0.5", "1", "it's"]);
  expect(
    literals
      .map((c) => literalNumber(a, c))
      .filter((x) => !Number.isNaN(x))
      .sort(),
  ).toEqual([-2, 0.5, 1]);
  const vector = a.nodeOp.findIndex((op) => a.ops[op].name === "vec-of");
  const elements = Array.from(a.children.subarray(a.childStart[vector], a.childStart[vector + 1]));
  expect(elements).toHaveLength(3);
  expect(elements[0]).toBe(elements[2]);
});

test("subsumed and unextractable nodes are flagged", () => {
  const a = arraysOf("(datatype E (A) (B) (C :unextractable)) (rewrite (A) (B) :subsume) (A) (C) (run 1)");
  const flags = new Map(Array.from(a.nodeOp, (op, n) => [a.ops[op].name, a.nodeFlags[n]]));
  expect(Object.fromEntries(flags)).toEqual({ A: SUBSUMED, B: 0, C: UNEXTRACTABLE });
});

test("an empty e-graph has empty arrays", () => {
  const a = unwrap(open().arrays()).arrays;
  expect(a.nodeOp).toHaveLength(0);
  expect(Array.from(a.childStart)).toEqual([0]);
  expect(Array.from(a.classStart)).toEqual([0]);
});
