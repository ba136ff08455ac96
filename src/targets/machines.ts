/** What the analytic cost model knows of a machine, as data. */
import type { Bounds } from "../ir/bounds.ts";
import type { Node } from "../ir/hlir.ts";
import type { Choice, Schedule } from "../ir/plan.ts";
import { binaryOps, unaryOps } from "../ops/index.ts";
import type { Load, Site } from "../search/cost.ts";
import { cpu } from "./cpu.ts";

/** Rates are of the whole machine at the threads given. */
export type Machine = {
  readonly name: string;
  readonly threads: number;
  /** A tensor that fits into `bytes` moves at `bytesPerSecond`; the last entry is memory itself. */
  readonly levels: readonly { readonly bytes: number; readonly bytesPerSecond: number }[];
  /** Floating-point operations of a blocked contraction in f32, a multiply-add counting as two. */
  readonly contractionRate: number;
  /** Of what, where that is not f32. */
  readonly contractionOf?: string;
  /** Units of an operation's `cost` in a loop that the compiler vectorizes, operands in cache. */
  readonly vectorRate: number;
  /** Rows and columns of the contraction's register tile: what is not a multiple is computed in part for nothing. */
  readonly tile: { readonly m: number; readonly n: number };
  /** Seconds from the start of one kernel on all threads to the start of the next, with nothing to do. */
  readonly launch: number;
  /** The same of a kernel that the calling thread runs alone; undefined where all kernels run everywhere. */
  readonly call?: number;
  /** Units of an operation by name, `sum` for a term of a sum; the registry's costs for what is not here. */
  readonly work?: Readonly<Record<string, number>>;
  /** Rows up to which a contraction streams its right factor, with no tile of rows to fill. */
  readonly streamedRows?: number;
  /** What a kernel has to do, where that isn't counted as on a CPU. */
  readonly loadOf?: (choice: Choice, site: Site) => Load;
  /** Other ways to run a kernel than its target would take, where they are not those of the CPU's engine. */
  readonly schedulesOf?: (
    choice: Choice,
    bounds: Bounds,
    isStored: (n: Node) => boolean,
  ) => readonly Schedule[];
};

/** Units of every operation, from those measured: others that cost more than an addition grow alike. */
export function elementWork(measured: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const all = [...unaryOps.values(), ...binaryOps.values()].filter((op) => op.cost > 1);
  const growth = all.flatMap((op) => (op.name in measured ? [Math.log(measured[op.name] / op.cost)] : []));
  const mean = Math.exp(growth.reduce((sum, g) => sum + g, 0) / Math.max(1, growth.length));
  return { ...Object.fromEntries(all.map((op) => [op.name, op.cost * mean])), ...measured };
}

/**
 * A server core pair with AVX2 at about 3 GHz. The figures were read off one machine by the project's own
 * benchmarks; `lumc doctor --calibrate` measures the machine at hand.
 */
export const genericCpu: Machine = {
  name: "x86-64-v3, 2 threads",
  threads: 2,
  levels: [
    { bytes: 512 << 10, bytesPerSecond: 120e9 },
    { bytes: 8 << 20, bytesPerSecond: 50e9 },
    { bytes: Infinity, bytesPerSecond: 20e9 },
  ],
  contractionRate: 170e9,
  vectorRate: 50e9,
  tile: { m: 6, n: 16 },
  launch: 1e-6,
  call: 30e-9,
  work: elementWork({
    sum: 3.1,
    div: 3.3,
    sqrt: 5.6,
    exp: 13,
    log: 18,
    tanh: 24,
    sigmoid: 17,
    erf: 35,
    sin: 39,
  }),
  streamedRows: cpu.streamedRows,
};
