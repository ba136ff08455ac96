/**
 * `npm run bench:ranking`: how well the analytic cost orders kernels by their measured time, and what trusting it
 * costs at each single choice of the search.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import yargs from "yargs";
import type { Bounds } from "../src/ir/bounds.ts";
import { choicesOf, type Plan } from "../src/ir/plan.ts";
import { int } from "../src/ir/poly.ts";
import { schedule } from "../src/lower/schedule.ts";
import { front } from "../src/pipeline.ts";
import { planCost } from "../src/search/cost.ts";
import { allNodes } from "../src/search/encode.ts";
import { createDecoder, direct, type Genome, genomeKey } from "../src/search/genome.ts";
import { callsOf, type KernelCall } from "../src/search/measure/calls.ts";
import { TimingDatabase } from "../src/search/measure/database.ts";
import { createMeasurer } from "../src/search/measure/measure.ts";
import { type Move, onePassMoves, storageMoves, termMoves, winogradMoves } from "../src/search/moves.ts";
import { seeded } from "../src/search/random.ts";
import { saturate } from "../src/search/saturate.ts";
import { scheduleMoves } from "../src/search/schedule-moves.ts";
import { search } from "../src/search/search.ts";
import { spaceOf } from "../src/search/space.ts";
import { machineOf, readCalibration } from "../src/targets/calibrated.ts";
import { genericCpu } from "../src/targets/machines.ts";
import { quantile } from "./measure.ts";
import { type RankingModel, rankingModels } from "./ranking-models.ts";
import { type Alternative, kendallTau, lossOfFirst } from "./ranking-stats.ts";
import { load, machine } from "./report.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const options = yargs(process.argv.slice(2))
  .scriptName("npm run bench:ranking --")
  .option("programs", { type: "number", default: 12, describe: "random programs beside the examples" })
  .option("kernels", {
    type: "number",
    default: 12,
    describe: "different kernels of each model beside those of the direct plan and the search's",
  })
  .option("only", { type: "string", array: true, describe: "models whose name starts so" })
  .option("threads", { type: "number", default: 1, describe: "of each call" })
  .option("calibration", {
    type: "string",
    describe: "machine file; that of `lumc doctor --calibrate` by default",
  })
  .option("out", { type: "string", describe: "file of the results" })
  .strict()
  .parseSync();

/** One kernel at one size, as estimated and as measured. */
type Kernel = Alternative & {
  readonly id: string;
  readonly model: string;
  readonly family: string;
  readonly computes: string;
  readonly bound: string;
};

/** A plan at the sizes of one call. */
type Costed = { readonly kernels: readonly Kernel[] };

const calibration = readCalibration(options.calibration).found;
const target = calibration === undefined ? genericCpu : machineOf(calibration, options.threads);
const database = TimingDatabase.open(join(root, ".cache", "bench", "timings.sqlite"));
const measurer = await createMeasurer({
  database,
  threads: options.threads,
  jobs: 3,
  onProgress: (done, total) => done % 10 === 0 && process.stderr.write(`  compiled ${done}/${total}\n`),
});
const kernels = new Map<string, Kernel>();
/** The kernels in which a plan and a neighbour of it differ: one choice of the search. */
const choices: {
  readonly model: string;
  readonly move: string;
  readonly alternatives: readonly Alternative[];
}[] = [];
const models: { readonly name: string; readonly plans: number; readonly loss: number }[] = [];

for (const m of rankingModels(options.programs))
  if (options.only?.some((start) => m.name.startsWith(start)) ?? true) await rank(m);
report();
database.close();

async function rank(m: RankingModel): Promise<void> {
  const sampled = await candidatesOf(m);
  process.stderr.write(`${m.name}: ${sampled.length} plans\n`);
  for (const dims of m.calls.map((c) => new Map(Object.entries(c)))) {
    const costed = await costs(
      m.name,
      sampled.map((s) => s.plan),
      dims,
    );
    for (const k of costed.flatMap((c) => c.kernels)) kernels.set(k.id, k);
    const totals = costed.map((c) => sum(c.kernels));
    models.push({ name: m.name, plans: totals.length, loss: lossOfFirst(totals) });
    sampled.forEach(({ base, move }, i) => {
      if (base === undefined) return;
      const alternatives = [apart(costed[base], costed[i]), apart(costed[i], costed[base])].map(sum);
      // What differs in nothing, or only in what one of them has not at all, is no ranking.
      if (alternatives.every((a) => a.measured > 0 && a.analytic > 0))
        choices.push({ model: m.name, move, alternatives });
    });
  }
}

/** Kernels of one that the other has not. */
function apart(one: Costed, other: Costed): readonly Kernel[] {
  const there = new Set(other.kernels.map((k) => k.id));
  return one.kernels.filter((k) => !there.has(k.id));
}

function sum(list: readonly Kernel[]): Alternative {
  return {
    analytic: list.reduce((n, k) => n + k.analytic, 0),
    measured: list.reduce((n, k) => n + k.measured, 0),
  };
}

type SampledPlan = { readonly plan: Plan; readonly base: number | undefined; readonly move: string };

