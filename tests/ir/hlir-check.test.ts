import { describe, expect, test } from "vitest";
import { CompileError } from "../../src/diagnostics.ts";
import type { Hlir, Node } from "../../src/ir/hlir.ts";
import { checkHlir } from "../../src/ir/hlir-check.ts";
import { add, axis, dim, int, loopVar, one, subtract, zero } from "../../src/ir/poly.ts";
import { freshBuilder, layersModel, linearModel, modelOf, nowhere } from "./graphs.ts";

const b = freshBuilder();
const [s, pos, l] = [dim("s"), dim("pos"), loopVar("l")];
const x = b.input("x", [s], "f32");
const k = b.state("k", [int(8)], "f32");
const declarations = {
  inputs: [{ name: "x", shape: [s], dtype: "f32" as const, span: nowhere }],
  states: [{ name: "k", shape: [int(8)], dtype: "f32" as const, init: 0, span: nowhere }],
  loops: new Map([["l", { low: zero, high: int(2) }]]),
};

function problemsOf(h: Hlir): string[] {
  try {
    checkHlir(h, "test");
    return [];
  } catch (e) {
    if (!(e instanceof CompileError)) throw e;
    for (const d of e.diagnostics) expect(d.code).toBe("LUM3001");
    return e.diagnostics.map((d) => d.message);
  }
}

const ofOutput = (y: Node) => problemsOf(modelOf({ ...declarations, outputs: { y } }));
const forged = (n: Node, changes: Partial<Node>): Node => ({ ...n, ...changes });

describe("good graphs pass", () => {
  test("a linear layer", () => expect(problemsOf(linearModel())).toEqual([]));
  test("a loop with a state", () => expect(problemsOf(layersModel())).toEqual([]));

  test("an access that is inside because the domain is empty where it would not be", () => {
    const n = dim("n");
    const h = modelOf({
      outputs: { y: b.view(b.input("z", [n], "f32"), [n], [subtract(n, one)]) },
      inputs: [{ name: "z", shape: [n], dtype: "f32", span: nowhere }],
    });
    const dims = new Map(h.bounds.dims).set("n", { low: zero, high: int(4) });
    expect(problemsOf({ ...h, bounds: { ...h.bounds, dims } })).toEqual([]);
  });
});

describe("accesses", () => {
  const accesses: readonly [string, Node, RegExp][] = [
    ["one past the end", b.view(x, [s], [add(axis(0), one)]), /index a0 \+ 1 may be outside of 0\.\.s/],
    ["before the start", b.view(x, [s], [subtract(axis(0), one)]), /a0 - 1 may be outside/],
    ["an axis that is not there", b.view(x, [s], [axis(1)]), /a1 in a1 is no axis/],
    ["a dim that is not there", b.view(x, [dim("q")], [axis(0)]), /q in q is no dim/],
    ["a loop that is not around", b.view(x, [s], [l]), /l in l is no loop/],
    ["a polynomial of a gather", gathered(add(pos, s)), /index pos \+ s may be outside/],
  ];
  function gathered(p: ReturnType<typeof add>): Node {
    const table = b.view(x, [int(4), s], [axis(1)]);
    return b.gather(table, [b.iota(axis(0), [s])], [s], [{ operand: 0 }, p]);
  }
  test.each(accesses)("%s", (_, y, message) => expect(ofOutput(y).join("\n")).toMatch(message));

  test("a fill allows any index", () =>
    expect(ofOutput(b.view(x, [s], [subtract(axis(0), one)], 0))).toEqual([]));

  test("an index of floats", () => {
    const y = b.gather(x, [x], [s], [{ operand: 0 }]);
    expect(ofOutput(y).join()).toMatch(/an index is f32/);
  });
});

