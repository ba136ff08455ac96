/** Emitted CUDA kernels, run by the SIMT layer with every access watched, against the interpreter. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import { checkPlan } from "../../../src/ir/plan-check.ts";
import { directPlan } from "../../../src/lower/direct/direct.ts";
import { initialStates, interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { gatherCases } from "../../emit/gather-cases.ts";
import { type KernelCase, kernelCases } from "../../emit/kernel-cases.ts";
import { randomInputs, randomWeights } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { cudaWriter } from "./writer.ts";

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();

const only = process.env.CASE;
const cases = [...kernelCases, ...gatherCases].filter((c) => only === undefined || c.name.includes(only));

const outside: KernelCase = {
  name: "indices outside",
  body: "state c: f32[4, 2]\ninput t: i32[3], e: f32[5, 2]\nc[t[i], j] := 1.0\noutput y[i, d] = e[t[i], d]",
};

beforeAll(() => {
  for (const c of [...cases, outside]) {
    const h = hlirFromText(c);
    const p = c.policy === undefined ? plan(h, { search: "direct" }) : directPlan(h, c.policy);
    checkPlan(p, "plan");
    models.set(c.name, h);
    bundle.add(c.name, scheduleCuda(p));
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
  const t = { dtype: "i32" as const, shape: [3], data: Float64Array.from([1, -7, 2_000_000]) };
  const answer = bundle.run(outside.name, h.entries[0].name, { dims: {}, inputs: { t, e }, states });
  expect(answer.fault).toMatch(/axis 0: (-7|2000000) of [45]/);
  expect([...states.get("c")!.data]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  expect([...answer.outputs.y.data].slice(0, 2)).toEqual([3, 4]);
});
