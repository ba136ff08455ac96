/**
 * About how long kernels take on an NVIDIA GPU, from what its maker publishes: which of two ways is quicker, for the
 * scheduler, which cuts products by it, and for the search. Only ratios are meant; no GPU was timed for it.
 */
import { type CudaArch, cuda, rowBytesOfAll } from "./cuda.ts";

/** Seconds from the end of one kernel of a graph to the start of the next. */
export const launchSeconds = 1.3e-6;

/** Seconds that a load from memory takes on its way: bytes under way ÷ this bounds the bandwidth (Little's law). */
export const memoryLatency = 7e-7;

/** The second-level cache's bandwidth as a multiple of the memory's: no data sheet has it. */
export const cacheSpeed = 2.5;

/** Share of the memory's published bandwidth that a copy gets. */
const streamShare = 0.92;

/** Seconds for a block to start, and to write its results at the end. */
export const blockSeconds = 1e-6;

/** Share of what is not the longest that doesn't hide behind it. */
const exposed = 0.1;

/** A split must promise this much: it takes room, and a kernel more. */
const splitPenalty = 1.1;

const registersPerMultiprocessor = 1 << 16;

/** sum over k of a * b for every (m, n) of every item, at the largest sizes. */
export type ProductWork = {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Bytes of an element, where it is read from. */
  readonly aBytes: number;
  readonly bBytes: number;
  /** The factor of f32 that tensor cores multiply as two of bf16. */
  readonly inParts?: "a" | "b";
};

/** One way of cutting a product into blocks' work. */
export type Cut = {
  readonly engine: "mma" | "tf32" | "fma" | "skinny";
  readonly rows: number;
  readonly columns: number;
  /** Of the summed axis in one step, and steps in shared memory at a time; a streamed one has what its lanes load. */
  readonly depth: number;
  readonly stages: number;
  readonly threads: number;
  readonly registers: number;
  readonly sharedBytes: number;
  readonly parts: number;
  /** Share of the engine's rate that this cut's inner loop gets. */
  readonly share: number;
};

/** Blocks of a cut that a multiprocessor holds at a time. */
export function residentBlocks(c: Cut, arch: CudaArch): number {
  const byThreads = arch.threadsPerMultiprocessor / c.threads;
  const byShared = arch.sharedBytes / (c.sharedBytes + 1024);
  const byRegisters = registersPerMultiprocessor / (c.registers * c.threads);
  return Math.max(1, Math.floor(Math.min(byThreads, byShared, byRegisters, 32)));
}

/** Bytes a second with so many under way. */
export const bandwidthOf = (arch: CudaArch, underWay: number): number =>
  Math.min(arch.memoryBytesPerSecond * streamShare, underWay / memoryLatency);

export function productSeconds(w: ProductWork, c: Cut, arch: CudaArch): number {
  const streamed = c.engine === "skinny";
  const steps = Math.ceil(Math.ceil(w.k / c.depth) / c.parts);
  const depth = streamed ? Math.min(w.k, steps * c.depth) : steps * c.depth;
  const tiles = w.batch * c.parts * Math.ceil(w.m / c.rows) * Math.ceil(w.n / c.columns);
  const { multiprocessors, memoryBytesPerSecond } = arch;
  const resident = residentBlocks(c, arch);
  const atOnce = Math.min(tiles, multiprocessors * resident);

  // The fullest multiprocessor has its share of the rate for all its tiles, whatever the others do.
  const rate = (engineRate(c, arch) * c.share) / multiprocessors;
  const products = c.engine === "mma" && w.inParts !== undefined ? 2 : 1;
  const tileWork = products * 2 * (streamed ? w.m : c.rows) * c.columns * depth;
  const computing = (Math.ceil(tiles / multiprocessors) * tileWork) / rate;

  // Few rows stay in the first-level cache.
  const [rows, columns] = [Math.min(c.rows, w.m), Math.min(c.columns, w.n)];
  const across = (streamed ? 0 : rows * w.aBytes) + columns * w.bBytes;
  const bytes = w.batch * (w.m * w.k * w.aBytes + w.n * w.k * w.bBytes + w.m * w.n * 2);
  const underWay = atOnce * (c.stages - 1) * across * c.depth;
  const streaming = bytes / bandwidthOf(arch, underWay);
  const again = (tiles * depth * across) / (memoryBytesPerSecond * cacheSpeed);

  const rounds = Math.ceil(tiles / (multiprocessors * resident));
  const waiting = rounds * memoryLatency * (0.5 + steps / (c.stages - 1) / 4);
  const all = [computing, streaming, again, waiting];
  const sum = all.reduce((a, b) => a + b, 0);
  const seconds = Math.max(...all) * (1 - exposed) + sum * exposed + blockSeconds;
  return (seconds + combining(w, c, arch)) * (c.parts > 1 ? splitPenalty : 1) + launchSeconds;
}

