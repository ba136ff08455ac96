/** Cuts of a GPU's kernels as choices of the search: what is offered, and how a lock and `explain` tell it. */
import { describe, expect, test } from "vitest";
import { explainModel } from "../../src/explain/explain.ts";
import { reportText } from "../../src/explain/text.ts";
import { bucketText } from "../../src/ir/bucket.ts";
import { isKeySplit, isProductCut, type ProductCut, tileAndParts } from "../../src/ir/cuts.ts";
import { choicesOf, scheduleOf } from "../../src/ir/plan.ts";
import { compile, compileLocked, compileSearched, front } from "../../src/pipeline.ts";
import { cudaMachine } from "../../src/search/cost-cuda.ts";
import { allNodes } from "../../src/search/encode.ts";
import { createDecoder, direct, type Genome, genomeKey } from "../../src/search/genome.ts";
import { keysOf } from "../../src/search/keys.ts";
import { choicesOfGenome, type LockPart } from "../../src/search/lock.ts";
import { lockName } from "../../src/search/lock-file.ts";
import type { Measurer } from "../../src/search/measure/measure.ts";
import { genomeOf } from "../../src/search/replay.ts";
import { saturate } from "../../src/search/saturate.ts";
import { scheduleMoves } from "../../src/search/schedule-moves.ts";
import { search } from "../../src/search/search.ts";
import { spaceOf } from "../../src/search/space.ts";
import { cudaArchOf } from "../../src/targets/cuda.ts";
import { h100 } from "../../src/targets/gpu-machines.ts";

const machine = cudaMachine(cudaArchOf("sm_90a"));

const sourceOf = (body: string) => ({
  path: "cuts.lum",
  text: `model Cuts {\n${body
    .split("\n")
    .map((l) => `  ${l}`)
    .join("\n")}\n}\n`,
});

const product = (m: string, n: number, k: number): string =>
  [
    ...(m.includes("..") ? [`dim s in ${m}`] : []),
    `input x: bf16[${m.includes("..") ? "s" : m}, ${k}]`,
    `weight w: bf16[${n}, ${k}]`,
    "output y[i, o] = sum(c) x[i, c] as f32 * w[o, c] as f32",
  ].join("\n");

const attention = [
  "dim n in 1..4096",
  "input q: bf16[8, 64], k: bf16[n, 2, 64], v: bf16[n, 2, 64]",
  "score[h in 0..8, j] = 0.1 * sum(c) q[h, c] as f32 * k[j, h / 4, c] as f32",
  "e = exp(score - max(score, axis = -1, keep = true))",
  "p = e / sum(e, axis = -1, keep = true)",
  "output o[h, c] = sum(j) p[h, j] * v[j, h / 4, c] as f32",
].join("\n");

async function openSpace(body: string) {
  const { hlir } = front(sourceOf(body));
  const nodes = allNodes(hlir);
  const space = spaceOf(nodes, await saturate(nodes, hlir.bounds));
  const decoder = createDecoder(hlir, nodes, space);
  return { hlir, nodes, space, decoder, keys: keysOf(nodes, space) };
}

/** What the search finds without schedules, the moves from there that are about them, and where they lead. */
async function movesFrom(body: string, m = machine) {
  const opened = await openSpace(body);
  const { genome } = await search(opened.hlir, { machine: m, evaluations: 60 });
  const start: Genome = { ...genome, schedules: new Map() };
  const moves = scheduleMoves(opened.decoder.decode(start)!, m);
  return { ...opened, genomes: moves.map((move) => move.apply(start)) };
}

const offered = async (body: string, m = machine): Promise<string[]> =>
  (await movesFrom(body, m)).genomes.flatMap((g) => [...g.schedules.values()]);

describe("what is offered", () => {
  test("cuts of a product near the scheduler's own, never that one by its name", async () => {
    const all = await offered(product("16", 4096, 4096));
    expect(all.length).toBeGreaterThan(2);
    expect(all.every(isProductCut)).toBe(true);
    // Its 64 tiles leave half of the part's multiprocessors idle: parts of the sum give the others work.
    expect(all).toContain("tensor cores 16x64, depth in 2");
    expect(all).not.toContain("tensor cores 16x64");
    expect(await offered(product("8", 4096, 4096))).toContain("tensor cores 16x64, depth in 2");
  });

  test("no cut that takes twice as long", async () => {
    const all = await offered(product("4096", 4096, 4096));
    expect(all.some((s) => s.startsWith("multiply-adds"))).toBe(false);
    for (const s of all) expect(tileAndParts(s as ProductCut).parts, s).toBeLessThan(8);
  });

  test("splits of the keys where few rows have many", async () => {
    const all = await offered(attention);
    expect(all.length).toBeGreaterThan(1);
    expect(all.every(isKeySplit)).toBe(true);
    expect(all).not.toContain("keys in one part");
  });

  test("nothing for a machine that no kernels are written for", async () =>
    expect(await offered(product("16", 4096, 4096), h100)).toEqual([]));
});

test("a plan for many sizes has no tiles that lose at the largest; sizes in a bucket have their own", async () => {
  const source = sourceOf(product("1..4096", 4096, 4096));
  const { hlir } = front(source);
  const found = await search(hlir, { machine, evaluations: 80 });
  expect(found.plan.entries.flatMap((e) => [...choicesOf(e.body)].map(scheduleOf))).toEqual([undefined]);
  const few = new Map([["s", { low: 2, high: 64 }]]);
  const { program } = await compileSearched(source, {
    target: "cuda",
    buckets: [few],
    search: { machine, evaluations: 80 },
  });
  const rows = program.kernels.flatMap((k) => k.launch?.tiling?.rows ?? []);
  expect(rows).toHaveLength(2);
  expect(Math.max(...rows)).toBe(128);
  expect(Math.min(...rows)).toBeLessThan(128);
});

