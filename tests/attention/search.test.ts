/** Attention written out as softmax becomes one kernel: found by rules, without a buffer of scores, right when it is run. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { highest } from "../../src/ir/bounds.ts";
import type { Hlir } from "../../src/ir/hlir.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import type { Plan } from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { constantOf } from "../../src/ir/poly.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { schedule } from "../../src/lower/schedule.ts";
import type { Tensor } from "../../src/lower/tensor.ts";
import { front } from "../../src/pipeline.ts";
import { search } from "../../src/search/search.ts";
import { hlirFromText } from "../emit/from-text.ts";
import { randomInputs, randomWeights } from "../emit/random-tensors.ts";
import { Bundle } from "../emit/run-kernels.ts";
import { attentionsOf } from "./one-pass.ts";

/** Enough for the steps that matter here, which come first. */
const budget = { evaluations: 60 };
/** Here other steps come before: scores that must be found to be a product, sums that may be split by heads. */
const larger = { evaluations: 200 };

type Call = Readonly<Record<string, number>>;
const models: readonly {
  readonly name: string;
  readonly set: Readonly<Record<string, string>>;
  readonly calls: readonly Call[];
  readonly tolerance: number;
}[] = [
  {
    name: "gpt",
    set: { vocab: "40", hidden: "48", layers: "2", heads: "3", max_len: "64" },
    calls: [
      { s: 19, pos: 0 },
      { s: 1, pos: 19 },
      { s: 5, pos: 20 },
    ],
    tolerance: 1e-4,
  },
  {
    name: "llama",
    set: {
      vocab: "40",
      hidden: "48",
      layers: "2",
      heads: "4",
      kv_heads: "2",
      head_dim: "12",
      ffn: "64",
      max_len: "64",
      T: "f32",
    },
    calls: [
      { s: 23, pos: 0 },
      { s: 1, pos: 23 },
      { s: 9, pos: 24 },
    ],
    tolerance: 1e-4,
  },
  {
    name: "bert",
    set: { vocab: "40", hidden: "48", layers: "2", heads: "4", ffn: "64", max_len: "64" },
    calls: [
      { batch: 1, s: 1 },
      { batch: 3, s: 33 },
    ],
    tolerance: 1e-4,
  },
  {
    // Its columns are divided into heads by their numbers.
    name: "whisper-encoder",
    set: { mels: "11", hidden: "48", heads: "4", layers: "2", ffn: "64", max_len: "70" },
    calls: [{ batch: 1 }, { batch: 3 }],
    tolerance: 1e-4,
  },
];

const fixtures = new Map([["whisper-encoder", "fixtures/whisper-encoder/whisper_encoder.lum"]]);

const sourceOf = (name: string) => {
  const path = join(import.meta.dirname, "..", fixtures.get(name) ?? `../examples/${name}/${name}.lum`);
  return { path, text: readFileSync(path, "utf8") };
};

describe("examples, searched", () => {
  const bundle = new Bundle();
  const plans = new Map<string, { hlir: Hlir; plan: Plan }>();

  beforeAll(async () => {
    for (const m of models) {
      const { hlir } = front(sourceOf(m.name), { set: new Map(Object.entries(m.set)) });
      const { plan } = await search(hlir, m.name === "whisper-encoder" ? larger : budget);
      checkPlan(plan, "search");
      const program = schedule(plan);
      checkLlir(program, "schedule");
      plans.set(m.name, { hlir, plan });
      bundle.add(m.name, program);
    }
    bundle.compile();
  }, 600_000);
  afterAll(() => bundle.remove());

  test.each(models.map((m) => [m.name, m] as const))("%s", (name, { calls, tolerance }) => {
    const { hlir, plan } = plans.get(name)!;
    expect(attentionsOf(plan)).toHaveLength(1);
    const entry = hlir.entries[0];
    const weights = randomWeights(hlir, {});
    const [wanted, got] = [initialStates(hlir), initialStates(hlir)];
    for (const [i, dims] of calls.entries()) {
      const inputs = randomInputs(entry, dims, { seed: 3 + i, below: 2 });
      // A sentence of nothing but padding has no mean.
      if (inputs.mask !== undefined)
        inputs.mask.data.forEach((_, at) => at % dims.s === 0 && (inputs.mask.data[at] = 1));
      const reference = interpret(hlir, entry.name, { dims, inputs, weights, states: wanted });
      const answer = bundle.run(name, entry.name, { dims, inputs, weights, states: got });
      for (const [o, value] of Object.entries(reference.outputs))
        expect(distance(answer.outputs[o], value), `${o} ${JSON.stringify(dims)}`).toBeLessThan(tolerance);
    }
  });
});

