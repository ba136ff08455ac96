/** One-pass attention as CUDA kernels, run by the SIMT layer with every access watched, against the interpreter. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import { checkPlan } from "../../../src/ir/plan-check.ts";
import { directPlan } from "../../../src/lower/direct/direct.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { attentionOf, totalsOf } from "../../../src/lower/plan-attention.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { allNodes } from "../../../src/search/encode.ts";
import { type AttentionCase, attentionCases } from "../../attention/cases.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { randomInputs } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { decodeCases } from "./decode-cases.ts";
import { cudaWriter } from "./writer.ts";

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const cases = [...attentionCases, ...decodeCases];
const engines = new Set<string | undefined>();
const kernels = new Map<string, readonly string[]>();

beforeAll(() => {
  for (const c of cases) {
    const h = hlirFromText(c);
    const totalOf = totalsOf(allNodes(h));
    const plan = directPlan(h, { attention: (n) => attentionOf(n, h.bounds, totalOf) });
    checkPlan(plan, "plan");
    const program = scheduleCuda(plan);
    for (const k of program.kernels) engines.add(k.launch?.tiling?.shape.replace(/<.*/, ""));
    kernels.set(
      c.name,
      program.kernels.map((k) => k.name),
    );
    models.set(c.name, h);
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test("with tensor cores and without", () => {
  expect(engines).toContain("lum::MmaAttention");
  expect(engines).toContain("lum::FmaAttention");
});

test("keys of few rows are split where there are many, heads packed where they share", () => {
  const split = (name: string) => kernels.get(name)!.includes("o_parts");
  expect(decodeCases.map((c) => c.name).filter((name) => !split(name))).toEqual(["few keys, in one part"]);
});

test.each(cases.map((c): [string, AttentionCase] => [c.name, c]))("%s", (name, c) => {
  const h = models.get(name)!;
  const entry = h.entries[0];
  for (const [i, dims] of c.sizes.entries()) {
    const inputs = randomInputs(entry, dims, { seed: 5 + i, below: 2 });
    const wanted = interpret(h, entry.name, { dims, inputs }).outputs.o;
    const got = bundle.run(name, entry.name, { dims, inputs }).outputs.o;
    expectClose(`o at ${JSON.stringify(dims)}`, got, wanted, c.tolerance ?? 1e-5);
  }
});
