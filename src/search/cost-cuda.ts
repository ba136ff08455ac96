/**
 * What kernels cost on an NVIDIA GPU: products by the cut that the scheduler would take for them, attention by its
 * tiles and the bytes of its keys, all else by its bytes, the part of the device that its items fill, and its operations.
 */
import { type Bounds, upperBound } from "../ir/bounds.ts";
import { byteSize, type DType, isFloat } from "../ir/dtype.ts";
import type { Node } from "../ir/hlir.ts";
import {
  type AttentionForm,
  type Choice,
  type ContractionForm,
  domainOf,
  type Schedule,
  scheduleOf,
} from "../ir/plan.ts";
import { constantOf, type Poly } from "../ir/poly.ts";
import { evaluations } from "../lower/direct/draft.ts";
import { axesIn, axisCoordinates, throughView } from "../lower/plan-contraction.ts";
import { type CutKernel, cutKernelOf } from "../lower/plan-cuts.ts";
import { readsOf } from "../lower/plan-reads.ts";
import { behindCast, isByte } from "../lower/schedule/operands.ts";
import { coresFor, type Product, quickestCut } from "../lower/schedule-cuda/tiles.ts";
import { seenShare } from "../lower/seen-share.ts";
import { type CudaArch, cuda } from "../targets/cuda.ts";
import {
  bandwidthOf,
  blockSeconds,
  cacheSpeed,
  launchSeconds,
  memoryLatency,
  quickestParts,
  rowBytes,
} from "../targets/cuda-cost.ts";
import { gpuOfArch } from "../targets/gpu-machines.ts";
import type { Machine } from "../targets/machines.ts";
import { type Load, neededIn, operationWork, type Site, sharesInside, touchedBytes } from "./cost.ts";
import { cutSeconds, cutsOffered, keyWork } from "./cut-cost.ts";

/** The machine that kernels for the architecture are costed for. */
export const cudaMachine = (arch: CudaArch): Machine => ({
  ...gpuOfArch(arch.name),
  name: [arch.part, arch.name, ...(arch.allowed ?? [])].join(", "),
  threads: arch.multiprocessors,
  contractionRate: arch.halfRate,
  contractionOf: "16 bits",
  launch: launchSeconds,
  loadOf: (choice: Choice, site: Site) => loadOf(choice, site, arch),
  schedulesOf: (choice: Choice, bounds: Bounds, isStored: (n: Node) => boolean) =>
    cutsOffered(choice, bounds, isStored, arch, (named, at) => {
      const site = { ...sizedAt(at), whole: bounds, isStored };
      return (engineTime(choice, named, site, arch)?.seconds ?? 0) + launchSeconds;
    }),
});

/** Operations of finding an element's place, and a thread's share of the loop. */
const placeWork = 6;

/** Share of the f32 rate that chains of dependent operations get. */
const chainShare = 0.4;

/** Shares of the engines' rates that attention gets between its barriers and its exponentials. */
const attentionShare = { cores: 0.5, fma: 0.12 };

type Sized = {
  readonly size: (p: Poly) => number;
  readonly extent: (shape: readonly Poly[]) => number;
  readonly bounds: Bounds;
};

function loadOf(choice: Choice, site: Site, arch: CudaArch): Load {
  const sized = sizedAt(site.bounds);
  const { implementation: i } = choice;
  // There is no kernel for it: the convolution would be computed as any other.
  const impossible = i.family === "contraction" && i.winograd !== undefined;
  const engine = engineTime(choice, scheduleOf(choice), { ...site, ...sized }, arch);
  const apart = engine?.nodes ?? new Set<Node>();
  const operations = elementWork(choice, { ...site, ...sized });
  const bytes = bytesOf(choice, site, sized, apart);
  const moving = bytes.reduce((sum, b) => sum + b.bytes / rateOf(b, site.weights, arch), 0);
  const filled = bandwidthOf(arch, flightOf(choice, sized, arch)) / bandwidthOf(arch, Infinity);
  const vector = (operations * 2) / (arch.f32Rate * chainShare);
  const all = bytes.reduce((sum, b) => sum + b.bytes, 0);
  if (engine !== undefined) {
    // Prologue and epilogue have the engine's threads; what they read, beside its factors, passes meanwhile.
    const busy = impossible ? Infinity : engine.seconds + vector;
    const { peak } = engine;
    return { bytes: all + engine.bytes, moving, operations: operations + engine.operations, busy, peak };
  }
  return {
    bytes: all,
    moving:
      Math.max(
        (moving * (foldedBy(choice, sized, arch)?.again ?? 1)) / filled,
        sharedBytes(choice, { ...site, ...sized }) / (bandwidthOf(arch, Infinity) * cacheSpeed),
      ) +
      blockSeconds +
      waitingOf(choice, sized, arch),
    operations,
    busy: vector / filled + blockSeconds,
    peak: arch.f32Rate,
  };
}