/** The largest difference as a share of the largest value. */
function distance(got: Tensor, wanted: Tensor): number {
  let [worst, largest] = [0, 1e-6];
  for (const [i, w] of wanted.data.entries()) {
    if (!Number.isFinite(w) || !Number.isFinite(got.data[i])) return Infinity;
    worst = Math.max(worst, Math.abs(w - got.data[i]));
    largest = Math.max(largest, Math.abs(w));
  }
  return worst / largest;
}

test("written out in index notation it is one kernel", async () => {
  const h = hlirFromText({
    name: "written out",
    body: [
      "dim s in 1..8192",
      "input q: f32[s, 4, 64], k: f32[s, 4, 64], v: f32[s, 4, 64]",
      "score[h, i, j] = where(j <= i, 0.125 * sum(c) q[i, h, c] * k[j, h, c], -inf)",
      "m[h, i] = max(j) score[h, i, j]",
      "e[h, i, j] = exp(score[h, i, j] - m[h, i])",
      "p[h, i, j] = e[h, i, j] / sum(n) e[h, i, n]",
      "output o[i, h, c] = sum(j) p[h, i, j] * v[j, h, c]",
    ].join("\n"),
  });
  const { plan } = await search(h, budget);
  expect(plan.entries[0].body).toHaveLength(1);
  expect(attentionsOf(plan)).toHaveLength(1);
  expect(schedule(plan).arenaBytes).toBe(0);
});

test.each([
  ["read by quotient and remainder", "v[j, o / 64, o % 64]", "v: f32[s, 4, 64]"],
  ["read where they lie", "v[j, o]", "v: f32[s, 256]"],
])("heads that columns are divided into, %s", async (_, value, input) => {
  const h = hlirFromText({
    name: "columns",
    body: [
      "dim s in 1..8192",
      `input q: f32[s, 256], k: f32[s, 256], ${input}`,
      "weight w: f32[256, 256]",
      "score[h in 0..4, i, j] = 0.125 * sum(c in 0..64) q[i, h * 64 + c] * k[j, h * 64 + c]",
      "e[h, i, j] = exp(score[h, i, j] - max(n) score[h, i, n])",
      "p[h, i, j] = e[h, i, j] / sum(n) e[h, i, n]",
      `y[i, o in 0..256] = sum(j) p[o / 64, i, j] * ${value}`,
      "output z[i, c] = sum(o) y[i, o] * w[c, o]",
    ].join("\n"),
  });
  const { plan } = await search(h, larger);
  checkPlan(plan, "search");
  expect(attentionsOf(plan)).toHaveLength(1);
  const scores = schedule(plan)
    .entries.flatMap((e) => e.temporaries)
    .filter((t) => t.shape.filter((p) => constantOf(p) === undefined).length > 1);
  expect(scores.map((t) => t.name)).toEqual([]);
});

test.each(["gpt", "llama"])("%s holds no scores at 8192 tokens", async (name) => {
  const { hlir } = front(sourceOf(name), { set: new Map([["max_len", "8192"]]) });
  const { plan } = await search(hlir, budget);
  const program = schedule(plan);
  for (const t of program.entries.flatMap((e) => e.temporaries)) {
    const long = t.shape.filter(
      (p) => constantOf(p) === undefined && (highest(p, hlir.bounds) ?? Infinity) >= 8192,
    );
    expect(long.length, t.name).toBeLessThan(2);
  }
});
