/**
 * Few long rows in parts, a block's work each: what kernels that becomes, and their answers under the SIMT layer, every
 * access watched, against the interpreter; and the same bits in every call.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import type { Kernel } from "../../../src/ir/kernel.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { conversion, type Tensor } from "../../../src/lower/tensor.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { randomInputs } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { type LongRowCase, longRowCases, longRowHead } from "./long-row-cases.ts";
import { cudaWriter } from "./writer.ts";

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const kernels = new Map<string, readonly Kernel[]>();

beforeAll(() => {
  for (const c of longRowCases) {
    const h = hlirFromText({ ...c, head: longRowHead });
    const program = scheduleCuda(plan(h, { search: "direct" }));
    models.set(c.name, h);
    kernels.set(c.name, program.kernels);
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

function inputsOf(h: Hlir, { dims, fill }: LongRowCase): Record<string, Tensor> {
  const inputs = randomInputs(h.entries[0], dims, { seed: 5, below: 1000 });
  if (fill === undefined) return inputs;
  const round = conversion("f64", inputs.x.dtype);
  const data = inputs.x.data.map((_, i, all) => round(fill(i, all.length)));
  return { ...inputs, x: { ...inputs.x, data } };
}

test.each(longRowCases.map((c): [string, LongRowCase] => [c.name, c]))("%s", (name, c) => {
  const h = models.get(name)!;
  const made = kernels.get(name)!;
  expect(made.map((k) => k.name)).toEqual(c.kernels);
  expect(made[0].launch!.blocks).toBeGreaterThan(8);
  const inputs = inputsOf(h, c);
  const wanted = interpret(h, "forward", { dims: c.dims, inputs }).outputs.y;
  const once = bundle.run(name, "forward", { dims: c.dims, inputs }).outputs.y;
  const exact = wanted.dtype === "i32" || wanted.dtype === "i64";
  expectClose("y", once, wanted, exact ? 0 : wanted.dtype === "f32" ? 1e-4 : 1e-2);
  const again = bundle.run(name, "forward", { dims: c.dims, inputs }).outputs.y;
  expect([...again.data]).toEqual([...once.data]);
});
