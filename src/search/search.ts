/** The search: from the direct plan by single steps that lower the analytic cost, then by seeded restarts. */
import type { Bucket } from "../ir/bucket.ts";
import type { Hlir } from "../ir/hlir.ts";
import type { Choice, Plan } from "../ir/plan.ts";
import { genericCpu, type Machine } from "../targets/machines.ts";
import { type CostMemo, type KernelCost, planCost } from "./cost.ts";
import { allNodes } from "./encode.ts";
import { createDecoder, direct, type Genome, genomeKey } from "./genome.ts";
import type { ProgramsTold } from "./measure/finals.ts";
import type { Measurer } from "./measure/measure.ts";
import { type Measured, type Merit, refine, type Tried } from "./measure/refine.ts";
import { mergeMoves } from "./merge-moves.ts";
import { type Move, onePassMoves, storageMoves, termMoves, winogradMoves } from "./moves.ts";
import { pointsOf } from "./points.ts";
import { seeded } from "./random.ts";
import { type PhaseReport, type SaturateLimits, saturate } from "./saturate.ts";
import { scheduleMoves } from "./schedule-moves.ts";
import { type Space, spaceOf } from "./space.ts";

export type SearchOptions = {
  /** Plans to cost at most; the search is the same on every machine for a number of them, not for a time. */
  readonly evaluations?: number;
  readonly seed?: number;
  readonly machine?: Machine;
  /** Values of dims that have plans of their own. */
  readonly elsewhere?: readonly Bucket[];
  readonly limits?: SaturateLimits;
  /** Starts from the direct plan of a target that computes attention in one pass wherever it can. */
  readonly onePass?: boolean;
  readonly onProgress?: (p: Progress) => void;
  /** Times the plans near the best one on this machine; the analytic cost decides alone without it. */
  readonly measure?: Measurer;
};

/** Plans costed so far and at most, and the best one's time as a share of the direct plan's. */
export type Progress = { readonly evaluated: number; readonly most: number; readonly share: number };

/** A plan with what the analytic model says of it. */
export type Finding = {
  readonly plan: Plan;
  readonly genome: Genome;
  /** Time by the analytic model as a share of the direct plan's, the mean over the points. */
  readonly share: number;
  /** The sizes that it was judged at, the largest last. */
  readonly points: readonly PointCost[];
  /** Seconds at the largest sizes, and each kernel's there. */
  readonly cost: number;
  readonly directCost: number;
  readonly costs: ReadonlyMap<Choice, KernelCost>;
  readonly taken: readonly string[];
};

export type Searched = Finding & {
  readonly space: Space;
  /** What timing its kernels and its neighbours' has shown, where that was asked for. */
  readonly measured?: Measured;
  /** The plans that measured best, the direct one and that of the lowest estimate: worth timing as whole programs. */
  readonly finalists: readonly (Finding & { readonly merits: readonly Merit[] })[];
  /** How these did. */
  readonly programs?: ProgramsTold;
  readonly evaluated: number;
  /** Saturation ran out of time, so that a faster machine may find more. */
  readonly late: boolean;
  readonly phases: readonly PhaseReport[];
};

export type PointCost = {
  readonly dims: ReadonlyMap<string, number>;
  readonly seconds: number;
  readonly directSeconds: number;
};

export const usualEvaluations = 600;

/** Steps without a gain after which a restart begins, and restarts without a gain after which the search ends. */
const patience = 3;

/** A share of the direct plan's time that a step must save: less is within the cost model's error. */
const leastGain = 1e-3;

/** What a plan may take more than the direct one at any of the sizes: a share of the longest time of that. */
const mostLoss = 0.01;

/** Whether `seconds` at a point are too many beside the direct plan's: no gain at other sizes makes up for them. */
export const losesTo = (direct: readonly number[], seconds: number, at: number): boolean =>
  seconds - direct[at] > mostLoss * Math.max(...direct);