/** The scheduler doesn't know what a computed factor costs each tile that reads it. */
const quantized = [
  "dim s in 1..512",
  "input x: bf16[s, 4096]",
  "weight q: i8[4096, 4096], g: bf16[4096, 64]",
  "output y[i, o] = sum(c) x[i, c] as f32 * (q[o, c] as f32 * g[o, c / 64])",
].join("\n");

const lockIn = (files: ReadonlyMap<string, string>): LockPart => JSON.parse(files.get(lockName)!);

test("the lock has the cut, the same seed the same bytes, and the cut comes back from it", async () => {
  const source = sourceOf(quantized);
  const options = { target: "cuda", search: { machine, evaluations: 80, seed: 3 } } as const;
  const first = await compileSearched(source, options);
  const second = await compileSearched(source, options);
  expect(second.files.get(lockName)).toBe(first.files.get(lockName));
  const lock = lockIn(first.files);
  const choice = lock.plans[0].choices.find((c) => c.decision === "schedule")!;
  expect(choice).toMatchObject({ decision: "schedule", take: expect.stringMatching(/^tensor cores/) });
  expect(lock.plans[0].kernels[0].family).toBe(`contraction by ${choice.take}`);
  const locked = await compileLocked(source, { target: "cuda" }, { lock, path: lockName });
  expect([...locked.files]).toEqual([...first.files]);
  expect(locked.program.kernels[0].notes.join()).toMatch(/chosen by the search/);
});

test("decisions of every cut come back from their text", async () => {
  for (const body of [product("16", 4096, 4096), attention]) {
    const { nodes, space, decoder, keys, genomes } = await movesFrom(body);
    expect(genomes.length).toBeGreaterThan(1);
    for (const genome of genomes) {
      const choices = JSON.parse(JSON.stringify(choicesOfGenome(genome, { nodes, space, keys })));
      const back = genomeOf(choices, nodes, space, keys);
      expect("missing" in back ? back.missing : genomeKey(back)).toBe(genomeKey(genome));
      const { plan } = decoder.decode(genome)!;
      const [wanted] = genome.schedules.values();
      expect(plan.entries.flatMap((e) => [...choicesOf(e.body)].map(scheduleOf))).toContain(wanted);
    }
  }
});

test("a bucket of few rows is cut for them, without being told how", () => {
  const buckets = [new Map([["s", { low: 2, high: 16 }]])];
  const { program } = compile(sourceOf(product("1..4096", 4096, 4096)), { target: "cuda", buckets });
  const tilings = program.kernels.map((k) => k.launch!.tiling!);
  expect(tilings.map((t) => t.rows)).toEqual([128, 16]);
  const [{ steps, variants }] = program.entries;
  expect(variants).toHaveLength(1);
  expect(variants[0].steps).not.toEqual(steps);
});

test("a model with state has a plan for one element by itself, where the target cuts kernels once", () => {
  const body = [
    "dim s in 1..512",
    "dim pos in 0..512",
    "input q: bf16[s, 8, 64], x: bf16[s, 2, 64]",
    "state k: bf16[1024, 2, 64]",
    "k[pos + i, g, c] := x[i, g, c]",
    "output y[h in 0..8, i, j in 0..pos + s] = sum(c) q[i, h, c] as f32 * k[j, h / 4, c] as f32",
  ].join("\n");
  const own = (target: "cpu" | "cuda") =>
    compile(sourceOf(body), { target }).buckets.map((b) => bucketText(b.bucket));
  expect(own("cuda")).toEqual(["s=1"]);
  expect(own("cpu")).toEqual([]);
});

test("a cut that no kernel has is told", async () => {
  const { nodes, space, decoder, keys } = await openSpace(product("16", 4096, 4096));
  const [move] = scheduleMoves(decoder.decode(direct)!, machine);
  const [choice] = choicesOfGenome(move.apply(direct), { nodes, space, keys });
  expect(genomeOf([{ ...choice, take: "tensor cores 7x9" }], nodes, space, keys)).toEqual({
    missing: expect.stringMatching(/tensor cores 7x9.*no kernel has such a schedule/),
  });
});

test("explain names the runners-up and what they would cost", async () => {
  const { report } = await explainModel(sourceOf(product("16", 4096, 4096)), {
    target: "cuda",
    search: { machine, evaluations: 40 },
  });
  const [plan] = report.plans;
  const rejected = plan.rejected.filter((r) => r.text.includes('by the schedule "tensor cores'));
  expect(rejected.length).toBeGreaterThan(1);
  for (const r of rejected) expect(r.share).toBeGreaterThan(1);
  expect(reportText(report)).toMatch(/by the schedule "tensor cores 16x64, depth in 2"/);
});

test("timings decide between cuts where they were asked for", async () => {
  const { hlir } = front(sourceOf(product("16", 4096, 4096)));
  const wanted = "tensor cores 16x64, depth in 2";
  const tried = new Set<string>();
  const measure: Measurer = {
    plans: async (plans, points) =>
      plans.map((plan) => {
        const [own] = plan.entries.flatMap((e) => [...choicesOf(e.body)].map(scheduleOf));
        tried.add(`${own}`);
        return points.map(() => (own === wanted ? 1 : 2));
      }),
    calls: async (calls) => calls.map(() => 1),
    counts: () => ({ timed: 0, known: 0 }),
  };
  const found = await search(hlir, { machine, evaluations: 40, measure });
  expect(tried.size).toBeGreaterThan(3);
  expect([...found.genome.schedules.values()]).toEqual([wanted]);
});
