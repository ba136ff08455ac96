/**
 * The end of `--measure`: what a sum of kernels' times leaves out, caches shared and threads woken, is in a whole
 * program's. The finalists of each search are compiled as programs and timed in turn, and the fastest is taken; the
 * direct plan is always among them, so that what is taken is not slower than it.
 */
import { freemem } from "node:os";
import type { Program } from "../../ir/llir.ts";
import type { Searched } from "../search.ts";
import type { Measurer } from "./measure.ts";
import {
  bytesOf,
  directSlot,
  jobOf,
  pointsOf,
  programOf,
  type Slots,
  slotsOf,
  type Unit,
  weightsOf,
} from "./program-set.ts";
import type { ProgramTime, TimedPrograms } from "./programs.ts";
import type { Merit } from "./refine.ts";

/** A plan compiled as a whole program, and its times at the plan's points. */
export type TimedProgram = {
  readonly merits: readonly Merit[];
  /** Number among the search's finalists. */
  readonly finalist: number;
  readonly times: readonly ProgramTime[];
  /** Of the direct plan's time, the mean over the points. */
  readonly share: number;
};

export type ProgramsTold =
  /** The chosen one first, then by time. */
  | { readonly kind: "timed"; readonly programs: readonly TimedProgram[] }
  | { readonly kind: "not timed"; readonly reason: string };

/** `the direct plan, which has the lowest estimate`. */
export function meritText(merits: readonly Merit[]): string {
  const has = [
    ...(merits.includes("estimate") ? ["the lowest estimate"] : []),
    ...(merits.includes("kernels") ? ["the fastest kernels"] : []),
  ].join(" and ");
  if (merits.includes("direct")) return `the direct plan${has === "" ? "" : `, which has ${has}`}`;
  return has === "" ? "a plan near the best" : `the plan with ${has}`;
}

export type FinalsOptions = {
  readonly measurer: Measurer;
  readonly arch?: string;
  /** Bytes that the programs may take, weights and all: half of what is free by default. */
  readonly memory?: number;
};

/** Slower than the direct plan by less is within the spread of timings. */
const spread = 0.02;

/** The searches again, with the plans that were fastest as whole programs. The general one comes first. */
export async function finals(units: readonly Unit[], o: FinalsOptions): Promise<Searched[]> {
  const started = performance.now();
  const told = await compare(units, o);
  const ms = (performance.now() - started) / units.length;
  return units.map(({ searched }, i): Searched => {
    const programs = told[i];
    const rows = programs.kind === "timed" ? programs.programs.length : 0;
    const phases = [...searched.phases, { name: "measure programs", ms, rows }];
    if (programs.kind !== "timed") return { ...searched, programs, phases };
    const { merits: _, ...chosen } = searched.finalists[programs.programs[0].finalist];
    return { ...searched, ...chosen, programs, phases };
  });
}

const notTimed = (reason: string): ProgramsTold => ({ kind: "not timed", reason });
const alone = notTimed("no other plan than the direct one was worth it");

async function compare(units: readonly Unit[], o: FinalsOptions): Promise<ProgramsTold[]> {
  const { programs: time } = o.measurer;
  if (time === undefined) return units.map(() => notTimed("only kernels can be timed here"));
  const wanted = units.map(slotsOf);
  if (wanted.every((s) => s.rivals.length < 2)) return units.map(() => alone);
  const held = heldBy(units, wanted, o);
  if (typeof held === "string") return units.map(() => notTimed(held));
  const { slots, programs } = held;
  const points = units.flatMap((u, i) =>
    slots[i].rivals.length < 2 ? [] : pointsOf(u, slots[i], programs[0]),
  );
  const result = await time(jobOf(units, programs, points, o.arch));
  if ("failed" in result) return units.map(() => notTimed(`they did not run: ${result.failed}`));
  let next = 0;
  const told = units.map((u, i): ProgramsTold => {
    if (slots[i].rivals.length < 2) return alone;
    const times = result.times.slice(next, next + u.searched.points.length);
    next += times.length;
    return { kind: "timed", programs: ranked(u, slots[i], times) };
  });
  return confirmed(units, slots, programs, told, { ...o, time });
}

