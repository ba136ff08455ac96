/**
 * Candidates from all over the space that the search has for a GPU, cuts of products and splits of keys among them: run
 * by the SIMT layer with every access watched, each gives what the interpreter gives.
 */
import { afterAll, expect, test } from "vitest";
import { isKeySplit, isProductCut } from "../../../src/ir/cuts.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { cudaMachine } from "../../../src/search/cost-cuda.ts";
import { cudaArchOf, defaultCudaArch } from "../../../src/targets/cuda.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import {
  differenceFrom,
  type Example,
  exampleHlir,
  examples,
  references,
} from "../../search/legality/examples.ts";
import { candidatesOf, type Target } from "../../search/legality/sample.ts";
import { cudaWriter } from "./writer.ts";

const long = process.env.LUMC_TEST_EFFORT === "long";
const count = long ? 12 : 3;
const seed = Number(process.env.LUMC_TEST_SEED ?? 5);

const target: Target = {
  machine: cudaMachine(cudaArchOf(defaultCudaArch)),
  schedule: (plan) => scheduleCuda(plan),
};

const named = (name: string, set: Example["set"] = {}): Example => {
  const found = examples.find((e) => e.name === name)!;
  return { ...found, set: { ...found.set, ...set } };
};

/** Room for as many keys that they may be in parts. */
const keys = { max_len: 100 };

const cases: readonly (readonly [string, Example])[] = [
  ["mlp", named("mlp")],
  ["gpt", named("gpt", keys)],
  ["llama in bf16", { ...named("llama", { ...keys, T: "bf16" }), tolerance: 4e-2 }],
  ["bert", named("bert")],
];

/** What schedules the kernels of all candidates had. */
const cuts = new Set<string>();

test.each(cases)(
  "candidates of %s",
  async (_, e) => {
    const hlir = exampleHlir(e);
    const candidates = await candidatesOf(hlir, count, seed, target);
    const wanted = references(e, hlir);
    const wrong: string[] = [];
    const bundle = new Bundle(cudaWriter({ checked: true }));
    try {
      for (const [i, c] of candidates.entries()) bundle.add(String(i), c.llir);
      bundle.compile({ level: "-O0" });
      for (const [i, c] of candidates.entries()) {
        const difference = differenceFrom(e, hlir, wanted, bundle, String(i));
        if (difference !== undefined) wrong.push(`${difference} after ${c.steps.join("; ")}`);
        for (const f of c.families) cuts.add(f.replace(/^\w+ (by|with) /, ""));
      }
    } finally {
      bundle.remove();
    }
    expect(wrong).toEqual([]);
    expect(candidates.length).toBeGreaterThanOrEqual(2);
  },
  900_000,
);

afterAll(() => {
  const all = [...cuts];
  expect(all.some(isProductCut)).toBe(true);
  if (long) expect(all.some(isKeySplit)).toBe(true);
});