function sizedAt(bounds: Bounds): Sized {
  const size = (p: Poly): number => constantOf(p) ?? Math.max(1, upperBound(p, bounds) ?? 1024);
  const extent = (shape: readonly Poly[]): number => shape.reduce((n, p) => n * size(p), 1);
  return { size, extent, bounds };
}

type Moved = { readonly bytes: number; readonly whole: number; readonly weight: boolean };

/** What is read, but for the factors that the engine's own time has in it, and what is written. */
function bytesOf(
  choice: Choice,
  site: Site,
  { size, extent, bounds }: Sized,
  apart: ReadonlySet<Node>,
): Moved[] {
  const reads = readsOf(choice, site.isStored).filter((r) => !apart.has(r.node));
  const moved = [...touchedBytes(reads, choice, bounds, size)].map(([node, bytes]) => ({
    bytes,
    whole: extent(node.shape) * byteSize(node.dtype),
    weight: node.op.kind === "weight",
  }));
  const written = extent(domainOf(choice.root)) * byteSize(choice.root.dtype);
  return [...moved, { bytes: written, whole: written, weight: false }];
}

/** Bytes of what a row reads of tensors that others read too, up to which a multiprocessor's own cache keeps it. */
const keptForRows = 64 << 10;

/** Bytes that rows read of tensors which all of them read, and which no multiprocessor keeps: each row fetches them again. */
function sharedBytes(choice: Choice, at: Site & Sized): number {
  const { root, implementation: i } = choice;
  if (i.family !== "reduction") return 0;
  const rows = i.outer.reduce((n, a) => n * at.size(root.shape[a]), 1);
  const read = new Map<Node, number>();
  for (const { node, use } of readsOf(choice, at.isStored)) {
    const bytes = evaluations(node, use, at.bounds) * byteSize(node.dtype);
    if (bytes > 2 * at.extent(node.shape) * byteSize(node.dtype))
      read.set(node, Math.max(read.get(node) ?? 0, bytes));
  }
  const all = [...read.values()].reduce((a, b) => a + b, 0);
  return all / rows > keptForRows ? all : 0;
}

/** What one kernel has written lies in the second-level cache for the next, where it is small. */
function rateOf({ whole, weight }: Moved, weights: number, arch: CudaArch): number {
  const memory = bandwidthOf(arch, Infinity);
  const kept = (weight ? Math.max(weights, whole) : whole) <= arch.l2Bytes / 4;
  return kept ? memory * cacheSpeed : memory;
}

/** Bytes that a kernel's threads have under way, each a vector or two. */
function flightOf(choice: Choice, sized: Sized, arch: CudaArch): number {
  const folded = foldedBy(choice, sized, arch);
  if (folded === undefined) return 16 * sized.extent(domainOf(choice.root));
  const { rows, terms, parts } = folded;
  const threads = terms <= cuda.fewTerms ? 1 : terms <= cuda.warpRow ? cuda.warp : cuda.threads;
  return 16 * rows * parts * threads;
}

/** Rows that a kernel folds, their elements, parts that the scheduler cuts each into, and how often an element is moved. */
function foldedBy({ root, implementation: i }: Choice, { size, extent }: Sized, arch: CudaArch) {
  if (i.family !== "reduction") return undefined;
  const rows = i.outer.reduce((n, a) => n * size(root.shape[a]), 1);
  const terms = Math.max(
    1,
    ...i.reduces.map((n) => extent(n.inputs[0].shape) / Math.max(1, extent(n.shape))),
  );
  const own = byteSize(root.dtype);
  const writes = extent(domainOf(root)) > rows ? 1 : 0;
  const loops = i.reduces.length + writes;
  const once = own * (1 + writes);
  const bytes = {
    once,
    inLoops: own * (loops + writes),
    inKernels: own * (1 + 2 * writes),
    kept: loops > 1 ? own : 0,
  };
  const work = { rows, terms, bytes, kernels: 2 };
  const parts = quickestParts(work, arch);
  return { rows, terms, parts, again: rowBytes(work, parts) / once };
}

/**
 * Rows are folded one after the other by those that have several, each waiting for its own loads; those in parts wait for
 * the kernel in which the parts meet.
 */
