/**
 * The end of `--measure`: what a sum of kernels' times leaves out, caches shared and threads woken, is in a whole
 * program's. The finalists of each search are compiled as programs and timed in turn, and the fastest is taken; the
 * direct plan is always among them, so that nothing slower than it is.
 */
import { freemem } from "node:os";
import { backends } from "../../backends.ts";
import { noChoices } from "../../emit/project.ts";
import { type Bucket, bucketText } from "../../ir/bucket.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Hlir } from "../../ir/hlir.ts";
import type { Program } from "../../ir/llir.ts";
import { constantOf } from "../../ir/poly.ts";
import { modelSpec } from "../../loader/spec.ts";
import { indexLimits } from "../../verify.ts";
import { requiredTensors } from "../../weights/required.ts";
import type { Searched } from "../search.ts";
import type { Measurer } from "./measure.ts";
import type { JobCall } from "./program-job.ts";
import type { ProgramPoint, Programs, ProgramTime } from "./programs.ts";
import { type RandomTensor, weightsBytes } from "./random-weights.ts";
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

/** One search: the general one, or a bucket's. */
export type Unit = {
  readonly bucket: Bucket | undefined;
  readonly model: Hlir;
  readonly searched: Searched;
};

export type FinalsOptions = {
  readonly measurer: Measurer;
  readonly arch?: string;
  /** Bytes that the programs may take, weights and all: half of what is free by default. */
  readonly memory?: number;
};

/** The searches again, with the plans that were fastest as whole programs. The general one comes first. */
export async function finals(units: readonly Unit[], o: FinalsOptions): Promise<Searched[]> {
  const started = performance.now();
  const told = await compare(units, o);
  const ms = (performance.now() - started) / units.length;
  return units.map(({ searched }, i): Searched => {
    const programs = told[i];
    const rows = programs.kind === "timed" ? programs.programs.length : 0;
    const phases = [...searched.phases, { name: "measure programs", ms, rows }];
    const chosen = programs.kind === "timed" ? searched.finalists[programs.programs[0].finalist] : undefined;
    if (chosen === undefined) return { ...searched, programs, phases };
    const { merits: _, ...finding } = chosen;
    return { ...searched, ...finding, programs, phases };
  });
}

async function compare(units: readonly Unit[], o: FinalsOptions): Promise<ProgramsTold[]> {
  const notTimed = (reason: string) => units.map((): ProgramsTold => ({ kind: "not timed", reason }));
  if (o.measurer.programs === undefined) return notTimed("kernels alone are timed here");
  const all = units.map(slotsOf);
  if (all.every((s) => s.rivals.length < 2)) return notTimed("the direct plan is the only one left");
  const held = heldBy(units, all, o);
  if (typeof held === "string") return notTimed(held);
  const { slots, programs } = held;
  const points = units.flatMap((u, i) =>
    slots[i].rivals.length < 2 ? [] : pointsOf(u, slots[i], programs[0]),
  );
  const result = await o.measurer.programs(jobOf(units, programs, points, o));
  if ("failed" in result) return notTimed(`they did not run: ${result.failed}`);
  let next = 0;
  return units.map((u, i): ProgramsTold => {
    if (slots[i].rivals.length < 2)
      return { kind: "not timed", reason: "the direct plan is the only one left" };
    const times = result.times.slice(next, (next += u.searched.points.length));
    return { kind: "timed", programs: ranked(u, slots[i], times) };
  });
}

/** Which finalist each program has of a search: that of the fastest kernels, the direct plan, then the others. */
type Slots = {
  readonly finalists: readonly number[];
  /** Programs that differ here. */
  readonly rivals: readonly number[];
};

function slotsOf({ searched: { finalists } }: Unit): Slots {
  const direct = finalists.findIndex((f) => f.merits.includes("direct"));
  if (direct < 0) throw new Error("the direct plan is not among the finalists");
  const others = [...finalists.keys()].filter((i) => i !== 0 && i !== direct);
  const slots = [0, direct, ...others];
  return { finalists: slots, rivals: [...slots.keys()].filter((p) => p !== 1 || direct !== 0) };
}

