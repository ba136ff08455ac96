/** What `lumc doctor --calibrate` has measured of this machine, and the cost model's machine that follows from it. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Diagnostic, diagnostic } from "../diagnostics.ts";
import { cacheFolder } from "../emit/cache-folder.ts";
import { sha256 } from "../emit/object-cache.ts";
import { elementWork, genericCpu, type Machine } from "./machines.ts";

export type Calibration = {
  readonly version: 1;
  readonly processor: string;
  /** Bytes of the data caches: the first two of each core, the third of all. */
  readonly caches: readonly [number, number, number];
  /** Seconds an element of an operation in a vectorized loop in cache, by its name; `sum` is a row's. */
  readonly elements: Readonly<Record<string, number>>;
  readonly threads: readonly ThreadsCalibration[];
};

/** What so many threads do together. */
export type ThreadsCalibration = {
  readonly threads: number;
  /** Floating-point operations a second: multiply-adds in registers, and of the contraction engine. */
  readonly peakRate: number;
  readonly contractionRate: number;
  /** Seconds to start the threads and wait for all of them. */
  readonly fork: number;
  /** Bytes read a second, by what is read again and again. */
  readonly reads: readonly { readonly bytes: number; readonly bytesPerSecond: number }[];
};

export const calibrationPath = (): string => join(cacheFolder(), "machine.json");

export function writeCalibration(c: Calibration, path = calibrationPath()): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify(c, null, 2)}\n`);
  renameSync(beside, path);
}

/** Nothing where the machine was never calibrated. */
export function readCalibration(path = calibrationPath()): { found?: Calibration; problem?: Diagnostic } {
  if (!existsSync(path)) return {};
  try {
    const c = JSON.parse(readFileSync(path, "utf8")) as Calibration;
    const reason = faultOf(c);
    return reason === undefined
      ? { found: c }
      : { problem: diagnostic("LUM4504", undefined, { path, reason }) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problem: diagnostic("LUM4504", undefined, { path, reason }) };
  }
}

const positive = (x: unknown): boolean => typeof x === "number" && Number.isFinite(x) && x > 0;

function faultOf(c: Calibration): string | undefined {
  if (c?.version !== 1) return `its version is ${c?.version}, not 1`;
  if (c.caches?.length !== 3 || !c.caches.every(positive)) return "its caches are not three sizes";
  if (!Object.values(c.elements ?? {}).every(positive) || !positive(c.elements?.sum))
    return "an element takes no time";
  if (!Array.isArray(c.threads) || c.threads.length === 0) return "no number of threads was measured";
  const whole = c.threads.every(
    (t) =>
      [t.threads, t.peakRate, t.contractionRate, t.fork].every(positive) &&
      t.reads?.length === 4 &&
      t.reads.every(
        (r: ThreadsCalibration["reads"][number]) => positive(r.bytes) && positive(r.bytesPerSecond),
      ),
  );
  return whole ? undefined : "a rate is missing";
}

/** The machine at a number of threads: of those measured the nearest one below. */
export function machineOf(c: Calibration, threads = Infinity): Machine {
  const sorted = [...c.threads].sort((a, b) => a.threads - b.threads);
  const at = sorted.findLast((t) => t.threads <= threads) ?? sorted[0];
  const [, second, third] = c.caches;
  const [, inSecond, inThird, inMemory] = at.reads.map((r) => r.bytesPerSecond);
  return {
    name: `${c.processor}, ${at.threads} threads, calibrated ${sha256(JSON.stringify(c)).slice(0, 8)}`,
    threads: at.threads,
    // A kernel's tensors share a cache with one another, so that each has but a part of it.
    levels: [
      { bytes: (second * at.threads) / 2, bytesPerSecond: inSecond },
      { bytes: third / 2, bytesPerSecond: Math.min(inSecond, inThird) },
      { bytes: Infinity, bytesPerSecond: Math.min(inSecond, inThird, inMemory) },
    ],
    contractionRate: at.contractionRate,
    // An addition with its loads and its store is the unit.
    vectorRate: at.threads / c.elements.add,
    tile: genericCpu.tile,
    launch: at.fork,
    call: sorted[0].fork,
    work: elementWork(
      Object.fromEntries(Object.entries(c.elements).map(([name, s]) => [name, s / c.elements.add])),
    ),
    streamedRows: genericCpu.streamedRows,
  };
}

/** This machine as it was calibrated, the generic one where it wasn't; a file that can't be used is told to `report`. */
export function machineHere(threads?: number, report: (d: Diagnostic) => void = () => {}): Machine {
  const { found, problem } = readCalibration();
  if (problem !== undefined) report(problem);
  return found === undefined ? genericCpu : machineOf(found, threads);
}
