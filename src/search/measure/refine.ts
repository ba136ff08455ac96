/**
 * The end of a search with `--measure`: from the analytic best, the neighbours that the cost model calls nearly as
 * good are timed, and the incumbent is left only for what beats it beyond the spread of timings.
 */
import type { Plan } from "../../ir/plan.ts";
import { printPlan } from "../../ir/plan-print.ts";
import { type Genome, genomeKey } from "../genome.ts";
import type { Move } from "../moves.ts";
import type { Dims, Measurer } from "./measure.ts";

export type Tried = { readonly genome: Genome; readonly cost: number; readonly taken: readonly string[] };

export type RefineOptions = {
  readonly measurer: Measurer;
  readonly points: readonly Dims[];
  readonly direct: Genome;
  readonly movesFrom: (g: Genome) => readonly Move[];
  /** Infinite where there is no such plan. */
  readonly costOf: (g: Genome) => number;
  readonly planOf: (g: Genome) => Plan;
};

export type Measured = {
  /** Time as a share of the direct plan's, the mean over the points. */
  readonly share: number;
  /** Of the chosen plan and of the direct one, at each point. */
  readonly seconds: readonly number[];
  readonly directSeconds: readonly number[];
  readonly plans: number;
};

/** Why a plan is among the last: it is the direct one, has the lowest estimate, or the lowest sum of kernels' times. */
export type Merit = "direct" | "estimate" | "kernels";

/** A plan that is worth a whole program; `merits` is empty for one that only came near. */
export type Finalist = Tried & { readonly merits: readonly Merit[] };

export type Refined = Tried & { readonly measured: Measured; readonly finalists: readonly Finalist[] };

/** Plans that are compiled whole. */
const mostFinalists = 5;

/** Neighbours that are timed at once, and by how much dearer the cost model may call them. */
const width = 16;
const dearer = 1.5;
const mostRounds = 4;

/** A share of the time by which a plan must win: less is within the spread of timings. */
const spread = 0.01;

export async function refine(start: Tried, o: RefineOptions): Promise<Refined> {
  const seconds = new Map<string, readonly number[]>();
  const timed: Tried[] = [];
  const time = async (all: readonly Tried[]): Promise<void> => {
    const fresh = new Map(all.map((t) => [genomeKey(t.genome), t] as const));
    for (const key of seconds.keys()) fresh.delete(key);
    const found = await o.measurer.plans(
      [...fresh.values()].map((t) => o.planOf(t.genome)),
      o.points,
    );
    [...fresh.keys()].forEach((key, i) => {
      seconds.set(key, found[i]);
      timed.push(fresh.get(key)!);
    });
  };
  const secondsOf = (t: Tried) => seconds.get(genomeKey(t.genome))!;
  const floor: Tried = { genome: o.direct, cost: 1, taken: [] };
  await time([floor, start]);
  const share = (t: Tried): number =>
    secondsOf(t).reduce((sum, s, i) => sum + s / secondsOf(floor)[i], 0) / o.points.length;
  const beats = (a: Tried, b: Tried): boolean => share(a) < share(b) * (1 - spread);

  let now = beats(floor, start) ? floor : start;
  for (let round = 0; round < mostRounds; round++) {
    const steps = nearby(now, o);
    await time(steps.map((s) => s.tried));
    const won = steps.filter((s) => beats(s.tried, now)).sort((a, b) => share(a.tried) - share(b.tried));
    if (won.length === 0) break;
    now = won[0].tried;
    // The others that won by themselves, on top of it: their kernels are timed already, as far as they are the same.
    for (const { move } of won.slice(1)) {
      const both = stepFrom(now, move, o);
      if (both.cost === Infinity) continue;
      await time([both]);
      if (beats(both, now)) now = both;
    }
  }
  const measured = {
    share: share(now),
    seconds: secondsOf(now),
    directSeconds: secondsOf(floor),
    plans: seconds.size,
  };
  const others = timed.sort((a, b) => share(a) - share(b));
  const finalists = finalistsOf(
    [now, floor, start, ...others],
    { kernels: now, direct: floor, estimate: start },
    {
      sameAs: (a, b) => secondsOf(a).every((s, i) => s === secondsOf(b)[i]),
    },
  );
  return { ...now, measured, finalists };
}

/** The first few that differ; equal times of all kernels are those of equal kernels. */
function finalistsOf(
  all: readonly Tried[],
  by: Readonly<Record<Merit, Tried>>,
  { sameAs }: { readonly sameAs: (a: Tried, b: Tried) => boolean },
): Finalist[] {
  const found: Finalist[] = [];
  const merits = Object.entries(by) as [Merit, Tried][];
  for (const t of all) {
    if (found.length === mostFinalists) break;
    if (found.some((f) => sameAs(f, t))) continue;
    found.push({ ...t, merits: merits.flatMap(([merit, of]) => (sameAs(of, t) ? [merit] : [])) });
  }
  return found;
}

function stepFrom(from: Tried, move: Move, o: RefineOptions): Tried {
  const genome = move.apply(from.genome);
  return { genome, cost: o.costOf(genome), taken: [...from.taken, move.text] };
}

/** The neighbours that the cost model likes best, at most `width`; a step that leads to the same kernels is none. */
function nearby(from: Tried, o: RefineOptions): { readonly move: Move; readonly tried: Tried }[] {
  const most = o.costOf(from.genome) * dearer;
  const sorted = o
    .movesFrom(from.genome)
    .map((move) => ({ move, tried: stepFrom(from, move, o) }))
    .filter(({ tried }) => tried.cost <= most)
    .sort((a, b) => a.tried.cost - b.tried.cost);
  const seen = new Set([printPlan(o.planOf(from.genome))]);
  const found: typeof sorted = [];
  for (const step of sorted) {
    if (found.length === width) break;
    const text = printPlan(o.planOf(step.tried.genome));
    if (seen.has(text)) continue;
    seen.add(text);
    found.push(step);
  }
  return found;
}
