/** What the refusal of `scan` says to write instead compiles, and computes what the scan would have. */
import { expect, test } from "vitest";
import { elaborate } from "../../src/lower/elaborate/elaborate.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { hlirFromText } from "../emit/from-text.ts";

const body = "scan t in 0..8 with h = 0.0 { emit y[t] = x[t] }\noutput y";
const { diagnostics } = elaborate({
  path: "scan.lum",
  text: `model M {\ninput x: f32[8]\n${body}\n}`,
});
const help = diagnostics[0].help ?? "";

const x = { dtype: "f32" as const, shape: [8], data: Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8]) };
const a = { ...x, data: x.data.map((v) => v / 2) };

function outputOf(statements: string): number[] {
  const h = hlirFromText({ name: "instead", body: `input x: f32[8], a: f32[8]\n${statements}` });
  const { outputs } = interpret(h, "forward", { dims: {}, inputs: { x, a }, states: initialStates(h) });
  return [...outputs.y.data];
}

test("the loop that it names carries a value", () => {
  const loop = /for t in .*\}/.exec(help)?.[0];
  expect(loop).toBeDefined();
  const wanted = x.data.reduce((h, v, t) => Math.fround(Math.fround(a.data[t] * h) + v), 0);
  const [last] = outputOf(`h = 0.0 * x[0]\n${loop}\noutput y = h`);
  expect(last).toBeCloseTo(wanted, 1);
});

test("the call that it names is the running sum", () => {
  const call = /cumsum\([^)]*\)/.exec(help)?.[0];
  expect(call).toBeDefined();
  expect(outputOf(`output y = ${call}`)).toEqual([1, 3, 6, 10, 15, 21, 28, 36]);
});
