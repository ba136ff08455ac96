/** Operations on whole tensors: top-k, running sums, and writes into a state. */
import type { Node, OpOf } from "../../ir/hlir.ts";
import { folds } from "../../ops/reductions.ts";
import { elementCount } from "../tensor.ts";
import { type Frame, heldValue, shapeIn } from "./frame.ts";
import { positions } from "./gather.ts";
import { pieceSize, streamOf } from "./stream.ts";

/** Positions of the k greatest of each row: NaN first, then falling values, the lower position among equals. */
export function topk(n: Node, frame: Frame): Float64Array {
  const x = heldValue(n.inputs[0], frame);
  const size = shapeIn(n.inputs[0], frame).at(-1) ?? 1;
  const k = shapeIn(n, frame).at(-1) ?? 1;
  const result = new Float64Array(elementCount(shapeIn(n, frame)));
  const rows = k === 0 ? 0 : result.length / k;
  for (let row = 0; row < rows; row++) {
    const values = x.subarray(row * size, (row + 1) * size);
    const key = (i: number) => (Number.isNaN(values[i]) ? Number.POSITIVE_INFINITY : values[i]);
    const isNaNAt = (i: number) => (Number.isNaN(values[i]) ? 1 : 0);
    const order = Array.from(values, (_, i) => i);
    order.sort((a, b) => isNaNAt(b) - isNaNAt(a) || compare(key(b), key(a)) || a - b);
    result.set(order.slice(0, k), row * k);
  }
  return result;
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

export function cumulate(n: Node, op: OpOf<"cumulate">, frame: Frame): Float64Array {
  const shape = shapeIn(n, frame);
  const f = folds[op.fn].combine.interpret(n.dtype);
  const result = Float64Array.from(heldValue(n.inputs[0], frame));
  const step = elementCount(shape.slice(op.axis + 1));
  const block = step * shape[op.axis];
  for (let i = 0; i < result.length; i++) if (i % block >= step) result[i] = f(result[i - step], result[i]);
  return result;
}

/** A copy of the state's version with the elements replaced, in row-major order of the domain. */
export function update(n: Node, op: OpOf<"update">, frame: Frame): Float64Array {
  const [before, value, ...indices] = n.inputs;
  const result = Float64Array.from(heldValue(before, frame));
  const domain = shapeIn(value, frame);
  const streams = indices.map((x) => streamOf(x, frame));
  const locate = positions(n, op.map, domain, shapeIn(before, frame), streams, false, frame);
  const values = streamOf(value, frame);
  const places = new Float64Array(pieceSize);
  const total = elementCount(domain);
  for (let start = 0; start < total; start += pieceSize) {
    const count = Math.min(pieceSize, total - start);
    locate({ into: places, start, count });
    const piece = values(start, count);
    for (let k = 0; k < count; k++) result[places[k]] = piece[k];
  }
  return result;
}