export async function search(hlir: Hlir, options: SearchOptions = {}): Promise<Searched> {
  const nodes = allNodes(hlir);
  const saturated = await saturate(nodes, hlir.bounds, { limits: options.limits });
  const started = performance.now();
  const space = spaceOf(nodes, saturated);
  const decoder = createDecoder(hlir, nodes, space);
  const machine = options.machine ?? genericCpu;
  const most = options.evaluations ?? usualEvaluations;
  const points = pointsOf(hlir.bounds, options.elsewhere).map((p) => ({ ...p, memo: new Map() as CostMemo }));
  const known = new Map<string, { readonly share: number; readonly loses: boolean }>();
  let evaluated = 0;

  const costsOf = (plan: Plan) => points.map((p) => planCost(plan, machine, p.bounds, p.memo));
  const decoded = (g: Genome): Plan => {
    const found = decoder.decode(g);
    if (found === undefined) throw new Error("a plan that was costed is none");
    return found.plan;
  };
  const onePass = onePassMoves(nodes, space);
  const withStep = (g: Genome, move: Move): Genome => {
    const next = move.apply(g);
    const made = decoder.decode(next);
    return made !== undefined && costsOf(made.plan).every((c) => c.seconds < Infinity) ? next : g;
  };
  const start = options.onePass === true ? onePass.reduce(withStep, direct) : direct;
  const floor = costsOf(decoded(start)).map((c) => c.seconds);

  /** As a share of the direct plan's time, and whether it takes too much more at some sizes. */
  const estimateOf = (g: Genome): { readonly share: number; readonly loses: boolean } => {
    const key = genomeKey(g);
    let estimate = known.get(key);
    if (estimate === undefined) {
      evaluated++;
      if (evaluated % 20 === 0) options.onProgress?.({ evaluated, most, share: best.cost });
      const c = decoder.decode(g);
      const seconds = c === undefined ? [] : costsOf(c.plan).map((p) => p.seconds);
      estimate = {
        share: c === undefined ? Infinity : mean(seconds.map((s, i) => s / floor[i])),
        loses: seconds.some((s, i) => losesTo(floor, s, i)),
      };
      known.set(key, estimate);
    }
    return estimate;
  };
  /** Above all others where it loses, which a way to a better one may. */
  const costOf = (g: Genome): number => {
    const { share, loses } = estimateOf(g);
    return share + (loses ? 1 : 0);
  };

  let best = { genome: start, cost: 1, taken: [] as readonly string[] };
  const terms = termMoves(nodes, space);
  /** The steps that may save most come first: a small budget ends before the last. */
  const movesFrom = (g: Genome): readonly Move[] => {
    const here = decoder.decode(g);
    if (here === undefined) return [...onePass, ...terms];
    return [
      ...onePass,
      ...winogradMoves(here),
      ...mergeMoves(here, machine),
      ...terms,
      ...storageMoves(here),
    ];
  };
  /** Of products, which change nothing else: chosen last, with plans to cost kept for them. */
  const schedulesFrom = (g: Genome): readonly Move[] => {
    const here = decoder.decode(g);
    return here === undefined ? [] : scheduleMoves(here, machine);
  };
  const forSchedules = Math.min(most >> 2, 2 * schedulesFrom(start).length);
  const better = (cost: number, than: number): boolean => cost < than - leastGain;

  /** Takes every single step that lowers the cost until none does, or so many plans have been costed. */
  const descend = (
    from: typeof best,
    steps: typeof movesFrom = movesFrom,
    until = most - forSchedules,
  ): typeof best => {
    let now = from;
    for (let gained = true; gained && evaluated < until; ) {
      gained = false;
      for (const move of steps(now.genome)) {
        if (evaluated >= until) break;
        const genome = move.apply(now.genome);
        const cost = costOf(genome);
        if (!better(cost, now.cost)) continue;
        now = { genome, cost, taken: [...now.taken, move.text] };
        gained = true;
      }
    }
    return now;
  };

  best = descend(best);
  const random = seeded(options.seed ?? 1);
  for (let idle = 0; idle < patience && evaluated < most - forSchedules; idle++) {
    const moves = movesFrom(best.genome);
    if (moves.length === 0) break;
    let at = best;
    for (let i = 0; i < 2; i++) {
      const move = moves[random.below(moves.length)];
      const genome = move.apply(at.genome);
      const cost = costOf(genome);
      if (cost < Infinity) at = { genome, cost, taken: [...at.taken, move.text] };
    }
    const found = descend(at);
    if (better(found.cost, best.cost)) {
      best = found;
      idle = -1;
    }
  }
  best = descend(best, schedulesFrom, most);
  const found = (t: Tried): Finding => {
    const plan = decoded(t.genome);
    const costs = costsOf(plan);
    return {
      plan,
      genome: t.genome,
      share: mean(costs.map((c, i) => c.seconds / floor[i])),
      points: points.map((p, i) => ({ dims: p.dims, seconds: costs[i].seconds, directSeconds: floor[i] })),
      cost: costs.at(-1)!.seconds,
      directCost: floor.at(-1)!,
      costs: costs.at(-1)!.kernels,
      taken: t.taken,
    };
  };
  const { late } = saturated;
  const phases = [...saturated.phases, { name: "search", ms: performance.now() - started, rows: evaluated }];
  if (options.measure === undefined)
    return { ...found(best), space, finalists: [], evaluated, late, phases: byName(phases) };
  const measuring = performance.now();
  const refined = await refine(best, {
    measurer: options.measure,
    points: points.map((p) => p.dims),
    direct: start,
    movesFrom: (g) => [...movesFrom(g), ...schedulesFrom(g)],
    // What timings like decides, whatever the estimates of it.
    costOf: (g) => estimateOf(g).share,
    planOf: decoded,
  });
  const { measured } = refined;
  phases.push({ name: "measure kernels", ms: performance.now() - measuring, rows: measured.plans });
  const finalists = refined.finalists.map((f) => ({ ...found(f), merits: f.merits }));
  return { ...found(refined), space, measured, finalists, evaluated, late, phases: byName(phases) };
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** Phases that were run in turn, each name once: time in all, rows at the end. */
function byName(phases: readonly PhaseReport[]): PhaseReport[] {
  const found = new Map<string, PhaseReport>();
  for (const p of phases) found.set(p.name, { ...p, ms: p.ms + (found.get(p.name)?.ms ?? 0) });
  return [...found.values()];
}
