import { expect, test } from "vitest";
import type { EGraph } from "../dist/index.js";
import { open, outputs, program, unwrap } from "./open.ts";

const START = `${program("math")}(run algebra 1)`;

function snapshot(g: EGraph): string {
  return unwrap(g.serialize()).json;
}

test("pop undoes what came after push", () => {
  const g = open();
  outputs(g.run(START));
  const before = snapshot(g);
  outputs(g.push());
  outputs(g.run("(run algebra 2)"));
  expect(snapshot(g)).not.toBe(before);
  outputs(g.pop());
  expect(snapshot(g)).toBe(before);
  const error = g.pop();
  expect(error.ok ? "" : error.error.message).toContain("pop");
});

test("a clone goes its own way", () => {
  const g = open();
  outputs(g.run(START));
  const before = snapshot(g);
  const copy = g.clone();
  expect(snapshot(copy)).toBe(before);
  outputs(copy.run("(union $e (Num 0)) (run algebra 1)"));
  expect(snapshot(g)).toBe(before);
  g.dispose();
  expect(unwrap(copy.check("(= $e (Num 0))")).holds).toBe(true);
});

test("equal input gives equal output, in a new instance and in a used one", () => {
  const runs = Array.from({ length: 4 }, () => {
    const g = open();
    outputs(g.run(START));
    const { arrays } = unwrap(g.arrays());
    const text = [
      snapshot(g),
      String(unwrap(g.extract("$e")).cost),
      arrays.nodeOp.join(),
      arrays.classId.join(),
    ].join("\n");
    g.dispose();
    return text;
  });
  expect(new Set(runs).size).toBe(1);
});

test("a reused instance has nothing of its former life", () => {
  const first = open();
  outputs(first.run(START));
  first.dispose();
  const second = open();
  const missing = second.run("(extract $e)");
  expect(missing.ok ? undefined : missing.error.kind).toBe("type");
  expect(second.tuples).toBe(0);
});

test("after dispose every call throws, and dispose does nothing", () => {
  const g = open();
  g.dispose();
  g.dispose();
  expect(() => g.run("")).toThrow("disposed");
  expect(() => g.arrays()).toThrow("disposed");
});

test("using disposes", () => {
  let kept: EGraph;
  {
    using g = open();
    kept = g;
  }
  expect(() => kept.tuples).toThrow("disposed");
});

test("a thousand e-graphs one after another do not grow the process", () => {
  const cycle = (): void => {
    const g = open();
    outputs(g.run(START));
    g.dispose();
  };
  for (let i = 0; i < 100; i++) cycle();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 1000; i++) cycle();
  // An e-graph takes about a megabyte, so a thousand that were kept would take a gigabyte.
  expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
});