describe("types", () => {
  const sum = b.reduce("sum", x, [0]);
  const wrong: readonly [string, Node, RegExp][] = [
    ["a result type", forged(b.unary("exp", x), { dtype: "f64" }), /exp of f32 gives f32/],
    ["an operand's shape", forged(b.unary("exp", x), { shape: [int(4)] }), /an operand is f32\[s\]/],
    ["a reduced shape", forged(sum, { shape: [s] }), /an operand is f32\[s\]/],
    ["reduced axes", forged(sum, { op: { kind: "reduce", fn: "sum", axes: [0, 0] } }), /not ascending/],
    ["an unknown operation", forged(b.unary("exp", x), { op: { kind: "unary", fn: "gamma" } }), /registered/],
    ["an undeclared input", b.input("y", [s], "f32"), /no such input/],
    ["an input's type", b.input("x", [s], "i32"), /declared as f32\[s\]/],
    ["too many of top-k", b.topk(x, int(9)), /more values are asked for/],
    ["data", forged(b.data([1, 2], [int(2)], "f32"), { shape: [int(3)] }), /2 values for f32\[3\]/],
    ["a size below 0", b.full(1, [subtract(pos, int(1))], "f32"), /the size pos - 1 may be negative/],
    ["half a bitcast", b.bitcast(x, "i64"), /differ in size/],
    ["arithmetic in f16", forged(b.unary("exp", b.cast(x, "f16")), {}), /exp does not take f16/],
  ];
  test.each(wrong)("%s", (_, y, message) => expect(ofOutput(y).join("\n")).toMatch(message));

  test("the message names the step and prints the node", () => {
    const [message] = ofOutput(forged(b.unary("exp", x), { dtype: "f64", name: "y" }));
    expect(message).toContain('the step "test"');
    expect(message).toContain("%1 = exp %0 : f64[s]  // y");
  });
});

describe("order and loops", () => {
  test("an operand made later", () => {
    const early = forged(b.unary("exp", x), { id: -1 });
    expect(ofOutput(early).join()).toMatch(/made after it/);
  });

  const carried = (result: (h: Node) => Node, start: Node = x) => {
    const h = b.param("l", 0, x);
    return b.loop({ variable: "l", low: zero, high: int(3), params: [h], results: [result(h)] }, [start])[0];
  };
  test("a carried value that changes its type", () =>
    expect(ofOutput(carried((h) => b.cast(h, "f16"))).join()).toMatch(/ends an iteration as f16/));
  test("a carried value that starts as another", () =>
    expect(ofOutput(carried((h) => b.unary("exp", h), b.cast(x, "f64"))).join()).toMatch(/starts as f64/));
  test("a value that leaves its loop", () =>
    expect(ofOutput(b.unary("exp", b.param("l", 0, x))).join()).toMatch(/outside of its loop/));
  test("a loop over another range than its variable's", () => {
    const h = b.param("l", 0, x);
    const loop = { variable: "l", low: zero, high: int(5), params: [h], results: [b.unary("exp", h)] };
    expect(ofOutput(b.loop(loop, [x])[0]).join()).toMatch(/another range/);
  });
});

describe("states", () => {
  const at = [add(pos, axis(0))];
  const first = b.update(k, x, [], at);
  const withWrites = (outputs: Record<string, Node>, ...writes: Node[]) =>
    problemsOf(modelOf({ ...declarations, outputs, writes }));

  test("one version after the other", () => {
    const second = b.update(first, b.unary("exp", x), [], at);
    expect(withWrites({ y: b.view(first, [s], at) }, second)).toEqual([]);
  });
  test("two writers of one version", () => {
    const other = b.update(k, b.unary("exp", x), [], at);
    expect(withWrites({ y: b.view(other, [s], at) }, first).join()).toMatch(/second writer/);
  });
  test("a version after the last", () => {
    const second = b.update(first, b.unary("exp", x), [], at);
    expect(withWrites({ y: b.view(second, [s], at) }, first).join()).toMatch(/later version/);
  });
  test("a write past the end", () => {
    const far = b.update(k, x, [], [add(pos, axis(0), one)]);
    expect(withWrites({}, far).join()).toMatch(/pos \+ 1 may be outside of 0\.\.8/);
  });
  test("a write of another type", () =>
    expect(withWrites({}, b.update(k, b.cast(x, "f16"), [], at)).join()).toMatch(/writes f16 into f32/));
  test("a write inside of a loop that does not carry the state", () => {
    const h = b.param("l", 0, x);
    const inner = b.update(k, h, [], at);
    const loop = { variable: "l", low: zero, high: int(3), params: [h], results: [b.view(inner, [s], at)] };
    expect(ofOutput(b.loop(loop, [x])[0]).join()).toMatch(/which the loop around does not carry/);
  });
});
