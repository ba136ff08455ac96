/**
 * The greatest of rows and their places under the SIMT layer, every access watched, against the interpreter: exactly
 * the same, the same in every call, and cut into the blocks that the cost model promises something of.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import type { Kernel } from "../../../src/ir/kernel.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { conversion } from "../../../src/lower/tensor.ts";
import { cudaArchs } from "../../../src/targets/cuda.ts";
import { selectionParts, selectionSeconds } from "../../../src/targets/selection-cost.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { randomInputs } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { type SelectionCase, selectionCases } from "./selection-cases.ts";
import { cudaWriter } from "./writer.ts";

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const kernels = new Map<string, readonly Kernel[]>();

beforeAll(() => {
  for (const c of selectionCases) {
    const body = `${c.x}\n${c.z ?? ""}\nv, i = ${c.call}\noutput a = v\noutput b = i`;
    const h = hlirFromText({ name: c.name, body });
    const program = scheduleCuda(plan(h, { search: "direct" }));
    models.set(c.name, h);
    kernels.set(c.name, program.kernels);
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test.each(selectionCases.map((c): [string, SelectionCase] => [c.name, c]))("%s", (name, c) => {
  const h = models.get(name)!;
  const launches = kernels.get(name)!.flatMap((k) => (k.family === "topk" ? [k.launch!] : []));
  expect(launches.map((l) => `${l.blocks} x ${l.threads}`)).toEqual(c.launches);
  const dims = c.dims ?? {};
  const inputs = randomInputs(h.entries[0], dims, { seed: 5, below: 1000 });
  if (c.fill !== undefined) {
    const round = conversion("f64", inputs.x.dtype);
    inputs.x = { ...inputs.x, data: inputs.x.data.map((_, i) => round(c.fill!(i))) };
  }
  const wanted = interpret(h, "forward", { dims, inputs }).outputs;
  for (let call = 0; call < 2; call++) {
    const got = bundle.run(name, "forward", { dims, inputs });
    expect(got.fault).toBeUndefined();
    expect([...got.outputs.b.data]).toEqual([...wanted.b.data]);
    expect([...got.outputs.a.data]).toEqual([...wanted.a.data]);
  }
});

describe.each(cudaArchs.map((a) => [a.name, a] as const))("%s", (_, arch) => {
  test("candidates of a vocabulary have several blocks, short rows and large shares one", () => {
    const work = { rows: 1, terms: 128256, count: 40, bytes: 4 };
    const parts = selectionParts(work, arch);
    expect(parts).toBeGreaterThanOrEqual(16);
    expect(selectionSeconds(work, parts, arch)).toBeLessThan(selectionSeconds(work, 1, arch) / 2);
    expect(selectionParts({ ...work, rows: 4096 }, arch)).toBe(1);
    expect(selectionParts({ ...work, terms: 4000 }, arch)).toBe(1);
    expect(selectionParts({ ...work, count: 40000 }, arch)).toBe(1);
  });
});
