/** What a GPU's kernels take by how they are cut, and the cuts that the search is offered. */
import type { Bounds } from "../ir/bounds.ts";
import { isKeySplit, isProductCut, tileAndParts } from "../ir/cuts.ts";
import type { Node } from "../ir/hlir.ts";
import type { Tiling } from "../ir/kernel.ts";
import { type Choice, type Schedule, scheduleOf } from "../ir/plan.ts";
import type { Poly } from "../ir/poly.ts";
import { type CutKernel, cutKernelOf, cutsOf } from "../lower/plan-cuts.ts";
import { attentionTiling, rowsOf } from "../lower/schedule-cuda/attention-tiles.ts";
import { type Chosen, cutNamed, productOf, quickestCut } from "../lower/schedule-cuda/tiles.ts";
import type { CudaArch } from "../targets/cuda.ts";
import {
  bandwidthOf,
  blockSeconds,
  cacheSpeed,
  launchSeconds,
  productSeconds,
} from "../targets/cuda-cost.ts";
import { pointsOf } from "./points.ts";

type IsStored = (n: Node) => boolean;

type ProductKernel = CutKernel & { readonly family: "contraction" };
type AttentionKernel = CutKernel & { readonly family: "attention" };

/** The cut of a product: by the name that its choice has, or the scheduler's own, both by the largest sizes. */
function cutTaken(k: ProductKernel, named: Schedule | undefined, arch: CudaArch): Chosen {
  let known = taken.get(k);
  if (known === undefined) {
    known = new Map();
    taken.set(k, known);
  }
  const key = `${arch.name} ${[...(arch.allowed ?? [])]} ${named}`;
  let found = known.get(key);
  if (found === undefined) {
    const p = productOf(k.kernel, k.product);
    found =
      (named !== undefined && isProductCut(named) ? cutNamed(p, named, arch) : undefined) ??
      quickestCut(p, arch);
    known.set(key, found);
  }
  return found;
}

/** The same kernel is asked for at several sizes. */
const taken = new WeakMap<ProductKernel, Map<string, Chosen>>();

/** Of a product at some sizes, with its launch. */
export function cutSeconds(
  k: ProductKernel,
  named: Schedule | undefined,
  sizeOf: (p: Poly) => number,
  arch: CudaArch,
): number {
  const { shape, parts } = cutTaken(k, named, arch);
  return productSeconds(productOf(k.kernel, k.product, sizeOf), { ...shape, parts }, arch);
}

function attentionCut(k: AttentionKernel, named: Schedule | undefined, arch: CudaArch): Tiling {
  const keySplit = named !== undefined && isKeySplit(named) ? named : undefined;
  return attentionTiling(k.kernel, { ...k.attention, keySplit }, k.packed, arch);
}

/** What an attention and the parts of its keys come to at some sizes. */
export type KeyWork = {
  /** How long its fullest multiprocessor computes, in shares of the device that all of them would take. */
  readonly fullest: number;
  /** Bytes a second with the keys and values that they have under way. */
  readonly bandwidth: number;
  /** To put the parts together: room written and read in the cache, and a kernel more. */
  readonly combining: number;
};

/** Blocks of an attention that a multiprocessor holds at a time: each takes much of its shared memory. */
const residentBlocks = 2;

export function keyWork(
  k: AttentionKernel,
  named: Schedule | undefined,
  sizeOf: (p: Poly) => number,
  bytes: number,
  arch: CudaArch,
): KeyWork {
  const tiling = attentionCut(k, named, arch);
  const rows = rowsOf(k.kernel, k.attention, k.packed, sizeOf);
  // A part that has no keys at these sizes is no work.
  const parts = Math.min(tiling.parts, Math.ceil(rows.keys / tiling.partStep));
  const blocks = rows.items * Math.ceil(rows.rows / tiling.rows) * parts;
  const atOnce = Math.min(blocks, residentBlocks * arch.multiprocessors);
  const underWay = atOnce * keysUnderWay * (rows.depth + rows.width) * bytes;
  const sums = 8 * parts * rows.items * rows.rows * (rows.width + 2);
  const isSplit = tiling.parts > 1;
  return {
    fullest: (Math.ceil(blocks / arch.multiprocessors) * arch.multiprocessors) / blocks,
    bandwidth: bandwidthOf(arch, underWay),
    combining: isSplit ? launchSeconds + blockSeconds + sums / (arch.memoryBytesPerSecond * cacheSpeed) : 0,
  };
}

/** Keys, and values, that a block's loads are about at a time. */
const keysUnderWay = 64;

/** How many ways of cutting a kernel the search is offered, and how much slower than the scheduler's they may seem. */
const mostOffered = 8;
const slowest = 2;

/** A share of the time by which two ways must differ: the cost model sees none else. */
const leastDifference = 1e-3;

/**
 * The cuts whose premises hold and that differ from what is there, the most promising first: `seconds` is the kernel's
 * time by a name, or by none as the scheduler would cut it, at some sizes.
 */
export function cutsOffered(
  choice: Choice,
  bounds: Bounds,
  isStored: IsStored,
  arch: CudaArch,
  seconds: (named: Schedule | undefined, at: Bounds) => number,
): Schedule[] {
  const k = cutKernelOf(choice, bounds, isStored);
  if (k === undefined) return [];
  const now = scheduleOf(choice);
  const [here, usual] = [cutText(k, now, arch), cutText(k, undefined, arch)];
  const points = pointsOf(bounds).map((p) => p.bounds);
  const floor = points.map((at) => seconds(undefined, at));
  const share = (s: Schedule): number =>
    points.reduce((sum, at, i) => sum + seconds(s, at) / floor[i], 0) / points.length;
  return cutsOf(choice, bounds, isStored)
    .filter((s) => !asksForTf32(s) || arch.allowed?.has("tf32"))
    .filter((s) => ![here, usual].includes(cutText(k, s, arch)))
    .map((s) => ({ s, share: share(s) }))
    .filter((x) => x.share <= slowest && Math.abs(x.share - 1) > leastDifference)
    .sort((a, b) => a.share - b.share)
    .slice(0, mostOffered)
    .map(({ s }) => s);
}

const asksForTf32 = (s: Schedule): boolean => isProductCut(s) && tileAndParts(s).tile.startsWith("tf32");

/** What a name comes to: another one for the scheduler's own decision is no other way. */
function cutText(k: CutKernel, named: Schedule | undefined, arch: CudaArch): string {
  if (k.family === "contraction") {
    const { shape, parts } = cutTaken(k, named, arch);
    return `${shape.text} in ${parts}`;
  }
  return `in ${attentionCut(k, named, arch).parts}`;
}
