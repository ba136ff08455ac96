/**
 * How a GPU may cut the kernel of a choice: which names of tiles and parts its engines have for the factors and sizes
 * there, decided and proved before anything has a place in memory. Every cut is right for all sizes of a call; the
 * premises say what the engines can read, and that there is room for the parts.
 */
import { type Bounds, withAxes } from "../ir/bounds.ts";
import type { Node } from "../ir/hlir.ts";
import type { Attention, Contraction, Kernel } from "../ir/kernel.ts";
import { type Choice, isGiven, type Schedule } from "../ir/plan.ts";
import { cudaEngine } from "../targets/cuda.ts";
import { buildKernel } from "./schedule/build.ts";
import type { Slot } from "./schedule/storage.ts";
import { keySplitsFor, packedItems, rowsOf } from "./schedule-cuda/attention-tiles.ts";
import { attentionIn } from "./schedule-cuda/split-attention.ts";
import { productIn } from "./schedule-cuda/split-product.ts";
import { cutsFor, productOf } from "./schedule-cuda/tiles.ts";

type IsStored = (n: Node) => boolean;

/** The kernel that the scheduler would cut, as far as its cut depends on it. */
export type CutKernel = { readonly kernel: Kernel } & (
  | { readonly family: "contraction"; readonly product: Contraction }
  | { readonly family: "attention"; readonly attention: Attention; readonly packed: number }
);

/** Undefined for what the scheduler cuts in no such way: other families, and kernels of several products. */
export function cutKernelOf(choice: Choice, bounds: Bounds, isStored: IsStored): CutKernel | undefined {
  let found = known.get(choice);
  if (found === undefined) {
    found = new Map();
    known.set(choice, found);
  }
  if (!found.has(bounds)) found.set(bounds, build(choice, bounds, isStored));
  return found.get(bounds);
}

const known = new WeakMap<Choice, Map<Bounds, CutKernel | undefined>>();

function build(choice: Choice, bounds: Bounds, isStored: IsStored): CutKernel | undefined {
  const { implementation: i } = choice;
  if (choice.joined !== undefined || (i.family !== "contraction" && i.family !== "attention"))
    return undefined;
  if (i.family === "contraction" && i.winograd !== undefined) return undefined;
  const slotOf = (n: Node): Slot | undefined =>
    isStored(n) || isGiven(n)
      ? { key: `${n.id}`, name: "x", place: { kind: "temporary", name: "x" }, shape: n.shape, dtype: n.dtype }
      : undefined;
  const around = {
    bounds: withAxes(bounds, []),
    slotOf,
    isStored,
    isPacked: () => false,
    engine: cudaEngine,
  };
  const { kernel } = buildKernel(choice, around);
  const product = productIn(kernel);
  if (product !== undefined) return { family: "contraction", kernel, product };
  const attention = attentionIn(kernel);
  if (attention === undefined) return undefined;
  return { family: "attention", kernel, attention, packed: packedItems(kernel, attention) };
}

/** The names that hold of a choice, the scheduler's own decision among them or not. */
export function cutsOf(choice: Choice, bounds: Bounds, isStored: IsStored): Schedule[] {
  const found = cutKernelOf(choice, bounds, isStored);
  if (found === undefined) return [];
  const { kernel } = found;
  if (found.family === "contraction") return cutsFor(productOf(kernel, found.product));
  return keySplitsFor(rowsOf(kernel, found.attention, found.packed));
}