/** As many programs as memory holds, two at least; the reason where it doesn't hold these. */
function heldBy(
  units: readonly Unit[],
  all: readonly Slots[],
  { memory = freemem() / 2 }: FinalsOptions,
): { slots: readonly Slots[]; programs: readonly Program[] } | string {
  const most = Math.max(...all.map((s) => s.finalists.length));
  const programs = Array.from({ length: most }, (_, p) => programOf(units, slotOf(units, all, p)));
  const weights = weightsOf(units[0].model).bytes;
  // The checkpoint, and for each program its weights in its own layout.
  const own = weights + Math.max(...programs.map((p) => bytesOf(units[0].model, p)));
  const count = Math.min(most, Math.floor((memory - weights) / Math.max(1, own)));
  if (count < 2) {
    const [needed, there] = [weights + 2 * own, memory].map((b) => `${(b / 2 ** 30).toFixed(1)} GiB`);
    return `two of them with random weights take ${needed} of memory, and ${there} may be used`;
  }
  const slots = all.map((s) => ({
    finalists: s.finalists.slice(0, count),
    rivals: s.rivals.filter((r) => r < count),
  }));
  return { slots, programs: programs.slice(0, count) };
}

/** The finalists of a program, one of each search. */
const slotOf = (units: readonly Unit[], all: readonly Slots[], p: number): number[] =>
  units.map((_, i) => all[i].finalists[p] ?? all[i].finalists[0]);

/**
 * The fastest first, then by time; of several within the spread of their rounds, that with the faster kernels, which
 * are timed with less around them. One that was left out at a point is not among them.
 */
function ranked({ searched }: Unit, { finalists, rivals }: Slots, times: Times): TimedProgram[] {
  const isDirect = (r: number) => searched.finalists[finalists[r]].merits.includes("direct");
  const direct = times.map((at) => at[rivals.findIndex(isDirect)]!.median);
  const all = rivals.flatMap((r, k): TimedProgram[] => {
    const own = times.flatMap((at) => at[k] ?? []);
    if (own.length < times.length) return [];
    const finalist = finalists[r];
    const { merits } = searched.finalists[finalist];
    return [{ merits, finalist, times: own, share: meanShare(own, direct) }];
  });
  all.sort((a, b) => a.share - b.share);
  const level = all.filter((p) => p.share <= all[0].share * (1 + Math.max(spreadOf(p), spreadOf(all[0]))));
  const first = level.reduce((a, b) => (b.finalist < a.finalist ? b : a));
  return [first, ...all.filter((p) => p !== first)];
}

/** Half of what lies between the quartiles, as a share of the median: the mean over the points. */
const spreadOf = ({ times }: TimedProgram): number =>
  times.reduce((sum, t) => sum + (t.high - t.low) / (2 * t.median), 0) / times.length;

type Times = readonly (readonly (ProgramTime | undefined)[])[];

const meanShare = (own: readonly ProgramTime[], direct: readonly number[]): number =>
  own.reduce((sum, t, i) => sum + t.median / direct[i], 0) / own.length;

/**
 * The winners of several searches may never have been in one program, and they share the layout of the weights: they
 * are timed together once more, and where that is slower than the direct program, the best that was timed is taken.
 */
async function confirmed(
  units: readonly Unit[],
  slots: readonly Slots[],
  programs: readonly Program[],
  told: readonly ProgramsTold[],
  o: FinalsOptions & { readonly time: NonNullable<Measurer["programs"]> },
): Promise<ProgramsTold[]> {
  const won = told.map((t) => (t.kind === "timed" ? t.programs[0].finalist : 0));
  const known = [...programs.keys()].map((p) => slotOf(units, slots, p));
  if (known.some((k) => k.every((f, i) => f === won[i]))) return [...told];
  const both = [programOf(units, won), programs[directSlot]];
  const points = units.flatMap((u) => pointsOf(u, { rivals: [0, 1] }, both[0]));
  const result = await o.time(jobOf(units, both, points, o.arch));
  if ("failed" in result || holds(units, result)) return [...told];
  const fair = known.filter((k) => told.every((t, i) => shareIn(t, k[i]) <= 1 + spread));
  const total = (k: readonly number[]) => told.reduce((sum, t, i) => sum + shareIn(t, k[i]), 0);
  const best = fair.reduce((a, b) => (total(b) < total(a) ? b : a), known[directSlot]);
  return told.map((t, i): ProgramsTold => {
    if (t.kind !== "timed") return t;
    const first = t.programs.find((p) => p.finalist === best[i])!;
    return { kind: "timed", programs: [first, ...t.programs.filter((p) => p !== first)] };
  });
}

function holds(units: readonly Unit[], { times }: TimedPrograms & { readonly times: Times }): boolean {
  let next = 0;
  return units.every((u) => {
    const own = times.slice(next, next + u.searched.points.length);
    next += own.length;
    const direct = own.map((at) => at[1]!.median);
    return (
      meanShare(
        own.map((at) => at[0]!),
        direct,
      ) <=
      1 + spread
    );
  });
}

/** Infinity for one that was left out; 1 where there was nothing to compare. */
const shareIn = (t: ProgramsTold, finalist: number): number =>
  t.kind === "timed" ? (t.programs.find((p) => p.finalist === finalist)?.share ?? Infinity) : 1;
