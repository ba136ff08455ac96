/** Reductions over any axes, in row-major order of the operand. */
import { isFloat } from "../../ir/dtype.ts";
import type { Node, OpOf } from "../../ir/hlir.ts";
import { argFolds, folds, isArg } from "../../ops/reductions.ts";
import { elementCount } from "../tensor.ts";
import { type Frame, shapeIn } from "./frame.ts";
import { forEachRun, stridesOf } from "./rows.ts";
import { pieceSize, type Stream, streamOf } from "./stream.ts";

export function reduce(n: Node, op: OpOf<"reduce">, frame: Frame): Float64Array {
  const [x] = n.inputs;
  const shape = shapeIn(x, frame);
  const result = new Float64Array(elementCount(shapeIn(n, frame)));
  const strides = keptStrides(shape, op.axes);
  const values = streamOf(x, frame);
  if (isArg(op.fn)) return argReduce(argFolds[op.fn].better, shape, op.axes[0], strides, values, result);
  const { combine, neutral } = folds[op.fn];
  const f = combine.interpret(x.dtype);
  const isSum = op.fn === "sum" && isFloat(x.dtype);
  result.fill(neutral(x.dtype));
  eachRun(shape, values, (at, run, length, offset) => {
    let target = flatAt(at, strides);
    const step = shape.length === 0 ? 0 : strides[shape.length - 1];
    if (step === 0 && isSum) {
      let sum = result[target];
      for (let k = 0; k < length; k++) sum += run[offset + k];
      result[target] = sum;
      return;
    }
    for (let k = 0; k < length; k++, target += step) result[target] = f(result[target], run[offset + k]);
  });
  return result;
}

function argReduce(
  better: (candidate: number, best: number) => boolean,
  shape: readonly number[],
  along: number,
  strides: readonly number[],
  values: Stream,
  result: Float64Array,
): Float64Array {
  const best = new Float64Array(result.length);
  const last = shape.length - 1;
  eachRun(shape, values, (at, run, length, offset) => {
    let target = flatAt(at, strides);
    for (let k = 0; k < length; k++, target += strides[last]) {
      const position = along === last ? at[last] + k : at[along];
      if (position > 0 && !better(run[offset + k], best[target])) continue;
      best[target] = run[offset + k];
      result[target] = position;
    }
  });
  return result;
}

/** Strides of the result along the axes of the operand; 0 along those that are reduced. */
function keptStrides(shape: readonly number[], reduced: readonly number[]): number[] {
  const isKept = (axis: number) => !reduced.includes(axis);
  const strides = stridesOf(shape.filter((_, i) => isKept(i)));
  return shape.map((_, i) => (isKept(i) ? strides.shift()! : 0));
}

function flatAt(at: readonly number[], strides: readonly number[]): number {
  let flat = 0;
  for (let i = 0; i < at.length; i++) flat += at[i] * strides[i];
  return flat;
}

function eachRun(
  shape: readonly number[],
  values: Stream,
  visit: (at: readonly number[], piece: Float64Array, length: number, offset: number) => void,
): void {
  const total = elementCount(shape);
  for (let start = 0; start < total; start += pieceSize) {
    const count = Math.min(pieceSize, total - start);
    const piece = values(start, count);
    forEachRun(shape, start, count, (at, length, offset) => visit(at, piece, length, offset));
  }
}
