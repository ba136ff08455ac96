/** What must hold of Llir: calls fit their kernels, nothing is read before it is written, memory holds what it must. */
import { type Bounds, upperBound } from "./bounds.ts";
import { bucketText } from "./bucket.ts";
import { byteSize } from "./dtype.ts";
import {
  type Argument,
  type LEntry,
  type Place,
  type Program,
  type Routine,
  routinesOf,
  type Step,
  type Temporary,
} from "./llir.ts";
import { multiply, one } from "./poly.ts";

/** Throws with every fault that it finds; `step` is the one that made the program. */
export function checkLlir(program: Program, step: string): void {
  const faults: string[] = [];
  for (const entry of program.entries)
    for (const routine of routinesOf(entry, program)) {
      const bucket = routine.bucket === undefined ? "" : ` for ${bucketText(routine.bucket)}`;
      checkRoutine(program, entry, routine, (text) => faults.push(`${entry.name}${bucket}: ${text}`));
    }
  const names = program.kernels.map((k) => k.name);
  if (new Set(names).size !== names.length) faults.push("two kernels have one name");
  if (faults.length > 0) throw new Error(`after ${step}, Llir is wrong:\n  ${faults.join("\n  ")}`);
}

type Report = (fault: string) => void;

function checkRoutine(program: Program, entry: LEntry, routine: Routine, report: Report): void {
  for (const t of routine.temporaries) checkSize(program, t, routine.bounds, report);
  checkOrder(program, entry, routine, report);
  checkOverlap(program, routine, report);
}

function checkSize(program: Program, t: Temporary, bounds: Bounds, report: Report): void {
  if (t.offset % 64 !== 0) report(`${t.name} is not aligned`);
  if (t.offset + t.bytes > program.arenaBytes) report(`${t.name} ends beyond the arena`);
  const whole = upperBound(multiply(one, ...t.shape), bounds);
  const apart = t.shape
    .map((p) => upperBound(p, bounds) ?? Number.POSITIVE_INFINITY)
    .reduce((a, b) => a * Math.max(0, b), 1);
  const needed = Math.min(whole ?? Number.POSITIVE_INFINITY, apart) * byteSize(t.dtype);
  if (!(t.bytes >= needed)) report(`${t.name} has ${t.bytes} bytes and needs ${needed}`);
}

const placeKey = (p: Place): string => (p.kind === "scratch" ? `scratch ${p.offset}` : `${p.kind} ${p.name}`);

/** Every call fits its kernel; temporaries and outputs are written before they are read, outputs at all. */
function checkOrder(program: Program, entry: LEntry, routine: Routine, report: Report): void {
  const kernels = new Map(program.kernels.map((k) => [k.name, k]));
  const written = new Set<string>();
  const visit = (steps: readonly Step[]): void => {
    for (const s of steps) {
      if (s.kind === "loop") {
        visit(s.steps);
        continue;
      }
      const kernel = kernels.get(s.kernel);
      if (kernel === undefined) {
        report(`${s.kernel} is no kernel`);
        continue;
      }
      const params = kernel.params.filter((p) => p.kind === "pointer" || p.kind === "size");
      if (params.length !== s.args.length)
        report(`${s.kernel} takes ${params.length} arguments, not ${s.args.length}`);
      const mutable: string[] = [];
      for (const [i, p] of params.entries()) {
        const a: Argument | undefined = s.args[i];
        if (a === undefined) break;
        if ((p.kind === "pointer") !== (a.kind === "place"))
          report(`${s.kernel}: ${p.name} is given a ${a.kind}`);
        if (a.kind !== "place" || p.kind !== "pointer") continue;
        const key = placeKey(a.place);
        const givesValue = a.place.kind === "input" || a.place.kind === "weight" || a.place.kind === "state";
        if (p.mutable) mutable.push(key);
        if (p.mutable && (a.place.kind === "input" || a.place.kind === "weight"))
          report(`${s.kernel} writes ${key}`);
        if (!p.mutable && !givesValue && !written.has(key))
          report(`${s.kernel} reads ${key} before it is written`);
      }
      const all = s.args.flatMap((a) => (a.kind === "place" ? [placeKey(a.place)] : []));
      if (new Set(all).size !== all.length) report(`${s.kernel} is given the same memory twice`);
      for (const key of mutable) written.add(key);
    }
  };
  visit(routine.steps);
  for (const o of entry.outputs)
    if (!written.has(`output ${o.name}`)) report(`output ${o.name} is never written`);
  for (const t of entry.taps) if (!written.has(`tap ${t.name}`)) report(`tap ${t.name} is never written`);
}

/**
 * No call writes memory that another live tensor has: the calls are gone through as they run, loops twice, and
 * each byte remembers who wrote it last.
 */
function checkOverlap(program: Program, routine: Routine, report: Report): void {
  const kernels = new Map(program.kernels.map((k) => [k.name, k]));
  const temporaries = new Map(routine.temporaries.map((t) => [t.name, t]));
  const owners = new Map<string, Temporary>();
  const broken = new Set<string>();
  const visit = (steps: readonly Step[]): void => {
    for (const s of steps) {
      if (s.kind === "loop") {
        visit(s.steps);
        visit(s.steps);
        continue;
      }
      const params =
        kernels.get(s.kernel)?.params.filter((p) => p.kind !== "workspace" && p.kind !== "check") ?? [];
      const used = s.args.flatMap((a, i) => {
        const t =
          a.kind === "place" && a.place.kind === "temporary" ? temporaries.get(a.place.name) : undefined;
        const p = params[i];
        return t !== undefined && p?.kind === "pointer" ? [{ t, writes: p.mutable }] : [];
      });
      for (const { t, writes } of used)
        if (!writes && owners.get(t.name) === undefined)
          broken.add(`${s.kernel} reads ${t.name}, overwritten before`);
      for (const a of used)
        for (const b of used)
          if (a.writes && a.t !== b.t && overlap(a.t, b.t))
            broken.add(`${s.kernel}: ${a.t.name} and ${b.t.name} overlap`);
      for (const { t, writes } of used) {
        if (!writes) continue;
        for (const other of [...owners.values()])
          if (other !== t && overlap(other, t)) owners.delete(other.name);
        owners.set(t.name, t);
      }
    }
  };
  visit(routine.steps);
  for (const text of broken) report(text);
}

const overlap = (a: Temporary, b: Temporary): boolean =>
  a.bytes > 0 && b.bytes > 0 && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
