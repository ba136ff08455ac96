/** The search: from the direct plan by single steps that lower the analytic cost, then by seeded restarts. */
import type { Hlir } from "../ir/hlir.ts";
import type { Choice, Plan } from "../ir/plan.ts";
import { genericCpu, type Machine } from "../targets/machines.ts";
import { type CostMemo, type KernelCost, planCost } from "./cost.ts";
import { allNodes } from "./encode.ts";
import { type Candidate, createDecoder, direct, type Genome, genomeKey } from "./genome.ts";
import { type Move, onePassMoves, storageMoves, termMoves } from "./moves.ts";
import { seeded } from "./random.ts";
import { type PhaseReport, type SaturateLimits, saturate } from "./saturate.ts";
import { type Space, spaceOf } from "./space.ts";

export type SearchOptions = {
  /** Plans to cost at most; the search is the same on every machine for a number of them, not for a time. */
  readonly evaluations?: number;
  readonly seed?: number;
  readonly machine?: Machine;
  readonly limits?: SaturateLimits;
  readonly onProgress?: (p: Progress) => void;
};

export type Progress = { readonly evaluated: number; readonly best: number; readonly start: number };

export type Searched = {
  readonly plan: Plan;
  readonly genome: Genome;
  readonly space: Space;
  /** Seconds by the analytic model. */
  readonly cost: number;
  readonly directCost: number;
  readonly costs: ReadonlyMap<Choice, KernelCost>;
  readonly taken: readonly string[];
  readonly evaluated: number;
  readonly phases: readonly PhaseReport[];
};

export const usualEvaluations = 600;

/** Steps without a gain after which a restart begins, and restarts without a gain after which the search ends. */
const patience = 3;

export async function search(hlir: Hlir, options: SearchOptions = {}): Promise<Searched> {
  const nodes = allNodes(hlir);
  const saturated = await saturate(nodes, hlir.bounds, { limits: options.limits });
  const started = performance.now();
  const space = spaceOf(nodes, saturated);
  const decoder = createDecoder(hlir, nodes, space);
  const machine = options.machine ?? genericCpu;
  const most = options.evaluations ?? usualEvaluations;
  const memo: CostMemo = new Map();
  const known = new Map<string, number>();
  let evaluated = 0;

  const costOf = (g: Genome): number => {
    const key = genomeKey(g);
    let cost = known.get(key);
    if (cost === undefined) {
      evaluated++;
      const c = decoder.decode(g);
      cost = c === undefined ? Infinity : planCost(c.plan, machine, hlir.bounds, memo).seconds;
      known.set(key, cost);
    }
    return cost;
  };

  const start = costOf(direct);
  let best = { genome: direct, cost: start, taken: [] as readonly string[] };
  const fixed = [...onePassMoves(nodes, space), ...termMoves(nodes, space)];
  const better = (cost: number, than: number): boolean => cost < than * (1 - 1e-6);

  /** Takes every single step that lowers the cost until none does. */
  const descend = (from: typeof best): typeof best => {
    let at = from;
    for (let gained = true; gained && evaluated < most; ) {
      gained = false;
      const here = decoder.decode(at.genome);
      const moves: readonly Move[] = [...fixed, ...(here === undefined ? [] : storageMoves(here))];
      for (const move of moves) {
        if (evaluated >= most) break;
        const genome = move.apply(at.genome);
        const cost = costOf(genome);
        if (!better(cost, at.cost)) continue;
        at = { genome, cost, taken: [...at.taken, move.text] };
        gained = true;
        options.onProgress?.({ evaluated, best: Math.min(best.cost, at.cost), start });
      }
    }
    return at;
  };

  best = descend(best);
  const random = seeded(options.seed ?? 1);
  for (let idle = 0; idle < patience && evaluated < most; idle++) {
    const here = decoder.decode(best.genome);
    const moves = [...fixed, ...(here === undefined ? [] : storageMoves(here))];
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
  const final: Candidate | undefined = decoder.decode(best.genome);
  if (final === undefined) throw new Error("the best plan is none");
  const { seconds, kernels } = planCost(final.plan, machine, hlir.bounds, memo);
  return {
    plan: final.plan,
    genome: best.genome,
    space,
    cost: seconds,
    directCost: start,
    costs: kernels,
    taken: best.taken,
    evaluated,
    phases: [...saturated.phases, { name: "search", ms: performance.now() - started, rows: evaluated }],
  };
}
