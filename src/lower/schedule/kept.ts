/**
 * Costly values that a row kernel needs in two passes, such as the exponentials of a softmax: the first pass
 * leaves them in the row of the result, where the last pass finds them.
 */
import type { Node } from "../../ir/hlir.ts";
import { type Choice, domainOf } from "../../ir/plan.ts";
import { constantOf, type Poly } from "../../ir/poly.ts";
import { ownWork } from "../direct/cost.ts";
import type { Use } from "../direct/draft.ts";
import { pureAxis } from "../plan-contraction.ts";
import type { KernelDraft } from "./build.ts";
import { offsetAt } from "./evaluate.ts";
import type { Frame } from "./frames.ts";

export type Kept = { readonly node: Node; readonly stage: Node };

/** Less than this is computed again sooner than read again. */
const worthKeeping = 4;

/** The costliest node that one reduction and the last pass both compute at every element of the row. */
export function keptInRow(k: KernelDraft, choice: Choice): Kept | undefined {
  const { root, implementation, inlined } = choice;
  if (implementation.family !== "reduction" || root.op.kind === "update") return undefined;
  if (k.readsTarget) return undefined;
  const { outer } = implementation;
  const found = inlined.flatMap((node): Kept[] => {
    if (ownWork(node) < worthKeeping || node.dtype !== root.dtype || node.shape.length !== root.shape.length)
      return [];
    const uses = k.usesOf(node);
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

/** In the stage it is read at the row's own place, and over the rest by the reduction's axes in order. */
function wholeRow(u: Use, outer: readonly number[], root: Node): boolean {
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

/** In the loop of the stage: the value goes to the result's row; from now on it is read from there. */
export function keepInRow(k: KernelDraft, kept: Kept, at: readonly Poly[], inner: Frame): void {
  const value = k.ev.at(kept.node, at);
  value.mentions += 2; // here and in the fold
  const to = k.ev.param(k.target, true);
  inner.out.push({
    kind: "store",
    to,
    at: offsetAt(kept.node.shape, at),
    value: k.place.exprOf(value, inner),
  });
  k.ev.moved.set(kept.node, k.target);
}
