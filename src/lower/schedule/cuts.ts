/** Where along an axis a kernel changes what it does: the edges of paddings, the seams of concatenations. */
import { type Bounds, isNonNegative, isPositive } from "../../ir/bounds.ts";
import { type Choice, domainOf } from "../../ir/plan.ts";
import { add, equal, int, mentions, negate, type Poly, subtract, zero } from "../../ir/poly.ts";
import { axesIn } from "../plan-contraction.ts";
import type { KernelDraft } from "./build.ts";
import { strideIn, trialOf } from "./merge.ts";
import type { Value } from "./values.ts";

export type Cuts = {
  readonly axis: number;
  /** Ascending, the axis's ends included. */
  readonly at: readonly Poly[];
};

/** More pieces than this are not worth their code. */
const mostPieces = 4;

/** The one axis whose loop is best written in pieces, each without the comparison that the seam would cost. */
export function cutsOf(k: KernelDraft, choice: Choice): Cuts | undefined {
  const domain = domainOf(choice.root);
  const found = new Map<number, Poly[]>();
  for (const v of trialOf(k, choice).values)
    for (const { axis, at } of seamsOf(v))
      if (axis < domain.length) found.set(axis, [...(found.get(axis) ?? []), at]);
  const cuts = [...found].flatMap(([axis, list]): Cuts[] => {
    const at = ordered(list, domain[axis], k.bounds);
    return at === undefined ? [] : [{ axis, at }];
  });
  return cuts.length === 1 && found.size === 1 ? cuts[0] : undefined;
}

/** Elements that a thread of a GPU has with one access of memory. */
const atOnce = 4;

/**
 * Whether pieces pay off where neighbouring threads have neighbouring elements: a comparison costs them nothing beside
 * the memory that they wait for, but a piece that starts between vectors would cost them those.
 */
export const suitsThreads = ({ at }: Cuts): boolean =>
  at.every((p) => p.constant % atOnce === 0 && p.terms.every((t) => t.coef % atOnce === 0));

type Seam = { readonly axis: number; readonly at: Poly };

function seamsOf(v: Value): Seam[] {
  if (v.op.kind === "inside")
    return v.op.checks.flatMap((c) => [
      ...(c.low ? seam(c.value) : []),
      ...(c.below === undefined ? [] : seam(subtract(c.value, c.below))),
    ]);
  if (v.op.kind !== "binary" || !["lt", "le", "gt", "ge"].includes(v.op.fn)) return [];
  const [a, b] = v.args.map((x) => indexPoly(x));
  if (a === undefined || b === undefined) return [];
  const shift = v.op.fn === "le" || v.op.fn === "gt" ? -1 : 0;
  return seam(add(subtract(a, b), int(shift)));
}

const indexPoly = (v: Value): Poly | undefined => {
  if (v.op.kind === "index") return v.op.value;
  return v.op.kind === "number" && (v.dtype === "i32" || v.dtype === "i64") ? int(v.op.value) : undefined;
};

/** Where `p`, an axis minus something without axes, changes its sign. */
function seam(p: Poly): Seam[] {
  const axes = [...axesIn([p])];
  if (axes.length !== 1) return [];
  const stride = strideIn(p, axes[0]);
  if (stride === undefined || !equal(stride, int(1))) return [];
  const rest = { ...p, terms: p.terms.filter((t) => t.atoms.every((a) => a.kind !== "axis")) };
  const at = negate(add(rest, zero));
  return mentions(at, (a) => a.kind === "axis") ? [] : [{ axis: axes[0], at }];
}

/** The ends and the cuts in order, where the bounds prove one. */
function ordered(list: readonly Poly[], size: Poly, bounds: Bounds): Poly[] | undefined {
  const inner: Poly[] = [];
  for (const p of list) {
    if (inner.some((x) => equal(x, p)) || !isPositive(p, bounds) || !isPositive(subtract(size, p), bounds)) {
      const harmless =
        inner.some((x) => equal(x, p)) ||
        isNonNegative(negate(p), bounds) ||
        isNonNegative(subtract(p, size), bounds);
      const edge = isNonNegative(p, bounds) && isNonNegative(subtract(size, p), bounds);
      if (!harmless && !edge) return undefined;
      if (harmless) continue;
    }
    const at = inner.findIndex((x) => isNonNegative(subtract(x, p), bounds));
    const place = at < 0 ? inner.length : at;
    if (!inner.slice(0, place).every((x) => isNonNegative(subtract(p, x), bounds))) return undefined;
    inner.splice(place, 0, p);
  }
  return inner.length === 0 || inner.length >= mostPieces ? undefined : [zero, ...inner, size];
}