function waitingOf(choice: Choice, sized: Sized, arch: CudaArch): number {
  const folded = foldedBy(choice, sized, arch);
  if (folded === undefined) return 0;
  if (folded.parts > 1) return launchSeconds + blockSeconds;
  const atOnce = arch.multiprocessors * (arch.threadsPerMultiprocessor / cuda.threads);
  return Math.floor(folded.rows / atOnce) * memoryLatency;
}

type Engine = {
  readonly seconds: number;
  readonly bytes: number;
  readonly operations: number;
  /** Operations a second of the instructions that compute it. */
  readonly peak: number;
  /** Tensors whose bytes are in it. */
  readonly nodes: ReadonlySet<Node>;
};

/** Where a kernel is, and the plan around it. */
type Around = Sized & Pick<Site, "whole" | "isStored">;

/** Undefined for kernels that no engine computes. */
function engineTime(
  choice: Choice,
  named: Schedule | undefined,
  at: Around,
  arch: CudaArch,
): Engine | undefined {
  const { implementation: i } = choice;
  if (i.family !== "contraction" && i.family !== "attention") return undefined;
  const k = cutKernelOf(choice, at.whole, at.isStored);
  if (i.family === "attention")
    return attentionTime(i.form, k?.family === "attention" ? k : undefined, named, at, arch);
  const seconds = k?.family === "contraction" ? cutSeconds(k, named, at.size, arch) : undefined;
  return productTime(choice, i.anchor, i.form, seconds, at, arch);
}

/** `whole`: the time of a kernel of nothing but this product, with its launch. */
function productTime(
  choice: Choice,
  anchor: Node,
  form: ContractionForm,
  whole: number | undefined,
  at: Around,
  arch: CudaArch,
): Engine {
  const shape = anchor.inputs[0].shape;
  const of = (axes: readonly number[]) => axes.reduce((n, a) => n * at.size(shape[a]), 1);
  const [a, b] = [form.a, form.b].map((side) => lyingAt(side, form.k, at));
  const product: Product = {
    ...{ batch: of(form.batch), m: of(form.m), n: of(form.n), k: of(form.k) },
    aBytes: byteSize(a.dtype),
    bBytes: byteSize(b.dtype),
    ...coresFor(a.node && a.dtype, b.node && b.dtype),
    alongK: b.alongK,
    computed: a.node === undefined,
  };
  // What is joined to a kernel finds the left factor read, and the kernel started.
  const started = choice.joined === undefined ? 0 : blockSeconds;
  const seconds = Math.max(0, (whole ?? quickestCut(product, arch).seconds) - launchSeconds - started);
  const { batch, m, n, k, aBytes, bBytes } = product;
  return {
    seconds,
    bytes: batch * k * (m * aBytes + n * bBytes),
    operations: 2 * batch * m * n * k,
    peak: peakOf(product, arch),
    nodes: new Set([a.node, b.node].filter((x) => x !== undefined)),
  };
}

function peakOf({ onCores, asTf32 }: Product, arch: CudaArch): number {
  if (onCores) return arch.halfRate;
  return asTf32 && arch.allowed?.has("tf32") ? arch.tf32Rate : arch.f32Rate;
}

const onCores = (types: readonly DType[]): boolean =>
  (types[0] === "f16" || types[0] === "bf16") && types.every((t) => t === types[0]);

/** The tensor in memory that a factor is, its type there, and whether it lies along the summed axes; else computed, f32. */
function lyingAt(side: readonly Node[], k: readonly number[], at: Around) {
  const computed = { node: undefined, dtype: "f32" as DType, alongK: true };
  if (side.length !== 1) return computed;
  let [n]: readonly Node[] = side;
  let coords: readonly Poly[] | undefined = axisCoordinates(n.shape.length);
  while (!at.isStored(n)) {
    const narrow = behindCast(n, (t) => isFloat(t) || isByte(t));
    if (n.op.kind === "view" && (n.op.fill === undefined || n.op.fill === 0))
      coords = coords === undefined ? undefined : throughView(n.op.map, coords);
    else if (n.op.kind === "gather" && n.op.fill === undefined) coords = undefined;
    else if (narrow === undefined) return computed;
    n = narrow ?? n.inputs[0];
  }
  const last = coords?.findLast((_, i) => constantOf(n.shape[i]) !== 1);
  const alongK = last === undefined || [...axesIn([last])].some((a) => k.includes(a));
  return { node: n, dtype: n.dtype, alongK };
}

