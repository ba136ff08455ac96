/** Views and gathers: elements of a held tensor at computed places. */
import { CompileError } from "../../diagnostics.ts";
import { type Coordinate, isPoly, type Node, type OpOf } from "../../ir/hlir.ts";
import { roundFloat } from "../float-formats.ts";
import { type Frame, shapeIn } from "./frame.ts";
import { type IndexFunction, indexFunction } from "./index-function.ts";
import { eachElement, forEachRun, stridesOf } from "./rows.ts";
import type { Stream } from "./stream.ts";

/** Elements start … start + count - 1 of a domain, to be written to the front of `into`. */
export type Piece = { readonly into: Float64Array; readonly start: number; readonly count: number };

/** A coordinate along one axis of the source. */
type Along = IndexFunction & { readonly size: number; readonly stride: number };

const outside = (n: Node, p: string, size: number): Error =>
  new Error(`view ${n.name ?? ""} at ${p} leaves an axis of ${size} that it was proved to stay in`);

export function viewInto(n: Node, op: OpOf<"view">, source: Float64Array, frame: Frame): (p: Piece) => void {
  const shape = shapeIn(n, frame);
  const sizes = shapeIn(n.inputs[0], frame);
  const strides = stridesOf(sizes);
  const axes = op.map.map((p, i) => ({
    ...indexFunction(p, shape.length, frame.sizes),
    size: sizes[i],
    stride: strides[i],
  }));
  const fill = op.fill === undefined ? undefined : roundFloat(op.fill, n.dtype);
  const element = (at: readonly number[]): number => {
    let flat = 0;
    for (let i = 0; i < axes.length; i++) {
      const index = axes[i].start(at);
      if (index < 0 || index >= axes[i].size) {
        if (fill === undefined) throw outside(n, op.map[i].key, axes[i].size);
        return fill;
      }
      flat += index * axes[i].stride;
    }
    return source[flat];
  };
  const linear = axes.every((a) => a.step !== undefined);
  return ({ into, start, count }) =>
    forEachRun(shape, start, count, (at, length, offset) => {
      if (!linear) return eachElement(at, length, (k, x) => (into[offset + k] = element(x)));
      const { low, high, flat, step } = runInside(axes, at, length);
      if (fill === undefined) {
        if (low > 0 || high < length) throw outside(n, op.map.map((p) => p.key).join(), length);
        return copyRun(into, offset, source, flat, step, length);
      }
      for (let k = 0; k < length; k++)
        into[offset + k] = k >= low && k < high ? source[flat + k * step] : fill;
    });
}

/** Long runs that are contiguous or one element repeated go through the array's own methods. */
function copyRun(
  into: Float64Array,
  offset: number,
  source: Float64Array,
  flat: number,
  step: number,
  length: number,
): void {
  if (length > 16 && step === 1) into.set(source.subarray(flat, flat + length), offset);
  else if (length > 16 && step === 0) into.fill(source[flat], offset, offset + length);
  else for (let k = 0; k < length; k++) into[offset + k] = source[flat + k * step];
}

/** The elements low ≤ k < high of a run lie in the source, element k at flat + k * step. */
function runInside(
  axes: readonly Along[],
  at: readonly number[],
  length: number,
): { low: number; high: number; flat: number; step: number } {
  let [low, high, flat, step] = [0, length, 0, 0];
  for (const a of axes) {
    const first = a.start(at);
    const pace = a.step ?? 0;
    flat += first * a.stride;
    step += pace * a.stride;
    if (pace === 0) {
      if (first < 0 || first >= a.size) high = 0;
    } else if (pace > 0) {
      low = Math.max(low, Math.ceil(-first / pace));
      high = Math.min(high, Math.ceil((a.size - first) / pace));
    } else {
      low = Math.max(low, Math.floor((first - a.size) / -pace) + 1);
      high = Math.min(high, Math.floor(first / -pace) + 1);
    }
  }
  return { low, high, flat, step };
}

/**
 * Flat positions in a tensor of shape `sizes` for a piece of the domain; -1 for one outside, where `fill` says so,
 * else it throws LUM6007.
 */
export function positions(
  n: Node,
  map: readonly Coordinate[],
  domain: readonly number[],
  sizes: readonly number[],
  indices: readonly Stream[],
  allowOutside: boolean,
  frame: Frame,
): (p: Piece) => void {
  const strides = stridesOf(sizes);
  const axes = map.map((c, i) => {
    const own = { size: sizes[i], stride: strides[i] };
    return isPoly(c)
      ? { ...own, polynomial: indexFunction(c, domain.length, frame.sizes), operand: -1 }
      : { ...own, polynomial: undefined, operand: c.operand };
  });
  return ({ into, start, count }) => {
    const values = indices.map((x) => x(start, count));
    forEachRun(domain, start, count, (at, length, offset) =>
      eachElement(at, length, (k, x) => {
        let flat = 0;
        for (const a of axes) {
          const index = a.polynomial?.start(x) ?? values[a.operand][offset + k];
          if (!(index >= 0 && index < a.size)) {
            if (!allowOutside) throw new CompileError([frame.outOfRange(n, index, a.size)]);
            flat = Number.NEGATIVE_INFINITY;
          } else flat += index * a.stride;
        }
        into[offset + k] = flat < 0 ? -1 : flat;
      }),
    );
  };
}

export function gatherInto(
  n: Node,
  op: OpOf<"gather">,
  source: Float64Array,
  indices: readonly Stream[],
  frame: Frame,
): (p: Piece) => void {
  const fill = op.fill === undefined ? 0 : roundFloat(op.fill, n.dtype);
  const allowOutside = op.fill !== undefined;
  const sizes = shapeIn(n.inputs[0], frame);
  const locate = positions(n, op.map, shapeIn(n, frame), sizes, indices, allowOutside, frame);
  return (piece) => {
    locate(piece);
    const { into, count } = piece;
    for (let k = 0; k < count; k++) into[k] = into[k] < 0 ? fill : source[into[k]];
  };
}
