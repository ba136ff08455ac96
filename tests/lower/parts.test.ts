/** Which parts of a concatenation are written where they belong, and what is left to copy. */
import { expect, test } from "vitest";
import { plan } from "../../src/lower/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { hlirFromText } from "../emit/from-text.ts";

const inputs = "input a: f32[7, 16], b: f32[7, 16], w: f32[16, 24], v: f32[16, 6]";

/** Kernels by family, and the tensors in the arena. */
function made(lines: string): { families: string[]; temporaries: string[] } {
  const h = hlirFromText({ name: "parts", body: `${inputs}\n${lines}` });
  const program = schedule(plan(h, { search: "direct" }));
  const [entry] = program.entries;
  const family = new Map(program.kernels.map((k) => [k.name, k.family]));
  return {
    families: entry.steps.map((s) => (s.kind === "call" ? (family.get(s.kernel) ?? "") : "loop")),
    temporaries: entry.temporaries.map((t) => t.name),
  };
}

const products = ["contraction", "contraction"];

test.each([
  ["columns", "output y = concat(a @ w, tanh(a @ v), axis = -1)"],
  ["rows", "output y = concat(a @ w, max(b @ w, 0), axis = 0)"],
  ["cheap endings", "output y = concat(max(a @ w, 0), max(b @ w, 0), axis = 0)"],
])("products lie in the whole: %s", (_, lines) => {
  expect(made(lines)).toEqual({ families: products, temporaries: [] });
});

test("the whole may be a temporary", () => {
  const { families, temporaries } = made(
    "h = concat(a @ v, b @ v, axis = -1)\noutput y = h @ transpose(h, [1, 0])",
  );
  expect(families).toEqual([...products, "contraction"]);
  expect(temporaries).toEqual(["h"]);
});

test.each([
  [
    "another kernel reads it",
    "p = a @ w\noutput y = concat(p, a @ v, axis = -1)\noutput z = tanh(transpose(p, [1, 0]) @ a)",
  ],
  ["it is a result", "output p = a @ w\noutput y = concat(p, a @ v, axis = -1)"],
])("a part keeps memory of its own where %s", (_, lines) => {
  const { families } = made(lines);
  expect(families).toContain("elementwise");
});

test("only what isn't in place is copied", () => {
  const h = hlirFromText({ name: "parts", body: `${inputs}\noutput y = concat(a, a @ w, axis = -1)` });
  const { kernels } = schedule(plan(h, { search: "direct" }));
  const copy = kernels.find((k) => k.family === "elementwise");
  expect(copy?.params.map((p) => p.name)).toEqual(["a", "y"]);
});
