/** The factors of a contraction as operands of the engine: strided where they lie, patches of an image, or computed. */
import { type Bounds, within } from "../../ir/bounds.ts";
import { byteSize, type DType, isFloat } from "../../ir/dtype.ts";
import { isPoly, type Node } from "../../ir/hlir.ts";
import type { OperandForm } from "../../ir/kernel.ts";
import { add, constantOf, multiply, one, type Poly, zero } from "../../ir/poly.ts";
import { spanText } from "../../ir/source.ts";
import { axesIn, axesUsed, throughView } from "../plan-contraction.ts";
import type { KernelDraft } from "./build.ts";
import { type Evaluator, offsetAt } from "./evaluate.ts";
import { strideIn } from "./merge.ts";
import type { Slot } from "./storage.ts";
import type { Value } from "./values.ts";

/** A tensor in memory behind views and widening casts. */
export type Located = {
  readonly node: Node;
  readonly slot: Slot;
  readonly coords: readonly Poly[];
  /** Some read on the way is 0 outside its source. */
  readonly padded: boolean;
};

/**
 * Where to read a factor that is the same along axes of the other side: at their first index, in case it is stored
 * over the whole domain.
 */
export function ownCoordinates(factor: Node, coords: readonly Poly[]): Poly[] {
  const used = axesUsed(factor);
  return coords.map((c, a) => (used.has(a) ? c : zero));
}

/** Where the only factor of a side lies; undefined where it must be computed. */
export function locate(
  k: Pick<KernelDraft, "slotOf" | "engine">,
  ev: Evaluator,
  factors: readonly Node[],
  coords: readonly Poly[],
  root: Node,
): Located | undefined {
  if (factors.length !== 1) return undefined;
  const reads = (t: DType): boolean => floats(t) || (k.engine?.bytes === true && isByte(t));
  let [n, at, padded] = [factors[0], ownCoordinates(factors[0], coords), false];
  for (;;) {
    const slot = n === root ? undefined : k.slotOf(n);
    if (slot !== undefined) return reads(n.dtype) ? { node: n, slot, coords: at, padded } : undefined;
    const narrow = behindCast(n, reads);
    if (narrow !== undefined) n = narrow;
    else if (n.op.kind === "view") {
      const source = throughView(n.op.map, at);
      const { fill } = n.op;
      if (fill !== undefined && !insideAll(source, n.inputs[0], ev.boundsNow())) {
        if (fill !== 0 || padded) return undefined;
        padded = true;
      }
      [n, at] = [n.inputs[0], source];
      if (padded && n.op.kind === "view") return undefined;
    } else if (n.op.kind === "gather" && n.op.fill === undefined) {
      const [x, ...indices] = n.inputs;
      if (n.op.map.every(isPoly)) return undefined;
      const what = spanText(n.span);
      at = ev.dataCoordinates(n.op.map, indices, x.shape, at, { guard: undefined, what, wanted: "row" });
      n = x;
    } else return undefined;
  }
}

/** What a cast to a float has of a type that `reads` takes; a byte's way there is by i32. */
export function behindCast(n: Node, reads: (t: DType) => boolean): Node | undefined {
  if (n.op.kind !== "cast" || !isFloat(n.dtype)) return undefined;
  const [from] = n.inputs;
  if (reads(from.dtype)) return from;
  const [byte] = from.op.kind === "cast" && from.dtype === "i32" ? from.inputs : [];
  return byte !== undefined && isByte(byte.dtype) && reads(byte.dtype) ? byte : undefined;
}

export const isByte = (t: DType): boolean => t === "i8" || t === "u8";
const floats = (t: DType): boolean => isFloat(t) && byteSize(t) <= 4;

const insideAll = (coords: readonly Poly[], x: Node, bounds: Bounds): boolean =>
  coords.every((c, i) => within(c, x.shape[i], bounds));

/** A plain matrix in `outer` and `depth` (variables, undefined where the extent is 1). */
export function stridedForm(
  ev: Evaluator,
  at: Located,
  outer: number | undefined,
  depth: number | undefined,
): OperandForm | undefined {
  if (at.padded) return undefined;
  const offset = offsetAt(at.slot.shape, at.coords);
  const outerStride = outer === undefined ? zero : strideIn(offset, outer);
  const kStride = depth === undefined ? zero : strideIn(offset, depth);
  if (outerStride === undefined || kStride === undefined) return undefined;
  const own = new Set([outer, depth]);
  const free = (p: Poly) => [...axesIn([p])].every((a) => !own.has(a));
  if (!free(outerStride) || !free(kStride)) return undefined;
  if ([outer, depth].some((v) => v !== undefined && isIndexedBy(ev, [offset], v))) return undefined;
  const rest = without(offset, own);
  return {
    kind: "strided",
    from: ev.param(at.slot, false),
    dtype: at.slot.dtype,
    offset: rest,
    outerStride,
    kStride,
  };
}

