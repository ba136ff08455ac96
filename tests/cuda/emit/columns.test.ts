/**
 * Folds of columns, whose neighbours are neighbours in memory: every type, odd sizes, axes around, and in parts. Run by
 * the SIMT layer with every access watched, against the interpreter, twice: the same bits.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import type { Kernel } from "../../../src/ir/kernel.ts";
import { initialStates, interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { randomInputs } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { type ColumnCase, columnCases, columnHead } from "./column-cases.ts";
import { cudaWriter } from "./writer.ts";

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const kernels = new Map<string, readonly Kernel[]>();

beforeAll(() => {
  for (const c of columnCases) {
    const h = hlirFromText({ ...c, head: columnHead });
    const program = scheduleCuda(plan(h, { search: "direct" }));
    models.set(c.name, h);
    kernels.set(c.name, program.kernels);
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test.each(columnCases.map((c): [string, ColumnCase] => [c.name, c]))("%s", (name, c) => {
  const h = models.get(name)!;
  const { dims } = c;
  const [entry] = h.entries;
  const inputs = randomInputs(entry, dims, { seed: 17, below: 4 });
  const [wanted, got] = [initialStates(h), initialStates(h)];
  const reference = interpret(h, entry.name, { dims, inputs, states: wanted });
  const answer = bundle.run(name, entry.name, { dims, inputs, states: got });
  for (const [o, value] of Object.entries(reference.outputs))
    expectClose(o, answer.outputs[o], value, value.dtype === "f32" ? 1e-4 : 1e-2);
  for (const [s, value] of wanted) expectClose(s, got.get(s)!, value, value.dtype === "f32" ? 1e-4 : 1e-2);

  const again = bundle.run(name, entry.name, { dims, inputs, states: initialStates(h) });
  for (const o of Object.keys(reference.outputs))
    expect([...again.outputs[o].data]).toEqual([...answer.outputs[o].data]);

  const found = kernels
    .get(name)!
    .filter((k) => k.body.some((s) => s.kind === "loop" && s.how === "columns"));
  expect(found.map((k) => k.name)).toEqual(c.kernels);
});