/** The kernel that adds up the parts, which lie in the cache. */
function combining(w: ProductWork, c: Cut, arch: CudaArch): number {
  if (c.parts === 1) return 0;
  const bytes = 8 * c.parts * w.batch * w.m * w.n;
  return launchSeconds + blockSeconds + bytes / (arch.memoryBytesPerSecond * cacheSpeed);
}

/** Operations a second of `mma.sync`, which newer parts run slower than their own instructions; or of multiply-adds. */
function engineRate(c: Cut, arch: CudaArch): number {
  if (c.engine === "tf32") return arch.tf32Rate * arch.mmaShare;
  return c.engine === "mma" ? arch.halfRate * arch.mmaShare : arch.f32Rate;
}

/** Rows that are folded, as far as it decides into how many parts each is cut. */
export type RowWork = {
  readonly rows: number;
  readonly terms: number;
  /** Bytes of an element. */
  readonly bytes: {
    /** Of what is read and written, each tensor once: where a row stays on the chip. */
    readonly once: number;
    /** Where each loop over a row reads again, and where each kernel does, whose blocks keep their part of it. */
    readonly inLoops: number;
    readonly inKernels: number;
    /** Of what more than one loop reads. */
    readonly kept: number;
  };
  /** Kernels where a row is in parts, each of which waits for all parts of the one before. */
  readonly kernels: number;
  /** What is counted as rows are columns, as many beside each other as a warp has lanes. */
  readonly columns?: boolean;
};

/** Bytes that a thread of a row has under way: four vectors; and one of a column: four elements. */
const rowFlight = 64;
const columnFlight = 16;

/** Blocks of a multiprocessor that have enough under way. */
const rowBlocks = 2;
const columnBlocks = 8;

/** Bytes that rows in so many parts move, of each element. */
export const rowBytes = ({ terms, bytes }: RowWork, parts: number): number => {
  if (parts > 1) return bytes.inKernels;
  return terms * bytes.kept <= rowBytesOfAll ? bytes.once : bytes.inLoops;
};

/** Seconds of kernels that fold rows in so many parts, a block each. */
export function rowSeconds(w: RowWork, parts: number, arch: CudaArch): number {
  const { rows, terms, kernels } = w;
  const resident = arch.multiprocessors * (arch.threadsPerMultiprocessor / cuda.threads);
  const flight = w.columns ? columnFlight : rowFlight;
  const underWay = Math.min(rows * parts, resident) * cuda.threads * flight;
  const streaming = (rows * terms * rowBytes(w, parts)) / bandwidthOf(arch, underWay);
  const started = launchSeconds + blockSeconds + memoryLatency;
  return parts === 1 ? streaming + started : (streaming + kernels * started) * splitPenalty;
}

/** Parts of a row with which the rows take the least time; 1: it stays a block's work. */
export function quickestParts(w: RowWork, arch: CudaArch): number {
  const toFill = Math.floor(((w.columns ? columnBlocks : rowBlocks) * arch.multiprocessors) / w.rows);
  const toFit = Math.ceil((w.terms * w.bytes.kept) / cuda.pieceBytes);
  const most = Math.min(Math.floor(w.terms / cuda.leastPiece), cuda.mostPieces);
  const candidates = [1, ...[toFill, toFit].map((p) => Math.min(p, most)).filter((p) => p > 1)];
  const seconds = candidates.map((parts) => rowSeconds(w, parts, arch));
  return candidates[seconds.indexOf(Math.min(...seconds))];
}
