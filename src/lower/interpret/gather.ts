/** Places that come from data: gathers, and the targets of writes into a state. */
import { CompileError } from "../../diagnostics.ts";
import { type Coordinate, isPoly, type Node, type OpOf } from "../../ir/hlir.ts";
import { roundFloat } from "../float-formats.ts";
import { type Frame, shapeIn } from "./frame.ts";
import { indexFunction } from "./index-function.ts";
import { eachElement, forEachRun, stridesOf } from "./rows.ts";
import type { Piece, Stream } from "./stream.ts";

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
