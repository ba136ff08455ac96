/** What measuring has shown, for the lock and for `explain`: the plan that was taken and the runners-up, with times. */
import type { Genome } from "../genome.ts";
import type { LockedChoice } from "../lock.ts";
import type { Searched } from "../search.ts";
import { meritText, type TimedProgram } from "./finals.ts";

export type MeasuredPlan = {
  /** Plans whose kernels were timed, and the best sum of these as a share of the direct plan's. */
  readonly plans: number;
  readonly kernels: number;
  /** Timed whole, the one that was taken first; absent where none was. */
  readonly programs?: readonly MeasuredProgram[];
  /** Why none was. */
  readonly note?: string;
};

export type MeasuredProgram = {
  /** `the direct plan`, `the plan with the lowest estimate`. */
  readonly plan: string;
  /** Of the direct plan's time. */
  readonly share: number;
  /** At the plan's points: the median, and the quartiles around it. */
  readonly seconds: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Choices that it has and the plan that was taken hasn't, and the reverse. */
  readonly adds?: readonly Difference[];
  readonly lacks?: readonly Difference[];
};

/** Rules are told where a choice was taken. */
export type Difference = Omit<LockedChoice, "rules">;

/** Undefined where nothing was measured. */
export function measuredPlan(
  { measured, programs, finalists }: Searched,
  choicesOf: (g: Genome) => readonly LockedChoice[],
): MeasuredPlan | undefined {
  if (measured === undefined) return undefined;
  const kernels = { plans: measured.plans, kernels: rounded(measured.share) };
  if (programs === undefined) return kernels;
  if (programs.kind === "not timed") return { ...kernels, note: programs.reason };
  const of = (p: TimedProgram) => choicesOf(finalists[p.finalist].genome);
  const taken = of(programs.programs[0]);
  const all = programs.programs.map((p, i): MeasuredProgram => {
    const times = (what: "median" | "low" | "high") => p.times.map((t) => rounded(t[what]));
    const own = of(p);
    return {
      plan: meritText(p.merits),
      share: rounded(p.share),
      seconds: times("median"),
      low: times("low"),
      high: times("high"),
      ...(i === 0 ? {} : { adds: without(own, taken), lacks: without(taken, own) }),
    };
  });
  return { ...kernels, programs: all };
}

const rounded = (x: number): number => Number(x.toPrecision(6));

function without(all: readonly LockedChoice[], others: readonly LockedChoice[]): Difference[] {
  const known = new Set(others.map((c) => JSON.stringify(c)));
  return all.filter((c) => !known.has(JSON.stringify(c))).map(({ rules: _, ...choice }) => choice);
}
