/** Writes to slices of a state: what is written, and what stays. */
import { expect, test } from "vitest";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { hlirFromText } from "../emit/from-text.ts";

/** The state c, all 9 before, after one call with x = 1, 2, 3, … */
function after(body: string, x: readonly number[], dims: Readonly<Record<string, number>> = {}): number[] {
  const h = hlirFromText({ name: "slices", body: `${body}\noutput y = c` });
  const count = x.reduce((a, b) => a * b, 1);
  const data = Float64Array.from({ length: count }, (_, i) => i + 1);
  const inputs = { x: { dtype: "f32" as const, shape: x, data } };
  const { outputs } = interpret(h, "forward", { dims, inputs, states: initialStates(h) });
  return [...outputs.y.data];
}

const cases: readonly (readonly [string, string, readonly number[], readonly number[]])[] = [
  ["rows", "input x: f32[2, 2]\nstate c: f32[3, 2] = 9\nc[1..3] := x", [2, 2], [9, 9, 1, 2, 3, 4]],
  ["columns", "input x: f32[2, 1]\nstate c: f32[2, 3] = 9\nc[0..2, 1..2] := x", [2, 1], [9, 1, 9, 9, 2, 9]],
  ["one row for all", "input x: f32[2]\nstate c: f32[3, 2] = 9\nc[..2] := x", [2], [1, 2, 1, 2, 9, 9]],
  ["a column", "input x: f32[3]\nstate c: f32[3, 2] = 9\nc[.., 1] := x", [3], [9, 1, 9, 2, 9, 3]],
  [
    "a slice beside an index",
    "input x: f32[2, 2]\nstate c: f32[2, 4] = 9\nc[i, 1..3] := x[i]",
    [2, 2],
    [9, 1, 2, 9, 9, 3, 4, 9],
  ],
];

test.each(cases)("%s", (_, body, shape, wanted) => expect(after(body, shape)).toEqual(wanted));

test("from a position on, of run-time size", () => {
  const body =
    "dim s in 1..4\ndim pos in 0..4 - s\ninput x: f32[s, 1]\nstate c: f32[4, 1] = 9\nc[pos..pos + s] := x";
  expect(after(body, [2, 1], { s: 2, pos: 1 })).toEqual([9, 1, 2, 9]);
});