/** Whether an index from data in the coordinates varies with a variable. */
export function isIndexedBy(ev: Evaluator, coords: readonly Poly[], variable: number): boolean {
  const depends = (v: Value): boolean =>
    v.axes.some((a) => a === variable || isBoundBy(a)) || v.args.some(depends);
  const isBoundBy = (a: number): boolean => {
    const value = ev.bound.get(a);
    return value !== undefined && depends(value);
  };
  return [...axesIn(coords)].some(isBoundBy);
}

/** Terms that mention none of `axes`. */
function without(p: Poly, axes: ReadonlySet<number | undefined>): Poly {
  const kept = { ...p, terms: p.terms.filter((t) => t.atoms.every((a) => !mentionsAny(a, axes))) };
  return add(kept, zero);
}

const mentionsAny = (
  a: Poly["terms"][number]["atoms"][number],
  axes: ReadonlySet<number | undefined>,
): boolean => {
  if (a.kind === "axis") return axes.has(a.axis);
  if (a.kind === "dim" || a.kind === "loop") return false;
  return [...axesIn([a.left, a.right])].some((x) => axes.has(x));
};

/** Roles of the axes of a convolution: `x[…, c, sh * h + dh * r - ph, sw * w + dw * s - pw]`. */
export type Window = {
  readonly h: number | undefined;
  readonly w: number;
  readonly c: number | undefined;
  readonly r: number | undefined;
  readonly s: number;
  readonly image: Omit<
    Extract<OperandForm, { kind: "patches" }>,
    "kind" | "from" | "dtype" | "offset" | "outWidth"
  >;
};

/** Recognizes a convolution's image; `free` are the output's axes (rows, columns), `depth` the summed ones. */
export function windowOf(
  at: Located,
  free: readonly number[],
  depth: readonly number[],
  sizeOf: (a: number) => Poly,
  ev: Evaluator,
): Window | undefined {
  const bounds = ev.boundsNow();
  const rank = at.coords.length;
  if (depth.length > 3 || rank < 2) return undefined;
  const line = slide(at.coords[rank - 1], free, depth);
  if (line === undefined) return undefined;
  const column = slide(at.coords[rank - 2], free, depth);
  const twoD = column !== undefined;
  const channels = depth.filter((a) => a !== line.inner && a !== column?.inner);
  if (channels.length > 1 || depth.length - channels.length !== (twoD ? 2 : 1)) return undefined;
  const above = rank - (twoD ? 3 : 2);
  const c = channels[0];
  if (c !== undefined && (above < 0 || constantOf(strideIn(at.coords[above], c) ?? zero) !== 1))
    return undefined;
  const rest = at.coords.slice(0, rank - (twoD ? 2 : 1));
  const moving = new Set([line.outer, column?.outer, ...depth]);
  const fixed = rest.map((p, i) => (i === above && c !== undefined ? without(p, new Set([c])) : p));
  if (fixed.some((p) => [...axesIn([p])].some((a) => moving.has(a)))) return undefined;
  if ([...moving].some((a) => a !== undefined && isIndexedBy(ev, at.coords, a))) return undefined;
  if (!rest.every((p, i) => within(p, at.slot.shape[i], bounds))) return undefined;
  return {
    h: column?.outer,
    w: line.outer,
    c,
    r: column?.inner,
    s: line.inner,
    image: {
      height: twoD ? at.slot.shape[rank - 2] : one,
      width: at.slot.shape[rank - 1],
      kernelHeight: column === undefined ? one : sizeOf(column.inner),
      kernelWidth: sizeOf(line.inner),
      strides: [column?.stride ?? 1, line.stride],
      dilations: [column?.dilation ?? 1, line.dilation],
      pads: [column?.pad ?? 0, line.pad],
    },
  };
}

type Slide = { outer: number; inner: number; stride: number; dilation: number; pad: number };

/** stride * outer + dilation * inner - pad, all constants. */
function slide(p: Poly, free: readonly number[], depth: readonly number[]): Slide | undefined {
  const axes = [...axesIn([p])];
  const [outer, inner] = [axes.find((a) => free.includes(a)), axes.find((a) => depth.includes(a))];
  if (axes.length !== 2 || outer === undefined || inner === undefined) return undefined;
  const stride = constantOf(strideIn(p, outer) ?? zero);
  const dilation = constantOf(strideIn(p, inner) ?? zero);
  const pad = constantOf(add(without(p, new Set([outer, inner]))));
  if (stride === undefined || dilation === undefined || pad === undefined || stride < 1 || dilation < 1)
    return undefined;
  return { outer, inner, stride, dilation, pad: -pad };
}

export const sizeProduct = (sizes: readonly Poly[]): Poly => multiply(one, ...sizes);
