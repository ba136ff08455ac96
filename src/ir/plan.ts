/**
 * Plan: one implementation for each tensor that must exist in memory; every other node is computed inside the
 * kernels that need it. Kernels refer to tensors, never to other kernels.
 */
import type { Bucket } from "./bucket.ts";
import { type KeySplit, keySplits, type ProductCut, productCuts } from "./cuts.ts";
import type { Entry, Hlir, Node } from "./hlir.ts";

export type Plan = {
  readonly hlir: Hlir;
  readonly entries: readonly EntryPlan[];
};

/** A plan for some values of the dims; its Hlir is the model's with those ranges. */
export type BucketPlan = { readonly bucket: Bucket; readonly plan: Plan };

export type EntryPlan = { readonly entry: Entry; readonly body: Region };

/** Top level of an entry, or the body of a loop, in order. */
export type Region = readonly PlanStep[];

export type PlanStep =
  | { readonly kind: "kernel"; readonly choice: Choice }
  | { readonly kind: "loop"; readonly node: Node; readonly body: Region };

/** The kernel that computes and stores `root`. */
export type Choice = {
  readonly root: Node;
  readonly implementation: Implementation;
  /** Nodes computed inside, operands first, without the root: prologue, anchor and epilogue. */
  readonly inlined: readonly Node[];
  /** It is computed by the kernel of this root, of the last choice before it that has none: one kernel stores all. */
  readonly joined?: Node;
};

export type Implementation =
  /** A nest over the root's domain. */
  | { readonly family: "elementwise" }
  /** Rows over `outer`, axes of the root's domain; for each row the reductions in order, then the rest of the root. */
  | { readonly family: "reduction"; readonly outer: readonly number[]; readonly reduces: readonly Node[] }
  /** A blocked matrix product; its sum's domain is the root's. */
  | {
      readonly family: "contraction";
      readonly anchor: Node;
      readonly form: ContractionForm;
      /** A 3x3 convolution with constant filters, by Winograd's minimal filtering. */
      readonly winograd?: WinogradTile;
      /** Without one the CPU's engine goes by the sizes of each call, and a GPU's scheduler by the largest ones. */
      readonly schedule?: ContractionSchedule | ProductCut;
    }
  /** One pass over the keys of each row; its weighted sum's domain is the root's. */
  | { readonly family: "attention"; readonly form: AttentionForm; readonly schedule?: KeySplit }
  | { readonly family: "cumulate" }
  | { readonly family: "topk" }
  | { readonly family: "custom" };

/** Outputs along each side of a tile that Winograd's filtering computes together: F(2x2, 3x3) and F(4x4, 3x3). */
export const winogradTiles = [2, 4] as const;

export type WinogradTile = (typeof winogradTiles)[number];

/** `4x4` */
export const winogradTileText = (tile: WinogradTile): string => `${tile}x${tile}`;

/**
 * How the CPU's engine walks a product where it does not decide by the sizes of each call: with another register tile,
 * with both factors packed or neither, or with the threads sharing out the depth.
 */
export const contractionSchedules = ["wide tile", "tall tile", "packed", "in place", "split depth"] as const;

export type ContractionSchedule = (typeof contractionSchedules)[number];

/** How a kernel does what it does, by names that a target may know; to the others they say nothing. */
export type Schedule = ContractionSchedule | ProductCut | KeySplit;

export const schedules: readonly Schedule[] = [...contractionSchedules, ...productCuts, ...keySplits];

export const isContractionSchedule = (name: string): name is ContractionSchedule =>
  contractionSchedules.some((s) => s === name);

/** The sum that a kernel is made for: what a choice of its schedule names. */
export function scheduledSum({ implementation: i }: Choice): Node | undefined {
  if (i.family === "contraction") return i.anchor;
  return i.family === "attention" ? i.form.weighted : undefined;
}

/** The schedule of a kernel, where it has one. */
export const scheduleOf = ({ implementation: i }: Choice): Schedule | undefined =>
  i.family === "contraction" || i.family === "attention" ? i.schedule : undefined;

/**
 * sum over `k` of a * b. Axes are those of the domain of the product (the anchor's operand): batch axes occur in
 * both factors, `m` only in a's, `n` only in b's; the root's last axis is in `n` where it is in either.
 */
export type ContractionForm = {
  readonly batch: readonly number[];
  readonly m: readonly number[];
  readonly n: readonly number[];
  readonly k: readonly number[];
  /** Factors whose product is the operand, each over the whole domain. */
  readonly a: readonly Node[];
  readonly b: readonly Node[];
};

/**
 * weighted / total with weighted = sum over key of e * value, total = sum over key of e, e = exp(score - greatest),
 * greatest = max over key of score. Of the scores only a tile exists at a time: when a row's greatest grows, its sums
 * so far are rescaled by exp(before - now).
 */
export type AttentionForm = {
  readonly score: Node;
  /** The sum of products within the score, query * key over the depth; what follows it is element by element. */
  readonly dot: Node;
  readonly dotForm: ContractionForm;
  readonly greatest: Node;
  readonly exponential: Node;
  readonly total: Node;
  readonly weighted: Node;
  readonly weightedForm: ContractionForm;
};

/** Nodes that take up memory of their own: not computed by any kernel. */
export const isGiven = (n: Node): boolean =>
  n.op.kind === "input" ||
  n.op.kind === "weight" ||
  n.op.kind === "state" ||
  n.op.kind === "param" ||
  n.op.kind === "result";

/** Whether a node of the entry is in memory: given, or stored by a kernel. */
export function storedIn(plan: EntryPlan): (n: Node) => boolean {
  const stored = new Set([...choicesOf(plan.body)].map((c) => c.root));
  return (n) => isGiven(n) || stored.has(n);
}

/** The domain that a kernel for `root` runs over: for an update the written values' shape. */
export const domainOf = (root: Node) => (root.op.kind === "update" ? root.inputs[1].shape : root.shape);

/** Every choice of a region and the loops in it. */
export function* choicesOf(region: Region): Generator<Choice> {
  for (const step of region) {
    if (step.kind === "kernel") yield step.choice;
    else yield* choicesOf(step.body);
  }
}
