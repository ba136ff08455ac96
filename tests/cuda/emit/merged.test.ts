/** Kernels of several products against the interpreter, run by the SIMT layer with every access watched. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import type { Kernel } from "../../../src/ir/kernel.ts";
import { checkPlan } from "../../../src/ir/plan-check.ts";
import { initialStates, interpret } from "../../../src/lower/interpret.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { type MergedCase, mergedCases, mergedPlan } from "../../emit/merged-cases.ts";
import { randomInputs, randomWeights } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { cudaWriter } from "./writer.ts";

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const kernels = new Map<string, readonly Kernel[]>();

beforeAll(() => {
  for (const c of mergedCases) {
    const h = hlirFromText(c);
    const p = mergedPlan(h);
    checkPlan(p, "plan");
    const program = scheduleCuda(p);
    models.set(c.name, h);
    kernels.set(c.name, program.kernels);
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test.each(mergedCases.map((c): [string, MergedCase] => [c.name, c]))("%s", (name, c) => {
  const [kernel] = kernels.get(name)!.flatMap((k) => k.body.filter((s) => s.kind === "merged"));
  expect(kernel?.kind === "merged" ? kernel.parts.length : 0).toBe(c.products);
  const h = models.get(name)!;
  const { dims } = c;
  const [entry] = h.entries;
  const weights = randomWeights(h, dims);
  const [wanted, got] = [initialStates(h), initialStates(h)];
  const inputs = randomInputs(entry, dims, { seed: 5, below: 4 });
  const reference = interpret(h, entry.name, { dims, inputs, weights, states: wanted });
  const answer = bundle.run(name, entry.name, { dims, inputs, weights, states: got });
  for (const [o, value] of Object.entries(reference.outputs))
    expectClose(o, answer.outputs[o], value, c.tolerance ?? 1e-4);
  for (const [s, value] of wanted) expectClose(s, got.get(s)!, value, c.tolerance ?? 1e-4);
});

test("all engines have products beside each other", () => {
  const engines = [...kernels.values()].flatMap((list) =>
    list.flatMap((k) => (k.body.some((s) => s.kind === "merged") ? (k.launch?.tiling?.engine ?? []) : [])),
  );
  expect([...new Set(engines)].sort()).toEqual(["fma", "mma", "skinny"]);
});
