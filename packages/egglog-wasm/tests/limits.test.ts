import { expect, test } from "vitest";
import type { EgglogError, RunResult } from "../dist/index.js";
import { ofKind, open, outputs, program, unwrap } from "./open.ts";

// Grows without end: every term makes a larger one.
const GROW = `
(datatype N (Z) (S N) (P N N))
(rule ((= x (S y))) ((S x) (P x y)) :name "grow")
(rule ((= x (P a b)) (= y (S c))) ((P x y) (P y x)) :name "explode")
(S (Z))`;
const FOREVER = "(run-schedule (saturate (run)))";

function errorOf(result: RunResult): EgglogError {
  if (result.ok) throw new Error("the run should have stopped");
  return result.error;
}

test("a node limit stops the run, says where, and the e-graph can be read and run on", () => {
  const g = open();
  outputs(g.run(GROW));
  const stopped = g.run(`; a comment\n  ${FOREVER}`, { limits: { nodes: 1000 } });
  expect(errorOf(stopped)).toMatchObject({ kind: "limit", limit: "nodes", line: 2 });
  expect(errorOf(stopped).rolledBack).toBeUndefined();
  const [report] = ofKind(stopped.outputs, "run");
  expect(report.stopped).toBe("nodes");
  expect(report.steps.at(-1)?.tuples).toBe(g.tuples);
  expect(g.tuples).toBeGreaterThan(1000);
  expect(unwrap(g.arrays()).arrays.nodeOp.length).toBeGreaterThan(1000);
  expect(unwrap(g.check("(S (Z))")).holds).toBe(true);
  outputs(g.run("(P (Z) (Z))"));
});

test("commands after a limit are not run", () => {
  const g = open({ limits: { nodes: 100 } });
  const result = g.run(`${GROW} ${FOREVER} (S (S (S (S (S (Z))))))`);
  expect(errorOf(result).limit).toBe("nodes");
  expect(result.commands).toBe(4);
});

test("a time limit stops the run", () => {
  const g = open();
  outputs(g.run(GROW));
  expect(errorOf(g.run(FOREVER, { limits: { timeMs: 30 } }))).toMatchObject({ kind: "limit", limit: "time" });
  expect(g.tuples).toBeGreaterThan(1);
  expect(unwrap(g.check("(S (Z))")).holds).toBe(true);
});

test("one endless iteration is cut off and undone", () => {
  const g = open();
  // 60 values, five free variables: one iteration of 777 million matches.
  const facts = Array.from({ length: 60 }, (_, i) => `(r ${i})`).join(" ");
  outputs(g.run(`(relation r (i64)) (relation out (i64)) ${facts}`));
  const before = unwrap(g.serialize()).json;
  outputs(g.run("(rule ((r a) (r b) (r c) (r d) (r e)) ((out (+ a (+ b (+ c (+ d e)))))))"));
  const error = errorOf(g.run("(run 1)", { limits: { timeMs: 50 } }));
  expect(error).toMatchObject({ kind: "limit", limit: "time", rolledBack: true, line: 1, column: 1 });
  expect(unwrap(g.serialize()).json).toBe(before);
  outputs(g.run("(r 60)"));
});

test("a soft memory limit stops between iterations", () => {
  const g = open({ limits: { memoryBytes: 4 << 20 } });
  outputs(g.run(GROW));
  const result = g.run(FOREVER);
  expect(errorOf(result)).toMatchObject({ kind: "limit", limit: "memory" });
  expect(g.memoryBytes).toBeGreaterThan(4 << 20);
  expect(unwrap(g.check("(S (Z))")).holds).toBe(true);
});

test("what exceeds the hard maximum is undone, and the e-graph can be read", () => {
  const g = open({ maxMemoryBytes: 24 << 20 });
  outputs(g.run(GROW));
  const result = g.run(FOREVER);
  expect(errorOf(result)).toMatchObject({ kind: "limit", limit: "memory", rolledBack: true });
  expect(errorOf(result).message).toContain("memory is full");
  expect(unwrap(g.check("(S (Z))")).holds).toBe(true);
  expect(g.tuples).toBeGreaterThan(0);
  outputs(g.run("(S (Z))"));
});

test("without recovery a full memory loses the e-graph, and says so ever after", () => {
  const g = open({ maxMemoryBytes: 24 << 20, recover: false });
  outputs(g.run(GROW));
  expect(errorOf(g.run(FOREVER)).lost).toBe(true);
  expect(errorOf(g.run("(S (Z))")).lost).toBe(true);
  expect(g.arrays().ok).toBe(false);
  g.dispose();
  outputs(open().run(program("math")));
});

test("shouldStop cancels", () => {
  const g = open();
  outputs(g.run(GROW));
  let asked = 0;
  const result = g.run(FOREVER, { shouldStop: () => ++asked > 3 });
  expect(errorOf(result)).toMatchObject({ kind: "limit", limit: "cancelled" });
});

test("a cut-off call keeps the outputs of the commands before it", () => {
  const g = open({ maxMemoryBytes: 24 << 20 });
  const result = g.run(`${GROW} (print-size S) ${FOREVER}`);
  expect(errorOf(result).rolledBack).toBe(true);
  const kept = result.outputs.map(({ kind }) => kind);
  // The last checkpoint may be older than the command before the failure.
  expect(kept.length === 0 || kept[0] === "print-size").toBe(true);
  expect(result.commands).toBeLessThanOrEqual(5);
});
