/** About how long a GPU takes to find the greatest of rows, whole or in parts, as cuda-cost.ts has it of other kernels. */
import { type CudaArch, cuda } from "./cuda.ts";
import { bandwidthOf, blockSeconds, launchSeconds, memoryLatency } from "./cuda-cost.ts";

export type SelectionWork = {
  readonly rows: number;
  readonly terms: number;
  /** Positions that are wanted of each row. */
  readonly count: number;
  /** Bytes that are read for a value. */
  readonly bytes: number;
};

/** Passes over a row: its keys are counted by their first digit, then the candidates are collected. */
const passes = 2;

/** Values that a thread has under way. */
const atOnce = 4;

/** Threads of a block whose rows stay whole and are long. */
export const selectionThreads = 1024;

/** Bytes that come with one that lies alone. */
const sector = 32;

/** Seconds from the last pass to the end: the digit is found, the candidates are sorted, a barrier each step. */
const sorting = 2e-6;

/** A split must promise this much: it takes room, and a kernel more. */
const splitPenalty = 1.1;

function stageSeconds(blocks: number, threads: number, w: { terms: number; bytes: number }, arch: CudaArch) {
  const resident = arch.multiprocessors * Math.floor(arch.threadsPerMultiprocessor / threads);
  const underWay = Math.min(blocks, resident) * threads * atOnce * Math.min(w.bytes, sector);
  const streaming = (passes * blocks * w.terms * w.bytes) / bandwidthOf(arch, underWay);
  return launchSeconds + blockSeconds + passes * memoryLatency + sorting + streaming;
}

/** Seconds of the kernels that find them in so many parts of each row, a block each, and then among what the parts found. */
export function selectionSeconds(w: SelectionWork, parts: number, arch: CudaArch): number {
  const { rows, terms, count, bytes } = w;
  if (parts === 1) return stageSeconds(rows, selectionThreads, w, arch);
  const first = stageSeconds(rows * parts, cuda.threads, { terms: terms / parts, bytes }, arch);
  const found = { terms: parts * count, bytes: sector + bytes };
  return (first + stageSeconds(rows, cuda.threads, found, arch)) * splitPenalty;
}

/** Parts of a row with which it takes the least time; 1: it stays a block's work. A part is several times what is wanted. */
export function selectionParts(w: SelectionWork, arch: CudaArch): number {
  const least = Math.max(cuda.leastPiece, 4 * w.count);
  const most = Math.min(cuda.mostPieces, Math.floor(w.terms / least));
  let best = 1;
  for (let parts = 2; parts <= most; parts *= 2)
    if (selectionSeconds(w, parts, arch) < selectionSeconds(w, best, arch)) best = parts;
  return best;
}
