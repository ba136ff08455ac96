/**
 * The end of a search with `--measure`: from the analytic best, the neighbours that the cost model calls nearly as
 * good are timed, and the incumbent is left only for what beats it beyond the spread of timings.
 */
import type { Plan } from "../../ir/plan.ts";
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

/** Neighbours that are timed at once, and by how much dearer the cost model may call them. */
const width = 16;
const dearer = 1.5;
const mostRounds = 4;

/** A share of the time by which a plan must win: less is within the spread of timings. */
const spread = 0.01;

export async function refine(
  start: Tried,
  o: RefineOptions,
): Promise<Tried & { readonly measured: Measured }> {
  const seconds = new Map<string, readonly number[]>();
  const time = async (all: readonly Tried[]): Promise<void> => {
    const fresh = new Map(all.map((t) => [genomeKey(t.genome), t] as const));
    for (const key of seconds.keys()) fresh.delete(key);
    const found = await o.measurer.plans(
      [...fresh.values()].map((t) => o.planOf(t.genome)),
      o.points,
    );
    [...fresh.keys()].forEach((key, i) => {
      seconds.set(key, found[i]);
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
  return { ...now, measured };
}

function stepFrom(from: Tried, move: Move, o: RefineOptions): Tried {
  const genome = move.apply(from.genome);
  return { genome, cost: o.costOf(genome), taken: [...from.taken, move.text] };
}

/** The neighbours that the cost model likes best, at most `width`. */
function nearby(from: Tried, o: RefineOptions): { readonly move: Move; readonly tried: Tried }[] {
  const most = o.costOf(from.genome) * dearer;
  return o
    .movesFrom(from.genome)
    .map((move) => ({ move, tried: stepFrom(from, move, o) }))
    .filter(({ tried }) => tried.cost <= most)
    .sort((a, b) => a.tried.cost - b.tried.cost)
    .slice(0, width);
}
