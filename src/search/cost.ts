/**
 * The analytic cost of a plan, without a device: per kernel the longer of moving its bytes and doing its
 * operations, plus the launch. Sizes are those at the largest values of the dims in the bounds given.
 */
import { type Bounds, upperBound } from "../ir/bounds.ts";
import { byteSize } from "../ir/dtype.ts";
import type { Node } from "../ir/hlir.ts";
import {
  type Choice,
  type ContractionForm,
  choicesOf,
  domainOf,
  isContractionSchedule,
  isGiven,
  type Plan,
  type Region,
  scheduleOf,
  type WinogradTile,
} from "../ir/plan.ts";
import { constantOf, type Poly, subtract } from "../ir/poly.ts";
import { ownWork } from "../lower/direct/cost.ts";
import { evaluations, rootUse, sizeHint, type Use } from "../lower/direct/draft.ts";
import { axesIn } from "../lower/plan-contraction.ts";
import { draftOf, foundWithout, type Read, readsOf, usesOf } from "../lower/plan-reads.ts";
import { productOf } from "../lower/plan-schedule.ts";
import { acrossIn } from "../lower/schedule/blocks.ts";
import { offsetAt } from "../lower/schedule/evaluate.ts";
import { keptBy } from "../lower/schedule/kept.ts";
import { seenShare } from "../lower/seen-share.ts";
import type { Machine } from "../targets/machines.ts";
import { contractionSeconds } from "./contraction-cost.ts";
import { winogradTime } from "./winograd-cost.ts";

export type KernelCost = {
  /** Of one call, in seconds: what bounds it is the greatest of the three. */
  readonly seconds: number;
  readonly bytes: number;
  readonly operations: number;
  readonly bound: "memory" | "compute" | "launch";
  /** Operations a second at the most, where they are not the machine's of products. */
  readonly peak?: number;
  /** Calls in one call of the entry. */
  readonly runs: number;
};

export type PlanCost = {
  readonly seconds: number;
  readonly kernels: ReadonlyMap<Choice, KernelCost>;
};

/** Costs of kernels by their text, which many plans share; with what the kernel has to do up to there. */
export type CostMemo = Map<string, { readonly cost: KernelCost; readonly load: Load }>;

/** What a kernel has to do: the time that its bytes take, and its operations, on all threads. */
export type Load = Amounts & Pick<KernelCost, "peak">;

type Amounts = {
  readonly bytes: number;
  readonly moving: number;
  readonly operations: number;
  readonly busy: number;
};

const idle: Amounts = { bytes: 0, moving: 0, operations: 0, busy: 0 };

export function planCost(plan: Plan, machine: Machine, bounds: Bounds, memo: CostMemo = new Map()): PlanCost {
  const kernels = new Map<Choice, KernelCost>();
  const whole = plan.hlir.bounds;
  let seconds = 0;
  for (const entry of plan.entries) {
    const stored = new Set([...choicesOf(entry.body)].map((c) => c.root));
    const isStored = (n: Node): boolean => isGiven(n) || stored.has(n);
    const weights = weightBytes(entry.body, bounds);
    const visit = (region: Region, runs: number): void => {
      let key = "";
      let load: Load = idle;
      for (const step of region) {
        if (step.kind === "loop") {
          if (step.node.op.kind !== "loop") throw new Error("a loop step without a loop");
          const { low, high } = step.node.op.loop;
          visit(step.body, runs * sizeHint(subtract(high, low), bounds));
          continue;
        }
        const { choice } = step;
        const joined = choice.joined !== undefined;
        key = joined ? `${key} with ${keyOf(choice, runs)}` : keyOf(choice, runs);
        let known = memo.get(key);
        if (known === undefined) {
          const own = (machine.loadOf ?? loadOf)(choice, { weights, machine, bounds, whole, isStored });
          known = timed(own, joined ? load : undefined, runs, machine);
          memo.set(key, known);
        }
        load = known.load;
        kernels.set(choice, known.cost);
        seconds += known.cost.seconds * runs;
      }
    };
    visit(entry.body, 1);
  }
  return { seconds, kernels };
}

