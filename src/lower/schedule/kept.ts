/**
 * Costly values that a row kernel needs in two passes, such as the exponentials of a softmax: the first pass
 * leaves them in the row of the result, where the last pass finds them.
 */
import type { Node } from "../../ir/hlir.ts";
import { type Choice, domainOf } from "../../ir/plan.ts";
import { constantOf, equal, type Poly, zero } from "../../ir/poly.ts";
import { cpu } from "../../targets/cpu.ts";
import { ownWork } from "../direct/cost.ts";
import type { Use } from "../direct/draft.ts";
import { pureAxis } from "../plan-contraction.ts";
import type { KernelDraft } from "./build.ts";
import { placeIn } from "./evaluate.ts";
import type { Frame } from "./frames.ts";

export type Kept = { readonly node: Node; readonly stage: Node };

export const keptInRow = (k: KernelDraft, choice: Choice): Kept | undefined =>
  k.readsTarget ? undefined : keptBy(choice, k.usesOf);

/** The costliest node that one reduction and the last pass both compute at every element of the row. */
export function keptBy(choice: Choice, usesOf: (n: Node) => readonly Use[]): Kept | undefined {
  const { root, implementation, inlined } = choice;
  if (implementation.family !== "reduction" || root.op.kind === "update") return undefined;
  const { outer } = implementation;
  const found = inlined.flatMap((node): Kept[] => {
    if (
      ownWork(node) < cpu.worthKeeping ||
      node.dtype !== root.dtype ||
      node.shape.length !== root.shape.length
    )
      return [];
    const uses = usesOf(node);
    const last = uses.filter((u) => u.stage === undefined);
    const stages = uses.filter((u) => u.stage !== undefined);
    const [stage] = stages;
    const fits =
      last.length === 1 &&
      stages.length === 1 &&
      samePlace(last[0], domainOf(root)) &&
      wholeRow(stage, outer, root);
    return fits ? [{ node, stage: stage.stage! }] : [];
  });
  return found.sort((a, b) => ownWork(b.node) - ownWork(a.node))[0];
}

const samePlace = (u: Use, domain: Node["shape"]): boolean =>
  u.coords.every((c, a) => pureAxis(c) === a || constantOf(domain[a]) === 1);

/** In the stage it is read at the row's own place, and over the rest by all of the reduction's axes in order. */
function wholeRow(u: Use, outer: readonly number[], root: Node): boolean {
  const r = u.stage;
  if (r?.op.kind !== "reduce") return false;
  const product = r.inputs[0];
  const reduced = r.op.axes.map((a) => product.shape[a]).filter((size) => constantOf(size) !== 1);
  const rest = domainOf(root).filter((size, a) => !outer.includes(a) && constantOf(size) !== 1);
  if (reduced.length !== rest.length || !reduced.every((size, i) => equal(size, rest[i]))) return false;
  let before = domainOf(root).length - 1;
  return u.coords.every((c, a) => {
    if (constantOf(root.shape[a]) === 1) return true;
    const at = pureAxis(c);
    if (outer.includes(a)) return at === a;
    if (at === undefined || at <= before) return false;
    before = at;
    return true;
  });
}

/** Coordinates of the kept node in the stage: the row's, and the reduction's over the rest. */
export function keptCoordinates(
  kept: Kept,
  outer: readonly number[],
  row: readonly Poly[],
  reduced: readonly Poly[],
): Poly[] {
  const r = kept.stage;
  const axes = r.op.kind === "reduce" ? r.op.axes : [];
  const shape = r.inputs[0].shape;
  const moving = reduced.filter((_, i) => constantOf(shape[axes[i]]) !== 1);
  return kept.node.shape.map((size, a) => {
    if (constantOf(size) === 1) return zero;
    return outer.includes(a) ? row[a] : moving.shift()!;
  });
}

/** In the loop of the stage: the value goes to the result's row; from now on it is read from there. */
export function keepInRow(k: KernelDraft, kept: Kept, at: readonly Poly[], inner: Frame): void {
  const value = k.ev.at(kept.node, at);
  value.mentions += 2; // here and in the fold
  const to = k.ev.param(k.target, true);
  inner.out.push({
    kind: "store",
    to,
    at: placeIn(k.target.within, kept.node.shape, at),
    value: k.place.exprOf(value, inner),
  });
  k.ev.moved.set(kept.node, k.target);
}