function attentionTime(
  form: AttentionForm,
  kernel: (CutKernel & { readonly family: "attention" }) | undefined,
  named: Schedule | undefined,
  at: Around,
  arch: CudaArch,
): Engine {
  const { dot, dotForm, weighted, weightedForm } = form;
  const of = (n: Node, axes: readonly number[]) =>
    axes.reduce((x, a) => x * at.size(n.inputs[0].shape[a]), 1);
  const [rows, keys] = [of(weighted, weightedForm.m), of(weighted, weightedForm.k)];
  const [depth, width] = [of(dot, dotForm.k), of(weighted, weightedForm.n)];
  const nodes = new Set<Node>();
  if (Math.max(depth, width) > cuda.attentionWidth)
    return { seconds: Infinity, bytes: 0, operations: 0, peak: arch.f32Rate, nodes };
  const items = at.extent(weighted.inputs[0].shape) / (rows * keys * width);
  const looked = seenShare(form, at.bounds);
  const [q, k, v] = [dotForm.a, dotForm.b, weightedForm.b].map((s) => lyingAt(s, [], at));
  const half = onCores([q.dtype, k.dtype, v.dtype]);
  // The weights are multiplied in two parts.
  const operations = 2 * items * rows * keys * looked * (depth + (half ? 2 : 1) * width);
  const rate = half
    ? arch.halfRate * arch.mmaShare * attentionShare.cores
    : arch.f32Rate * attentionShare.fma;
  const tile = half ? 64 : 32;
  const cut = kernel === undefined ? undefined : keyWork(kernel, named, at.size, byteSize(k.dtype), arch);
  const padded = rows <= cuda.packedRows ? 1 : (Math.ceil(rows / tile) * tile) / rows;
  const computing = (operations / rate) * padded * (cut?.fullest ?? 1);
  // Heads that share keys read them once where they are one tile's rows, and from the cache otherwise.
  const kept = (x: typeof k): number =>
    x.node === undefined ? items * keys * depth * 4 : at.extent(x.node.shape) * byteSize(x.dtype);
  const read =
    Math.min(kept(k), items * keys * depth * byteSize(k.dtype)) +
    Math.min(kept(v), items * keys * width * byteSize(v.dtype));
  const streaming = (read * Math.min(1, looked * 1.1)) / (cut?.bandwidth ?? bandwidthOf(arch, Infinity));
  for (const x of [q, k, v]) if (x.node !== undefined) nodes.add(x.node);
  const seconds = Math.max(computing, streaming) + blockSeconds + (cut?.combining ?? 0);
  return { seconds, bytes: read, operations, peak: half ? arch.halfRate : arch.f32Rate, nodes };
}

/** Elementary operations of all that is computed element by element, with the places of what is read. */
function elementWork(choice: Choice, at: Site & Sized): number {
  const { implementation: i } = choice;
  const anchors =
    i.family === "contraction" ? [i.anchor] : i.family === "attention" ? [i.form.dot, i.form.weighted] : [];
  const products = new Set(anchors.flatMap((n) => [n, n.inputs[0]]));
  const looked = i.family === "attention" ? seenShare(i.form, at.bounds) : 1;
  const { reads, uses } = neededIn(choice, at.isStored);
  const shares = sharesInside(choice, at.extent);
  const domain = at.extent(domainOf(choice.root));
  const isEngine = anchors.length > 0;
  let work = domain * (placeWork + (products.has(choice.root) ? 0 : workOf(choice.root, at)));
  for (const { node, use } of reads)
    if (!isEngine || use.stage === undefined)
      work += evaluations(node, use, at.bounds) * (shares.get(node) ?? 1);
  for (const [n, list] of uses) {
    if (products.has(n)) continue;
    const own = workOf(n, at);
    if (own === 0) continue;
    if (n.op.kind === "reduce") {
      work += at.extent(n.inputs[0].shape) * looked;
      continue;
    }
    const once = i.family === "attention";
    for (const use of once ? list.slice(0, 1) : list) {
      const tiled =
        use.side !== undefined ? at.extent(n.shape) * tilesAcross(choice, use.side, at) : undefined;
      const scored = once && use.stage !== undefined ? at.extent(n.shape) * looked : undefined;
      work += own * (tiled ?? scored ?? evaluations(n, use, at.bounds) * (shares.get(n) ?? 1));
    }
  }
  return work;
}

const workOf = (n: Node, at: Sized): number =>
  n.op.kind === "reduce"
    ? at.extent(n.inputs[0].shape) / Math.max(1, at.extent(n.shape))
    : operationWork(n, {});

/** A factor that is computed as it is read is so once for each tile beside it. */
function tilesAcross({ implementation: i }: Choice, side: "a" | "b", at: Sized): number {
  if (i.family !== "contraction") return 1;
  const axes = side === "a" ? i.form.n : i.form.m;
  const across = axes.reduce((n, a) => n * at.size(i.anchor.inputs[0].shape[a]), 1);
  return Math.ceil(across / 128);
}