const text = new WeakMap<Node, string>();

/** A node with all that it is computed from, as far as the kernel computes it. */
function keyOf(c: Choice, runs: number): string {
  const inside = new Map(c.inlined.map((n, i) => [n, i]));
  const parts = [c.root, ...c.inlined].map((n) => {
    let own = text.get(n);
    if (own === undefined) {
      own = `${opText(n)} ${n.dtype}[${n.shape.map((p) => p.key)}]`;
      text.set(n, own);
    }
    return `${own}(${n.inputs.map((x) => inside.get(x) ?? `${x.dtype}[${x.shape.map((p) => p.key)}]${x.op.kind}`)})`;
  });
  const { implementation: i } = c;
  const by = (i.family === "contraction" ? i.winograd : undefined) ?? scheduleOf(c);
  return `${runs} ${i.family} ${by} ${parts.join(";")}`;
}

function opText({ op }: Node): string {
  switch (op.kind) {
    case "unary":
    case "binary":
      return op.fn;
    case "reduce":
      return `${op.fn}${op.axes}`;
    case "view":
      return `view ${op.map.map((p) => p.key)} ${op.fill}`;
    case "gather":
    case "update":
      return `${op.kind} ${op.map.map((p) => ("key" in p ? p.key : p.operand))}`;
    case "iota":
      return `iota ${op.value.key}`;
    case "constant":
      return `constant ${op.value}`;
    default:
      return op.kind;
  }
}

/** Bytes of all weights that a call reads: they pass through the caches between two calls. */
function weightBytes(body: Region, bounds: Bounds): number {
  const found = new Map<Node, number>();
  const visit = (region: Region, runs: number): void => {
    for (const step of region) {
      if (step.kind === "kernel") {
        for (const n of [step.choice.root, ...step.choice.inlined])
          for (const x of n.inputs) if (x.op.kind === "weight") found.set(x, runs);
      } else if (step.node.op.kind === "loop") {
        const { low, high } = step.node.op.loop;
        visit(step.body, runs * sizeHint(subtract(high, low), bounds));
      }
    }
  };
  visit(body, 1);
  let bytes = 0;
  for (const [n, runs] of found)
    bytes += runs * n.shape.reduce((size, p) => size * sizeHint(p, bounds), byteSize(n.dtype));
  return bytes;
}

/** Operations that a thread must have to do before kernels start another (`kWorkPerThread` in parallel.h). */
const workPerThread = 1 << 15;

export type Site = {
  /** Bytes of all weights of the entry. */
  readonly weights: number;
  readonly machine: Machine;
  readonly bounds: Bounds;
  /** Of the plan, which `bounds` are a point of. */
  readonly whole: Bounds;
  readonly isStored: (n: Node) => boolean;
};

function loadOf(choice: Choice, { weights, machine, bounds, isStored }: Site): Load {
  const size = (p: Poly): number => constantOf(p) ?? Math.max(1, upperBound(p, bounds) ?? 1024);
  const extent = (shape: readonly Poly[]): number => shape.reduce((n, p) => n * size(p), 1);
  const rate = (bytes: number): number => machine.levels.find((l) => bytes <= l.bytes)!.bytesPerSecond;
  const domain = domainOf(choice.root);

  let bytes = 0;
  let moving = 0;
  // The left factor of what is joined to a kernel has been read by the kernel's first product.
  const reads = readsOf(choice, isStored).filter((r) => choice.joined === undefined || r.use.side !== "a");
  for (const [node, touched] of touchedBytes(reads, choice, bounds, size)) {
    const all = extent(node.shape) * byteSize(node.dtype);
    bytes += touched;
    moving += touched / rate(node.op.kind === "weight" ? Math.max(weights, all) : all);
  }
  const written = extent(domain) * byteSize(choice.root.dtype);
  bytes += written;
  moving += written / rate(extent(choice.root.shape) * byteSize(choice.root.dtype));

  const { operations, seconds: busy } = computeTime(choice, isStored, machine, bounds, size);
  return { bytes, moving, operations, busy };
}

