/** What lowering and emission know of NVIDIA GPUs, as data. */
import { CompileError, diagnostic } from "../diagnostics.ts";
import type { Engine } from "./engine.ts";

export const cudaEngine: Engine = {
  target: "cuda",
  panels: false,
  windows: true,
  filters: false,
  bytes: true,
};

/**
 * One architecture. Limits: CUDA C++ Programming Guide, table "Technical specifications per compute capability".
 * Rates: the dense figures of NVIDIA's data sheets for the part named, at boost clocks; a multiply-add counts as two.
 */
export type CudaArch = {
  readonly name: string;
  /** The part that the rates are of. */
  readonly part: string;
  readonly multiprocessors: number;
  readonly threadsPerMultiprocessor: number;
  /** Of shared memory: for all blocks of a multiprocessor, and for one that asks for it. */
  readonly sharedBytes: number;
  readonly sharedBytesPerBlock: number;
  readonly l2Bytes: number;
  readonly memoryBytesPerSecond: number;
  readonly f32Rate: number;
  /** On tensor cores, accumulated in f32. */
  readonly tf32Rate: number;
  readonly halfRate: number;
  /** About the share of that rate which mma.sync reaches, where the part has other instructions for all of it. */
  readonly mmaShare: number;
  /** Whether conversions from and to f8 are instructions. */
  readonly f8: boolean;
  /** What was asked for with it; nothing in the table below. */
  readonly allowed?: ReadonlySet<Permission>;
};

/**
 * What takes less time and is less exact than the language promises, so that somebody must ask for it. tf32: factors of
 * f32 rounded to TF32's 10 digits of a fraction, for tensor cores.
 */
export const permissions = ["tf32"] as const;
export type Permission = (typeof permissions)[number];

/** A100 80GB SXM, GA10x and AD10x whitepapers, H100 SXM, B200 data sheets. */
export const cudaArchs: readonly CudaArch[] = [
  {
    name: "sm_80",
    part: "A100 80 GB",
    multiprocessors: 108,
    threadsPerMultiprocessor: 2048,
    sharedBytes: 164 << 10,
    sharedBytesPerBlock: 163 << 10,
    l2Bytes: 40 << 20,
    memoryBytesPerSecond: 2.039e12,
    f32Rate: 19.5e12,
    tf32Rate: 156e12,
    halfRate: 312e12,
    mmaShare: 1,
    f8: false,
  },
  {
    name: "sm_86",
    part: "RTX 3090",
    multiprocessors: 82,
    threadsPerMultiprocessor: 1536,
    sharedBytes: 100 << 10,
    sharedBytesPerBlock: 99 << 10,
    l2Bytes: 6 << 20,
    memoryBytesPerSecond: 0.936e12,
    f32Rate: 35.6e12,
    tf32Rate: 35.6e12,
    halfRate: 71e12,
    mmaShare: 1,
    f8: false,
  },
  {
    name: "sm_89",
    part: "RTX 4090",
    multiprocessors: 128,
    threadsPerMultiprocessor: 1536,
    sharedBytes: 100 << 10,
    sharedBytesPerBlock: 99 << 10,
    l2Bytes: 72 << 20,
    memoryBytesPerSecond: 1.008e12,
    f32Rate: 82.6e12,
    tf32Rate: 82.6e12,
    halfRate: 165.2e12,
    mmaShare: 1,
    f8: true,
  },
  {
    name: "sm_90a",
    part: "H100 80 GB SXM",
    multiprocessors: 132,
    threadsPerMultiprocessor: 2048,
    sharedBytes: 228 << 10,
    sharedBytesPerBlock: 227 << 10,
    l2Bytes: 50 << 20,
    memoryBytesPerSecond: 3.35e12,
    f32Rate: 66.9e12,
    tf32Rate: 494.7e12,
    halfRate: 989.4e12,
    mmaShare: 0.62,
    f8: true,
  },
  {
    name: "sm_100a",
    part: "B200",
    multiprocessors: 148,
    threadsPerMultiprocessor: 2048,
    sharedBytes: 228 << 10,
    sharedBytesPerBlock: 227 << 10,
    l2Bytes: 126 << 20,
    memoryBytesPerSecond: 8e12,
    f32Rate: 75e12,
    tf32Rate: 1.1e15,
    halfRate: 2.25e15,
    mmaShare: 0.3,
    f8: true,
  },
];

/** Shared memory that a block may ask for on every architecture: what comes out runs on any. */
export const sharedBytesOfAll = Math.min(...cudaArchs.map((a) => a.sharedBytesPerBlock));

/** Of it, what rows may stay in: beside what the warps of a block meet through. */
export const rowBytesOfAll = sharedBytesOfAll - 512;

/** Sizes that decide between two ways of running a kernel. */
export const cuda = {
  warp: 32,
  /** Threads of a grid at most, as launch.cuh sees to. */
  mostThreads: 1 << 24,
  /** Threads of a block for grid loops and rows. */
  threads: 256,
  /** Elements of a row up to which a warp has it to itself. */
  warpRow: 512,
  /** Terms up to which a thread folds a reduction alone. */
  fewTerms: 16,
  /** Sides of the tiles that what is read across the lines written goes through, and elements from which it does. */
  tileSide: 32,
  leastSide: 16,
  leastTiled: 1 << 12,
  /** Bytes between neighbours from which they are no neighbours: another sector each. */
  farApart: 32,
  /** Rows of a product up to which the right factor may be streamed (`skinny` in gemv.cuh), always is, and columns there. */
  skinnyRows: 8,
  streamedRows: 2,
  skinnyColumns: 32,
  /** Shared memory that the rows of a streamed product may take. */
  stagedBytes: 40 << 10,
  /** Most parts of a summed axis, and of the keys of an attention. */
  mostParts: 16,
  mostKeyParts: 64,
  /** Room that the parts of a sum may take. */
  splitBytes: 64 << 20,
  /** Keys of a part at the least, where there are as many. */
  keysOfPart: 64,
  /** Rows of an attention's item up to which those of its group are one tile's. */
  packedRows: 16,
  /** Width of queries, and of values, up to which the attention kernel has room on the chip. */
  attentionWidth: 256,
  /** Elements of a part of a row at the least, and parts of one at most: where many blocks have a row. */
  leastPiece: 1 << 11,
  mostPieces: 512,
  /** Bytes of a part that a block keeps in its registers. */
  pieceBytes: 1 << 15,
} as const;

export const defaultCudaArch = "sm_90a";

/** Throws LUM5008 where there is none of that name. */
export function cudaArchOf(name: string, allowed: readonly Permission[] = []): CudaArch {
  const found = cudaArchs.find((a) => a.name === name);
  if (found !== undefined) return allowed.length === 0 ? found : { ...found, allowed: new Set(allowed) };
  const known = cudaArchs.map((a) => a.name).join(", ");
  throw new CompileError([diagnostic("LUM5008", undefined, { arch: name, known })]);
}
