/**
 * Kernels that read beyond the edges of what they read, as a padded convolution does: the elements whose reads all lie
 * inside are computed first, without a test, then the border, with tests.
 */
import { isNonNegative, upperBound } from "../../ir/bounds.ts";
import type { RangeCheck, Stretch } from "../../ir/kernel.ts";
import {
  add,
  axis,
  constantOf,
  floorDiv,
  int,
  linearIn,
  maximum,
  minimum,
  multiply,
  one,
  type Poly,
  subtract,
  zero,
} from "../../ir/poly.ts";
import { cpu } from "../../targets/cpu.ts";
import { axesIn } from "../plan-contraction.ts";
import type { NestedLoop } from "./blocks.ts";
import type { KernelDraft } from "./build.ts";
import type { Frame } from "./frames.ts";
import { strideIn } from "./merge.ts";
import { nestLoops, reopened } from "./nest.ts";
import type { Value } from "./values.ts";

/** Along each axis with an edge, the coordinates from `from` to below `to` at which nothing outside is read. */
export type Inside = readonly { readonly axis: number; readonly from: Poly; readonly to: Poly }[];

/**
 * Where a kernel over the axes of `shape` reads nothing outside; undefined where it never does, where that is no
 * rectangle, or one too small to be worth loops of its own. `sizes`: of the trial's variables, the shape's first.
 */
export function insideOf(
  k: KernelDraft,
  shape: readonly Poly[],
  values: readonly Value[],
  sizes: readonly Poly[],
): Inside | undefined {
  if (k.engine !== undefined) return undefined;
  const found = new Map<number, { from: Poly; to: Poly }>();
  for (const check of values.flatMap((v) => (v.op.kind === "inside" ? v.op.checks : []))) {
    const limits = limitsOf(check, shape.length, sizes);
    if (limits === undefined) return undefined;
    const known = found.get(limits.axis) ?? { from: zero, to: shape[limits.axis] };
    found.set(limits.axis, {
      from: limits.from === undefined ? known.from : larger(k, known.from, limits.from),
      to: limits.to === undefined ? known.to : smaller(k, known.to, limits.to),
    });
  }
  const inside = [...found].map(([at, { from, to }]) => ({ axis: at, from, to }));
  const share = inside.reduce((product, s) => product * shareOf(k, s, shape[s.axis]), 1);
  return inside.length === 0 || share < cpu.worthInside ? undefined : inside;
}

const shareOf = (k: KernelDraft, { from, to }: { from: Poly; to: Poly }, size: Poly): number =>
  Math.max(0, upperBound(subtract(to, from), k.bounds) ?? 1) / (upperBound(size, k.bounds) ?? 1);

/** Where the check holds whatever variables other than the one axis of the kernel in it are. */
function limitsOf(
  { value, low, below }: RangeCheck,
  rank: number,
  sizes: readonly Poly[],
): { axis: number; from?: Poly; to?: Poly } | undefined {
  const kept = [...axesIn([value])].filter((a) => a < rank);
  const linear = kept.length === 1 ? linearIn(value, { kind: "axis", axis: kept[0] }) : undefined;
  const stride = linear && constantOf(linear.coefficient);
  if (linear === undefined || stride === undefined || stride <= 0) return undefined;
  const [least, most] = [endOf(linear.rest, sizes, -1), endOf(linear.rest, sizes, 1)];
  if (least === undefined || most === undefined || axesIn([below ?? zero]).size > 0) return undefined;
  return {
    axis: kept[0],
    from: low ? floorDiv(subtract(int(stride - 1), least), int(stride)) : undefined,
    to:
      below === undefined ? undefined : add(floorDiv(subtract(subtract(below, one), most), int(stride)), one),
  };
}

/** The least (sign -1) or greatest (1) value of a sum of variables. */
function endOf(p: Poly, sizes: readonly Poly[], sign: -1 | 1): Poly | undefined {
  let end = p;
  for (const a of axesIn([p])) {
    const stride = constantOf(strideIn(end, a) ?? axis(a));
    const linear = linearIn(end, { kind: "axis", axis: a });
    if (stride === undefined || linear === undefined || sizes[a] === undefined) return undefined;
    const last = multiply(int(stride), subtract(sizes[a], one));
    end = stride * sign > 0 ? add(linear.rest, last) : linear.rest;
  }
  return axesIn([end]).size > 0 ? undefined : end;
}

function larger(k: KernelDraft, a: Poly, b: Poly): Poly {
  if (isNonNegative(subtract(a, b), k.bounds)) return a;
  return isNonNegative(subtract(b, a), k.bounds) ? b : maximum(a, b);
}

function smaller(k: KernelDraft, a: Poly, b: Poly): Poly {
  if (isNonNegative(subtract(a, b), k.bounds)) return b;
  return isNonNegative(subtract(b, a), k.bounds) ? a : minimum(a, b);
}

type Options = { readonly simd: boolean; readonly work: Poly };

/** The loops once over what is `inside`, in vector lanes if asked, and once over the rest. False: nothing was written. */
export function nestWithBorder(
  k: KernelDraft,
  loops: readonly NestedLoop[],
  coords: readonly Poly[],
  inside: Inside,
  options: Options,
  body: (inner: Frame, coords: readonly Poly[]) => void,
): boolean {
  const along = inside.map((s) => loops.findIndex((l) => coords[s.axis].key === `a${l.variable}`));
  if (along.includes(-1)) return false;
  const first = Math.min(...along);
  const [outside, within] = [loops.slice(0, first), loops.slice(first)];
  const stretchOf = (l: NestedLoop) => inside[along.indexOf(loops.indexOf(l))];
  // The loops outside are shared out to threads, but for few iterations around loops of more.
  const isLong = (l: NestedLoop) => (upperBound(l.size, k.bounds) ?? Infinity) >= cpu.enoughForThreads;
  const threads = outside.length > 0 && (outside.some(isLong) || !within.some(isLong));
  const total = multiply(options.work, ...within.map((l) => l.size));
  const part = (frame: Frame, simd: boolean, nest: readonly NestedLoop[], from: (a: number) => Poly) => {
    const moved = coords.map((c, a) => {
      const at = within.findIndex((l) => c.key === `a${l.variable}`);
      return at < 0 ? c : add(from(a), axis(nest[at].variable));
    });
    nestLoops(k, frame, nest, { simd, threads: !threads, work: options.work }, (inner) => body(inner, moved));
  };
  nestLoops(k, k.frame, outside, { simd: false, threads, work: total }, (frame) => {
    const inner = within.map((l) => {
      const s = stretchOf(l);
      return reopened(k, l, s === undefined ? l.size : subtract(s.to, s.from));
    });
    part(frame, options.simd, inner, (a) => inside.find((s) => s.axis === a)?.from ?? zero);
    const all = within.map((l) => reopened(k, l, l.size));
    const stretches = all.flatMap(({ variable }, i): Stretch[] => {
      const s = stretchOf(within[i]);
      return s === undefined ? [] : [{ variable, from: s.from, to: s.to }];
    });
    const except = { own: stretches.at(-1)!, around: stretches.slice(0, -1) };
    const rest = all.map((l) => (l.variable === except.own.variable ? { ...l, except } : l));
    part(frame, options.simd, rest, () => zero);
  });
  k.note("First what reads nothing outside, then the border.");
  return true;
}