/** The cost of a kernel, or of what is joined to one that has `before` to do: what the kernel takes longer by. */
function timed(
  own: Load,
  before: Load | undefined,
  runs: number,
  machine: Machine,
): { cost: KernelCost; load: Load } {
  const { bytes, moving, operations, busy, peak } = own;
  const sum = (key: keyof Amounts): number => own[key] + (before?.[key] ?? 0);
  const load: Load = {
    bytes: sum("bytes"),
    moving: sum("moving"),
    operations: sum("operations"),
    busy: sum("busy"),
  };
  const { seconds, launch } = kernelSeconds(load, machine);
  const bound = launch > seconds ? "launch" : moving > busy ? "memory" : "compute";
  const spent = before === undefined ? undefined : kernelSeconds(before, machine);
  const added = seconds + launch - (spent === undefined ? 0 : spent.seconds + spent.launch);
  return { cost: { seconds: added, bytes, operations, bound, peak, runs }, load };
}

function kernelSeconds({ moving, operations, busy }: Load, machine: Machine) {
  // Rates are of all threads; what is too small for them runs on the calling one, and starts none.
  const parts =
    machine.call === undefined
      ? machine.threads
      : Math.max(1, Math.min(machine.threads, Math.floor(operations / workPerThread)));
  const launch = parts === 1 && machine.call !== undefined ? machine.call : machine.launch;
  const seconds = (Math.max(moving, busy) * machine.threads) / parts;
  return { seconds, launch };
}

/** Bytes of each tensor read, every element counted once: what several reads of it share comes from a cache. */
export function touchedBytes(
  reads: readonly Read[],
  choice: Choice,
  bounds: Bounds,
  size: (p: Poly) => number,
): Map<Node, number> {
  const touched = new Map<Node, number>();
  const variables = draftOf(choice).variables;
  for (const { node, use } of reads) {
    const whole = node.shape.reduce((n, p) => n * size(p), 1);
    const axes = axesIn(use.coords);
    let distinct = 1;
    for (const a of axes) distinct *= size(use.draft.variables[a]?.size ?? variables[a].size);
    // A gather's coordinate may be anywhere in its table, but there are no more of them than evaluations.
    const bytes = Math.min(whole, distinct, evaluations(node, use, bounds)) * byteSize(node.dtype);
    touched.set(node, Math.max(touched.get(node) ?? 0, bytes));
  }
  return touched;
}

/** Evaluations of a factor's element that is computed as the engine packs it: once, but not in full vectors. */
const packingWork = 4;

/** A load or a store of an element that the loop is at: it runs beside the arithmetic, on units of its own. */
const memoryWork = 0.25;

/** A load across what is written, in blocks of the two axes: by itself, and from a line that isn't in the first cache. */
const acrossWork = 15;

/** A truth value from memory: its byte is widened to the lanes of the values that it stands for. */
const boolWork = 6;

/** Bringing a row of an attention up to date with a block of keys: its greatest score, its total, its sums. */
const softeningWork = 400;

/** Share of an exponential's work where nothing can be above 1: `exp_below`. */
const belowOne = 0.7;

/** Keys that an attention takes in at a time, and rows that share what is packed of them (`attention.h`). */
const attentionKeys = 256;
const attentionRows = 192;