/** As many programs as memory holds, the first two at least; the reason where it doesn't hold these. */
function heldBy(
  units: readonly Unit[],
  all: readonly Slots[],
  { memory = freemem() / 2 }: FinalsOptions,
): { slots: readonly Slots[]; programs: readonly Program[] } | string {
  const most = Math.max(...all.map((s) => s.finalists.length));
  const programs = Array.from({ length: most }, (_, p) => programOf(units, all, p));
  const weights = weightsBytes(tensorsOf(units[0].model));
  const own = Math.max(...programs.map((p) => p.arenaBytes)) + stateBytes(units[0].model);
  // The checkpoint, and for each program its weights in its own layout.
  const count = Math.min(most, Math.floor((memory - weights) / Math.max(1, weights + own)));
  if (count < 2) {
    const [needed, there] = [weights + 2 * (weights + own), memory].map(
      (b) => `${(b / 2 ** 30).toFixed(1)} GiB`,
    );
    return `two programs and random weights for them take ${needed}, and ${there} may be used`;
  }
  const slots = all.map((s) => ({
    finalists: s.finalists.slice(0, count),
    rivals: s.rivals.filter((r) => r < count),
  }));
  return { slots, programs: programs.slice(0, count) };
}

function programOf(
  [general, ...buckets]: readonly Unit[],
  [first, ...others]: readonly Slots[],
  p: number,
): Program {
  const planOf = (u: Unit, s: Slots) => u.searched.finalists[s.finalists[p] ?? s.finalists[0]].plan;
  return backends.cpu.schedule(
    planOf(general, first),
    buckets.map((u, i) => ({ bucket: u.bucket!, plan: planOf(u, others[i]) })),
  );
}

const tensorsOf = (model: Hlir): RandomTensor[] =>
  requiredTensors(model).map(({ name, shape, dtype }) => ({ name, shape, dtype: dtype as DType }));

const stateBytes = (model: Hlir): number =>
  model.states.reduce(
    (sum, s) => sum + s.shape.reduce((n, p) => n * (constantOf(p) ?? 0), byteSize(s.dtype)),
    0,
  );

function jobOf(
  units: readonly Unit[],
  programs: readonly Program[],
  points: readonly ProgramPoint[],
  { arch }: FinalsOptions,
): Programs {
  const { name: model, prefix } = modelSpec(programs[0]);
  const files = programs.map((p) => backends.cpu.emit(p, { arch, lock: noChoices }));
  return { model, prefix, files, weights: tensorsOf(units[0].model), points };
}

function pointsOf({ bucket, model, searched }: Unit, { rivals }: Slots, program: Program): ProgramPoint[] {
  const limits = new Map(model.entries.map((e) => [e.name, indexLimits(e)]));
  return searched.points.map(({ dims }) => {
    const calls = modelSpec(program).entries.map((e): JobCall => {
      const values = Object.fromEntries(
        e.dims.map((d) => [d.name, dims.get(d.name) ?? bucket?.get(d.name)?.low ?? 0]),
      );
      const tensor = ({ name, dtype, shape }: (typeof e.inputs)[number]) => ({
        name,
        dtype,
        shape: shape(values),
        limit: limits.get(e.name)?.get(name),
      });
      const [inputs, outputs] = [e.inputs.map(tensor), e.outputs.map(tensor)];
      return { entry: e.name, function: e.function, dims: Object.entries(values), inputs, outputs };
    });
    const sizes = [...dims].map(([name, value]) => `${name}=${value}`).join(",");
    const where = bucket === undefined ? "" : `bucket ${bucketText(bucket)} `;
    return { calls, rivals, text: `${where}${sizes === "" ? "at its sizes" : `at ${sizes}`}` };
  });
}

/** The fastest first. One that was left out at a point is not among them. */
function ranked(
  { searched }: Unit,
  { finalists, rivals }: Slots,
  times: readonly (readonly (ProgramTime | undefined)[])[],
): TimedProgram[] {
  const isDirect = (r: number) => searched.finalists[finalists[r]].merits.includes("direct");
  const direct = times.map((at) => at[rivals.findIndex(isDirect)]!.median);
  const all = rivals.flatMap((r, k): TimedProgram[] => {
    const own = times.flatMap((at) => at[k] ?? []);
    if (own.length < times.length) return [];
    const share = own.reduce((sum, t, i) => sum + t.median / direct[i], 0) / own.length;
    const finalist = finalists[r];
    return [{ merits: searched.finalists[finalist].merits, finalist, times: own, share }];
  });
  return all.sort((a, b) => a.share - b.share);
}
