/**
 * Candidates from all over the space that the search has for a GPU, cuts of products and splits of keys among them: run
 * by the SIMT layer with every access watched, each gives what the interpreter gives.
 */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { isKeySplit, isProductCut } from "../../../src/ir/cuts.ts";
import { elaborate } from "../../../src/lower/elaborate/elaborate.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { cudaMachine } from "../../../src/search/cost-cuda.ts";
import { cudaArchOf, defaultCudaArch } from "../../../src/targets/cuda.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { isLong, recordLongRun, tries } from "../../long-run.ts";
import { compare, type Lowered } from "../../random/batch.ts";
import { randomProgram } from "../../random/programs.ts";
import {
  differenceFrom,
  type Example,
  exampleHlir,
  examples,
  references,
} from "../../search/legality/examples.ts";
import { candidatesOf, type Sampled, type Target } from "../../search/legality/sample.ts";
import { cudaWriter } from "./writer.ts";

const perExample = tries(2, 16);
const programs = tries(6, 200);
const perProgram = tries(1, 2);
const perUnit = { example: 8, program: 25 };
const level = "-O0";
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
  ["convnet", named("convnet")],
  ["gpt", named("gpt", keys)],
  ["llama in bf16", { ...named("llama", { ...keys, T: "bf16" }), tolerance: 4e-2 }],
  ["bert", named("bert")],
];

const ran = new Map<string, number>();
/** Candidates with a kernel of each family, and by each way of cutting one. */
const families = new Map<string, number>();

function note(name: string, list: readonly Pick<Sampled, "families">[]): void {
  ran.set(name, list.length);
  for (const c of list) for (const f of c.families) families.set(f, (families.get(f) ?? 0) + 1);
}

test.each(cases)(
  "candidates of %s",
  async (name, e) => {
    const hlir = exampleHlir(e);
    const candidates = await candidatesOf(hlir, perExample, seed, target);
    const wanted = references(e, hlir);
    const wrong: string[] = [];
    for (let at = 0; at < candidates.length; at += perUnit.example) {
      const part = candidates.slice(at, at + perUnit.example);
      const bundle = new Bundle(cudaWriter({ checked: true }));
      try {
        for (const [i, c] of part.entries()) bundle.add(String(i), c.llir);
        bundle.compile({ level });
        for (const [i, c] of part.entries()) {
          const difference = differenceFrom(e, hlir, wanted, bundle, String(i));
          if (difference !== undefined) wrong.push(`${difference} after ${c.steps.join("; ")}`);
        }
      } finally {
        bundle.remove();
      }
    }
    expect(wrong).toEqual([]);
    expect(candidates.length).toBeGreaterThanOrEqual(2);
    note(name, candidates);
  },
  3_600_000,
);

test(`candidates of ${programs} random programs`, async () => {
  const all: (Lowered & Pick<Sampled, "steps" | "families">)[] = [];
  for (const [i, program] of fc.sample(randomProgram, { numRuns: programs, seed }).entries()) {
    const { hlir } = elaborate({ path: "random.lum", text: program.text });
    if (hlir === undefined) throw new Error(`not a program:\n${program.text}`);
    const found = await candidatesOf(hlir, perProgram, 1000 * seed + i, target);
    for (const c of found) all.push({ ...c, program, hlir });
  }
  const wrong: string[] = [];
  for (let at = 0; at < all.length; at += perUnit.program) {
    const part = all.slice(at, at + perUnit.program);
    for (const f of compare(part, level, cudaWriter({ checked: true }))) {
      const steps = part.filter((c) => c.program === f.program).map((c) => c.steps.join("; "));
      wrong.push(`${f.stage}: ${f.message}\n${f.program.text}\n${steps.join("\nor ")}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(all.length).toBeGreaterThan(programs * perProgram * 0.5);
  note("random programs", all);
}, 3_600_000);

afterAll(() => {
  const all = [...families.keys()].map((f) => f.replace(/^\w+ (by|with) /, ""));
  expect(all.some(isProductCut)).toBe(true);
  if (isLong) expect(all.some(isKeySplit)).toBe(true);
});

recordLongRun("candidates for CUDA", () => ({
  seed,
  programs,
  candidates: Object.fromEntries(ran),
  total: [...ran.values()].reduce((a, b) => a + b, 0),
  families: Object.fromEntries([...families].sort()),
}));
