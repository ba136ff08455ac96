/** Emitted kernels, compiled and run, against the interpreter. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hlir } from "../../src/ir/hlir.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { directPlan } from "../../src/lower/direct/direct.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { plan } from "../../src/lower/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { borderCases } from "./border-cases.ts";
import { concatCases } from "./concat-cases.ts";
import { hlirFromText } from "./from-text.ts";
import { gatherCases } from "./gather-cases.ts";
import { type KernelCase, kernelCases } from "./kernel-cases.ts";
import { randomInputs, randomWeights } from "./random-tensors.ts";
import { Bundle } from "./run-kernels.ts";

const cases = [...kernelCases, ...borderCases, ...gatherCases, ...concatCases].filter(({ name }) =>
  name.includes(process.env.CASE ?? ""),
);
const bundle = new Bundle();
const models = new Map<string, Hlir>();

const outside: KernelCase = {
  name: "indices outside",
  body: "state c: f32[4, 2]\ninput t: i32[3], e: f32[5, 2]\nc[t[i], j] := 1.0\noutput y[i, d] = e[t[i], d]",
};

const outsideProduct: KernelCase = {
  name: "rows outside",
  body: "input t: i32[4], e: f32[5, 24], p: f32[24, 10]\noutput y[i, f] = sum(d) e[t[i], d] * p[d, f]",
};

beforeAll(() => {
  for (const c of [...cases, outside, outsideProduct]) {
    const h = hlirFromText(c);
    const p = c.policy === undefined ? plan(h, { search: "direct" }) : directPlan(h, c.policy);
    checkPlan(p, "plan");
    const program = schedule(p);
    checkLlir(program, "schedule");
    models.set(c.name, h);
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test.each(cases.map((c): [string, KernelCase] => [c.name, c]))("%s", (name, c) => {
  const h = models.get(name)!;
  const dims = c.dims ?? {};
  const entry = h.entries[0];
  const weights = randomWeights(h, dims);
  const [wanted, got] = [initialStates(h), initialStates(h)];
  for (let call = 0; call < (c.calls ?? 1); call++) {
    const inputs = randomInputs(entry, dims, { seed: 11 + call, below: c.below ?? 4 });
    const reference = interpret(h, entry.name, { dims, inputs, weights, states: wanted });
    const answer = bundle.run(name, entry.name, { dims, inputs, weights, states: got });
    expect(answer.fault).toBeUndefined();
    for (const [o, value] of Object.entries({ ...reference.outputs, ...reference.taps }))
      expectClose(o, answer.outputs[o] ?? answer.taps[o], value, c.tolerance ?? 1e-4);
    for (const [s, value] of wanted) expectClose(s, got.get(s)!, value, c.tolerance ?? 1e-4);
  }
});

test("an index outside is reported, touches nothing, and leaves other rows right", () => {
  const h = models.get(outside.name)!;
  const states = initialStates(h);
  const e = {
    dtype: "f32" as const,
    shape: [5, 2],
    data: Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
  };
  const run = (indices: number[]) => {
    const t = { dtype: "i32" as const, shape: [3], data: Float64Array.from(indices) };
    return bundle.run(outside.name, h.entries[0].name, { dims: {}, inputs: { t, e }, states });
  };
  const answer = run([1, -7, 2_000_000]);
  expect(answer.fault).toMatch(/axis 0: (-7|2000000) of [45]/);
  expect([...states.get("c")!.data]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  expect([...answer.outputs.y.data].slice(0, 2)).toEqual([3, 4]);
  expect(run([3, 0, 1]).fault).toBeUndefined();
});

test("a product of rows that an index outside picks is reported, and leaves other rows right", () => {
  const h = models.get(outsideProduct.name)!;
  const ones = (...shape: number[]) => ({
    dtype: "f32" as const,
    shape,
    data: new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(1),
  });
  const t = { dtype: "i32" as const, shape: [4], data: Float64Array.from([1, 12, -1, 4]) };
  const inputs = { t, e: ones(5, 24), p: ones(24, 10) };
  const answer = bundle.run(outsideProduct.name, h.entries[0].name, { dims: {}, inputs });
  expect(answer.fault).toMatch(/axis 0: (12|-1) of 5/);
  for (const row of [0, 3])
    expect([...answer.outputs.y.data.slice(row * 10, row * 10 + 10)]).toEqual(Array(10).fill(24));
});

function expectClose(
  name: string,
  got: { data: Float64Array; shape: readonly number[] },
  wanted: typeof got,
  tolerance: number,
): void {
  expect(got.shape, name).toEqual(wanted.shape);
  const scale = Math.max(1e-6, ...[...wanted.data].filter(Number.isFinite).map(Math.abs));
  for (const [i, w] of wanted.data.entries()) {
    const g = got.data[i];
    const same =
      Object.is(g, w) ||
      g === w ||
      (Number.isNaN(g) && Number.isNaN(w)) ||
      Math.abs(g - w) <= tolerance * scale;
    if (!same) expect.fail(`${name}[${i}] is ${g}, expected ${w}`);
  }
}
