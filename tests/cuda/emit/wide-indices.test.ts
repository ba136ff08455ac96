/** Kernels that count in 64 bits, as those of the largest tensors do, at small sizes against the interpreter. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import type { Program } from "../../../src/ir/llir.ts";
import { directPlan } from "../../../src/lower/direct/direct.ts";
import { initialStates, interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { attentionOf, totalsOf } from "../../../src/lower/plan-attention.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { allNodes } from "../../../src/search/encode.ts";
import { attentionCases } from "../../attention/cases.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { type KernelCase, kernelCases } from "../../emit/kernel-cases.ts";
import { mergedCases, mergedPlan } from "../../emit/merged-cases.ts";
import { randomInputs, randomWeights } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { decodeCases } from "./decode-cases.ts";
import { cudaWriter } from "./writer.ts";

/** Cases of every family, which count in 32 bits. */
const names = [
  "chain",
  "turned",
  "padded",
  "reshaped",
  "row sums",
  "column sums",
  "every reduction",
  "softmax",
  "layer norm",
  "matmul",
  "batched matmul",
  "exp factor",
  "matvec",
  "matvec turned",
  "conv",
  "embedding",
  "top k",
  "sort",
  "cumsum",
  "wide integers",
  "half matmul",
  "index values",
  "state scattered",
  "loop over state",
];

const wide = (program: Program): Program => ({
  ...program,
  kernels: program.kernels.map((k) => ({ ...k, launch: { ...k.launch!, index: "i64" } })),
});

const bundle = new Bundle(cudaWriter({ checked: false }));
const models = new Map<string, Hlir>();
const small = new Set<string>();
const ofKernels = names.map((name) => kernelCases.find((c) => c.name === name)!);
const ofAttention = [
  attentionCases[0],
  ...decodeCases.filter((c) => /^(f32|bf16), /.test(c.name)).slice(0, 4),
].map((c): KernelCase => ({ ...c, calls: 1, dims: c.sizes.at(-1)!, below: 2 }));
const cases: readonly KernelCase[] = [...ofKernels, ...mergedCases.slice(0, 5), ...ofAttention];

const planned = (h: Hlir, c: KernelCase): Program => {
  if (ofKernels.includes(c)) return scheduleCuda(plan(h, { search: "direct" }));
  if (mergedCases.some((m) => m === c)) return scheduleCuda(mergedPlan(h));
  const totalOf = totalsOf(allNodes(h));
  return scheduleCuda(directPlan(h, { attention: (n) => attentionOf(n, h.bounds, totalOf) }));
};

beforeAll(() => {
  for (const c of cases) {
    const h = hlirFromText(c);
    const program = planned(h, c);
    if (program.kernels.some((k) => k.launch!.index === "i32")) small.add(c.name);
    models.set(c.name, h);
    bundle.add(c.name, wide(program));
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test.each(cases.map((c): [string, KernelCase] => [c.name, c]))("%s", (name, c) => {
  expect(small).toContain(name);
  const h = models.get(name)!;
  const dims = c.dims ?? {};
  const [entry] = h.entries;
  const weights = randomWeights(h, dims);
  const [wanted, got] = [initialStates(h), initialStates(h)];
  const inputs = randomInputs(entry, dims, { seed: 5, below: c.below ?? 4 });
  const reference = interpret(h, entry.name, { dims, inputs, weights, states: wanted });
  const answer = bundle.run(name, entry.name, { dims, inputs, weights, states: got });
  for (const [o, value] of Object.entries(reference.outputs))
    expectClose(o, answer.outputs[o], value, c.tolerance ?? 1e-4);
  for (const [s, value] of wanted) expectClose(s, got.get(s)!, value, c.tolerance ?? 1e-4);
});