function computeTime(
  choice: Choice,
  isStored: (n: Node) => boolean,
  machine: Machine,
  bounds: Bounds,
  size: (p: Poly) => number,
): { operations: number; seconds: number } {
  let operations = 0;
  let seconds = 0;
  const extent = (shape: readonly Poly[]): number => shape.reduce((n, p) => n * size(p), 1);
  const vector = (count: number, work: number): void => {
    operations += count * work;
    seconds += (count * work) / machine.vectorRate;
  };
  const { implementation } = choice;
  /** Keys that the mask shuts out are not looked at. */
  const looked = implementation.family === "attention" ? seenShare(implementation.form, bounds) : 1;
  const product = (anchor: Node, form: { m: readonly number[]; n: readonly number[] }, share = 1): void => {
    const shape = anchor.inputs[0].shape;
    const flops = 2 * extent(shape) * share;
    const of = (axes: readonly number[]) => axes.reduce((n, a) => n * size(shape[a]), 1);
    operations += flops;
    seconds += flops / (machine.contractionRate * filling(of(form.m), of(form.n), machine));
  };
  const winograd = (anchor: Node, form: ContractionForm, tile: WinogradTile): void => {
    const { shape } = anchor.inputs[0];
    const of = (axes: readonly number[]) => axes.reduce((n, a) => n * size(shape[a]), 1);
    const [height, width] = form.n.slice(-2).map((a) => size(shape[a]));
    const outputs = of(form.m);
    const images = of(form.n) / (height * width);
    const channels = extent(shape) / of(form.n) / outputs / 9;
    const time = winogradTime({ images, height, width, channels, outputs }, tile, machine);
    operations += time.operations;
    seconds += time.seconds;
  };
  if (implementation.family === "contraction") {
    const { anchor, form, schedule } = implementation;
    const walked = machine.call === undefined ? undefined : productOf(choice, bounds, isStored);
    if (implementation.winograd !== undefined) winograd(anchor, form, implementation.winograd);
    else if (walked === undefined) product(anchor, form);
    else {
      const [items, m, n, k] = [walked.items, walked.m, walked.n, walked.k].map(size);
      operations += 2 * items * m * n * k;
      const named = schedule !== undefined && isContractionSchedule(schedule) ? schedule : undefined;
      seconds += contractionSeconds(walked, named, { items, m, n, k }, machine);
    }
  }
  if (implementation.family === "attention") {
    const { dot, dotForm, weighted, weightedForm } = implementation.form;
    const of = (axes: readonly number[]) => axes.reduce((n, a) => n * size(weighted.inputs[0].shape[a]), 1);
    const [rows, keys] = [of(weightedForm.m), of(weightedForm.k)];
    const items = extent(weighted.inputs[0].shape) / (rows * keys * of(weightedForm.n));
    const streamed = rows <= (machine.streamedRows ?? 0);
    // Products are of whole tiles, also where a mask's edge goes through one.
    const edge = streamed || looked === 1 ? 0 : (machine.tile.m + machine.tile.n) / 2 / keys;
    const share = Math.min(1, looked + edge);
    product(dot, dotForm, share);
    product(weighted, weightedForm, share);
    vector(items * rows * Math.ceil(keys / attentionKeys), softeningWork);
    if (!streamed) {
      const depth = dotForm.k.reduce((n, a) => n * size(dot.inputs[0].shape[a]), 1);
      const packed = items * keys * (depth + of(weightedForm.n));
      vector(packed * Math.ceil(rows / attentionRows), packingWork);
    }
  }
  const anchored = new Set<Node>(
    implementation.family === "contraction"
      ? [implementation.anchor]
      : implementation.family === "attention"
        ? [implementation.form.dot, implementation.form.weighted]
        : [],
  );
  const insideProduct = new Set([...anchored].map((n) => n.inputs[0]));
  const own = rootUse(draftOf(choice));
  /** Of one element, for a sum all its terms. */
  const workAt = (n: Node): number =>
    n.op.kind === "reduce"
      ? (foldWork(n, choice, machine) * extent(n.inputs[0].shape)) / Math.max(1, extent(n.shape))
      : operationWork(n, machine);
  vector(
    evaluations(choice.root, own, bounds),
    memoryWork + (anchored.has(choice.root) ? 0 : workAt(choice.root)),
  );
  const { reads, uses: computed } = neededIn(choice, isStored);
  const inside = sharesInside(choice, extent);
  const domain = domainOf(choice.root);
  const isAcross = (node: Node, use: Use): boolean =>
    implementation.family === "elementwise" &&
    acrossIn(offsetAt(node.shape, use.coords), node.dtype, [...domain.keys()], (a) => size(domain[a])) !==
      undefined;
  const engines = implementation.family === "contraction" || implementation.family === "attention";
  for (const { node, use } of reads)
    if (!engines || use.stage === undefined)
      vector(
        evaluations(node, use, bounds) * (inside.get(node) ?? 1),
        isAcross(node, use) ? acrossWork : node.dtype === "bool" ? boolWork : memoryWork,
      );
  for (const [n, uses] of computed) {
    if (anchored.has(n) || insideProduct.has(n)) continue;
    const work =
      workAt(n) *
      (implementation.family === "attention" && n === implementation.form.exponential ? belowOne : 1);
    if (work === 0) continue;
    const seen = new Set<string>();
    // A row's reduction is found once, and each score of an attention is.
    const once =
      implementation.family === "reduction" ? n.op.kind === "reduce" : implementation.family === "attention";
    for (const use of once ? uses.slice(0, 1) : uses) {
      const at = `${use.stage?.id} ${use.side} ${use.coords.map((c) => c.key)}`;
      if (seen.has(at)) continue;
      seen.add(at);
      const scored = implementation.family === "attention" && use.stage !== undefined;
      const count =
        use.side !== undefined
          ? extent(n.shape) * packingWork
          : scored
            ? extent(n.shape) * looked
            : evaluations(n, use, bounds) * (inside.get(n) ?? 1);
      vector(n.op.kind === "reduce" ? extent(n.shape) * looked : count, work);
    }
  }
  return { operations, seconds };
}

