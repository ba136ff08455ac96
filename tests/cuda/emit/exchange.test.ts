/**
 * Reads across what is written, by tiles in shared memory: every type, odd sizes, axes around, and where they are not worth it.
 * Run by the SIMT layer with every access watched, against the interpreter.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { kernelTexts } from "../../../src/emit/cuda/kernel-texts.ts";
import type { Hlir } from "../../../src/ir/hlir.ts";
import { initialStates, interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { randomInputs } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { type ExchangeCase, exchangeCases } from "./exchange-cases.ts";
import { cudaWriter } from "./writer.ts";

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const texts = new Map<string, string>();

beforeAll(() => {
  for (const c of exchangeCases) {
    const h = hlirFromText(c);
    const program = scheduleCuda(plan(h, { search: "direct" }));
    models.set(c.name, h);
    texts.set(
      c.name,
      kernelTexts(program)
        .texts.map((t) => t.text)
        .join("\n"),
    );
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test.each(exchangeCases.map((c): [string, ExchangeCase] => [c.name, c]))("%s", (name, { dims, tiles }) => {
  const h = models.get(name)!;
  const [entry] = h.entries;
  const inputs = randomInputs(entry, dims, { seed: 17, below: 4 });
  const [wanted, got] = [initialStates(h), initialStates(h)];
  const reference = interpret(h, entry.name, { dims, inputs, states: wanted });
  const answer = bundle.run(name, entry.name, { dims, inputs, states: got });
  for (const [o, value] of Object.entries(reference.outputs))
    expectClose(o, answer.outputs[o], value, value.dtype === "f32" ? 1e-4 : 1e-2);
  for (const [s, value] of wanted) expectClose(s, got.get(s)!, value, value.dtype === "f32" ? 1e-4 : 1e-2);

  const text = texts.get(name)!;
  expect([...text.matchAll(/\* const (\w+)_tile(?:_\d+)? =/g)].map((m) => m[1])).toEqual(tiles);
});