/** The direct plan, the one that the search finds, and single steps from either, until there are kernels enough. */
async function candidatesOf(m: RankingModel): Promise<SampledPlan[]> {
  const source =
    m.file === undefined
      ? { path: `${m.name}.lum`, text: m.text! }
      : { path: m.file, text: readFileSync(join(root, m.file), "utf8") };
  const { hlir } = front(source, { set: new Map(Object.entries(m.set ?? {})) });
  const nodes = allNodes(hlir);
  const space = spaceOf(nodes, await saturate(nodes, hlir.bounds));
  const decoder = createDecoder(hlir, nodes, space);
  const best = (await search(hlir, { machine: target })).genome;
  const fixed = [...onePassMoves(nodes, space), ...termMoves(nodes, space)];
  const random = seeded(5);
  const found: SampledPlan[] = [];
  const seen = new Set<string>();
  const texts = new Set<string>();
  let most = Infinity;
  const take = (g: Genome, base: number | undefined, move: string): void => {
    if (seen.has(genomeKey(g)) || texts.size >= most) return;
    seen.add(genomeKey(g));
    const plan = decoder.decode(g)?.plan;
    if (plan === undefined) return;
    for (const { hash } of callsOf(schedule(plan), new Map(Object.entries(m.calls[0])))) texts.add(hash);
    found.push({ plan, base, move });
  };
  take(direct, undefined, "");
  const bases: [Genome, number][] = [[direct, 0]];
  take(best, undefined, "");
  if (found.length > 1) bases.push([best, 1]);
  most = texts.size + options.kernels;
  for (const [from, base] of bases) {
    const here = decoder.decode(from)!;
    const moves: Move[] = [
      ...fixed,
      ...winogradMoves(here),
      ...storageMoves(here),
      ...scheduleMoves(here, target),
    ];
    for (let left = moves.length; left > 0; left--) {
      const [move] = moves.splice(random.below(left), 1);
      take(move.apply(from), base, move.text);
    }
  }
  return found;
}

async function costs(
  model: string,
  plans: readonly Plan[],
  dims: ReadonlyMap<string, number>,
): Promise<Costed[]> {
  const calls = plans.map((p) => callsOf(schedule(p), dims).filter((c) => c.kernel.family !== "copy"));
  const seconds = await measurer.calls(calls.flat());
  let next = 0;
  return plans.map((plan, i) => {
    const { kernels: analytic } = planCost(plan, target, fixedAt(plan.hlir.bounds, dims));
    const list = plan.entries.flatMap((e) => [...choicesOf(e.body)]);
    if (list.length !== calls[i].length) throw new Error(`${model}: calls and choices are not the same`);
    return {
      kernels: calls[i].map((c: KernelCall, n): Kernel => {
        const cost = analytic.get(list[n])!;
        return {
          id: `${c.hash} ${c.form}`,
          model,
          family: c.kernel.family,
          computes: c.kernel.computes,
          bound: cost.bound,
          analytic: cost.seconds * c.runs,
          measured: seconds[next++] * c.runs,
        };
      }),
    };
  });
}

function fixedAt(bounds: Bounds, dims: ReadonlyMap<string, number>): Bounds {
  const ranges = [...dims].map(([name, v]) => [name, { low: int(v), high: int(v) }] as const);
  return { ...bounds, dims: new Map([...bounds.dims, ...ranges]) };
}

function report(): void {
  const all = [...kernels.values()];
  const tau = (list: readonly Kernel[]) =>
    kendallTau(
      list.map((k) => k.analytic),
      list.map((k) => k.measured),
    );
  const ratios = (list: readonly Kernel[]) => {
    const r = list.map((k) => k.analytic / k.measured);
    return { p10: quantile(r, 0.1), median: quantile(r, 0.5), p90: quantile(r, 0.9) };
  };
  const families = [...new Set(all.map((k) => k.family))].sort().map((family) => {
    const own = all.filter((k) => k.family === family);
    return { family, kernels: own.length, tau: tau(own), estimateOverMeasured: ratios(own) };
  });
  const losses = choices.map((c) => lossOfFirst(c.alternatives));
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    load: load(),
    threads: options.threads,
    model: target.name,
    kernels: all.length,
    texts: new Set(all.map((k) => k.id.split(" ")[0])).size,
    tau: tau(all),
    families,
    choices: {
      count: losses.length,
      right: losses.filter((l) => l < 0.02).length / losses.length,
      loss: { median: quantile(losses, 0.5), mean: mean(losses), p90: quantile(losses, 0.9) },
    },
    plans: {
      models,
      medianLoss: quantile(
        models.map((m) => m.loss),
        0.5,
      ),
    },
    worst: choices
      .map((c, i) => ({ ...c, loss: losses[i] }))
      .sort((a, b) => b.loss - a.loss)
      .slice(0, 12),
    all,
  };
  const percent = (x: number) => `${(100 * x).toFixed(1)} %`;
  process.stdout.write(
    [
      `${result.kernels} kernels at their sizes, ${result.texts} different texts; tau ${result.tau.toFixed(3)}`,
      ...families.map(
        (f) =>
          `  ${f.family.padEnd(12)} ${String(f.kernels).padStart(4)}  tau ${f.tau.toFixed(3)}  estimate / measured ${f.estimateOverMeasured.median.toFixed(2)} (${f.estimateOverMeasured.p10.toFixed(2)} – ${f.estimateOverMeasured.p90.toFixed(2)})`,
      ),
      `${losses.length} choices: ${percent(result.choices.right)} right within 2 %, loss of the analytic one: median ${percent(result.choices.loss.median)}, mean ${percent(result.choices.loss.mean)}, p90 ${percent(result.choices.loss.p90)}`,
      `${models.length} plans: median loss ${percent(result.plans.medianLoss)}`,
      "",
    ].join("\n"),
  );
  if (options.out === undefined) return;
  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(result, null, 1)}\n`);
}

function mean(list: readonly number[]): number {
  return list.reduce((a, b) => a + b, 0) / list.length;
}