/**
 * The part of a kernel's elements at which it needs a node: behind a view with a fill value, as parts of a
 * concatenation are, only those inside, since loops are cut at the seam.
 */
export function sharesInside(
  choice: Choice,
  extent: (shape: readonly Poly[]) => number,
): ReadonlyMap<Node, number> {
  const shares = new Map<Node, number>();
  for (const n of [choice.root, ...[...choice.inlined].reverse()]) {
    const filled = n.op.kind === "view" && n.op.fill !== undefined;
    for (const x of n.inputs) {
      const part = filled ? Math.min(1, extent(x.shape) / Math.max(1, extent(n.shape))) : 1;
      shares.set(x, Math.max(shares.get(x) ?? 0, part * (shares.get(n) ?? 1)));
    }
  }
  return shares;
}

/** What the kernel reads and computes; a row kernel finds in its last pass what an earlier one has kept. */
export function neededIn(choice: Choice, isStored: (n: Node) => boolean) {
  const uses = usesOf(choice, isStored);
  const kept = keptBy(choice, (n) => uses.get(n) ?? []);
  if (kept === undefined) return { reads: readsOf(choice, isStored), uses };
  return foundWithout(choice, isStored, (n, use) => n === kept.node && use.stage === undefined);
}

/** A term of a sum: folds wait for one another, and what computes the next term goes on meanwhile. */
function foldWork(n: Node, choice: Choice, machine: Machine): number {
  const [term] = n.inputs;
  const meanwhile = choice.inlined.includes(term) ? operationWork(term, machine) : 0;
  return Math.max(1, (machine.work?.sum ?? 1) - meanwhile);
}

export function operationWork(n: Node, { work }: Pick<Machine, "work">): number {
  const name = n.op.kind === "unary" || n.op.kind === "binary" ? n.op.fn : undefined;
  return (name === undefined ? undefined : work?.[name]) ?? ownWork(n);
}

/** Share of the register tile's work that counts; few rows are streamed past, at the speed of the loads. */
function filling(m: number, n: number, { tile, streamedRows }: Machine): number {
  const fill = (count: number, step: number) => count / (Math.ceil(count / step) * step);
  const rows = m <= (streamedRows ?? 0) ? 1 : fill(m, tile.m);
  return Math.max(0.05, rows * fill(n, tile.n));
}
