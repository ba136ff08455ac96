/** Views: elements of a held tensor at places that polynomials tell. */
import type { Node, OpOf } from "../../ir/hlir.ts";
import { roundFloat } from "../float-formats.ts";
import { type Frame, shapeIn } from "./frame.ts";
import {
  type IndexFunction,
  indexFunction,
  type LinearFunction,
  linearAt,
  linearRange,
} from "./index-function.ts";
import { eachElement, forEachRun, stridesOf } from "./rows.ts";
import type { Piece } from "./stream.ts";

/** A coordinate along one axis of the source. */
type Along<F> = F & { readonly size: number; readonly stride: number };

type View = {
  readonly node: Node;
  readonly domain: readonly number[];
  readonly source: Float64Array;
  readonly fill: number | undefined;
};

export function viewInto(n: Node, op: OpOf<"view">, source: Float64Array, frame: Frame): (p: Piece) => void {
  const domain = shapeIn(n, frame);
  const fill = op.fill === undefined ? undefined : roundFloat(op.fill, n.dtype);
  const view: View = { node: n, domain, source, fill };
  const sizes = shapeIn(n.inputs[0], frame);
  const strides = stridesOf(sizes);
  const axes = op.map.map((p, i) => ({
    ...indexFunction(p, domain.length, frame.sizes),
    size: sizes[i],
    stride: strides[i],
  }));
  const linear = axes.flatMap((a) => (a.linear === undefined ? [] : [{ ...a, ...a.linear }]));
  if (linear.length === axes.length) return linearView(view, linear);
  return axes.every((a) => a.step !== undefined) ? runView(view, axes) : elementView(view, axes);
}

/** Each element by itself. */
function elementView(view: View, axes: readonly Along<IndexFunction>[]): (p: Piece) => void {
  const element = (at: readonly number[]): number => {
    let flat = 0;
    for (const a of axes) {
      const index = a.start(at);
      if (index < 0 || index >= a.size) return fillOf(view);
      flat += index * a.stride;
    }
    return view.source[flat];
  };
  return ({ into, start, count }) =>
    forEachRun(view.domain, start, count, (at, length, offset) =>
      eachElement(at, length, (k, x) => (into[offset + k] = element(x))),
    );
}

/** What is read outside of the source; that it happens only with a fill was proved when the graph was made. */
function fillOf(view: View): number {
  if (view.fill === undefined) throw new Error(`view ${view.node.name ?? ""} leaves its source`);
  return view.fill;
}

/** Runs of equal pace along the last axis of the domain. */
function runView(view: View, axes: readonly Along<IndexFunction>[]): (p: Piece) => void {
  return ({ into, start, count }) =>
    forEachRun(view.domain, start, count, (at, length, offset) => {
      const inside: Inside = { low: 0, high: length };
      let [flat, step] = [0, 0];
      for (const a of axes) {
        const [first, pace] = [a.start(at), a.step ?? 0];
        narrow(inside, first, pace, a.size);
        flat += first * a.stride;
        step += pace * a.stride;
      }
      copyRun(view, into, offset, flat, step, length, inside);
    });
}

/**
 * All coordinates linear: the flat position is linear too, and only the axes that some element of the domain
 * leaves need a look at each run.
 */
function linearView(view: View, axes: readonly Along<LinearFunction>[]): (p: Piece) => void {
  const last = view.domain.length - 1;
  const flatFunction: LinearFunction = {
    constant: axes.reduce((sum, a) => sum + a.constant * a.stride, 0),
    coefficients: view.domain.map((_, i) => axes.reduce((sum, a) => sum + a.coefficients[i] * a.stride, 0)),
  };
  const risky = axes.filter((a) => {
    const { low, high } = linearRange(a, view.domain);
    return low < 0 || high >= a.size;
  });
  const paceOf = (f: LinearFunction) => (last < 0 ? 0 : f.coefficients[last]);
  const step = paceOf(flatFunction);
  const inside: Inside = { low: 0, high: 0 };
  return ({ into, start, count }) =>
    forEachRun(view.domain, start, count, (at, length, offset) => {
      inside.low = 0;
      inside.high = length;
      for (const a of risky) narrow(inside, linearAt(a, at), paceOf(a), a.size);
      copyRun(view, into, offset, linearAt(flatFunction, at), step, length, inside);
    });
}

/** Of a run of elements, those from low up to high lie in the source. */
type Inside = { low: number; high: number };

/** Leaves those k for which 0 <= first + k * pace < size. */
function narrow(inside: Inside, first: number, pace: number, size: number): void {
  if (pace === 0) {
    if (first < 0 || first >= size) inside.high = 0;
  } else if (pace > 0) {
    inside.low = Math.max(inside.low, Math.ceil(-first / pace));
    inside.high = Math.min(inside.high, Math.ceil((size - first) / pace));
  } else {
    inside.low = Math.max(inside.low, Math.floor((first - size) / -pace) + 1);
    inside.high = Math.min(inside.high, Math.floor(first / -pace) + 1);
  }
}

/** Long runs that are contiguous or one element repeated go through the array's own methods. */
function copyRun(
  view: View,
  into: Float64Array,
  offset: number,
  flat: number,
  step: number,
  length: number,
  { low, high }: Inside,
): void {
  const { source } = view;
  if (low > 0 || high < length) {
    const fill = fillOf(view);
    for (let k = 0; k < length; k++) into[offset + k] = k >= low && k < high ? source[flat + k * step] : fill;
  } else if (length > 16 && step === 1) into.set(source.subarray(flat, flat + length), offset);
  else if (length > 16 && step === 0) into.fill(source[flat], offset, offset + length);
  else for (let k = 0; k < length; k++) into[offset + k] = source[flat + k * step];
}
