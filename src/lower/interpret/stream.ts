/**
 * Streams: the elements of a tensor in row-major order, a piece at a time. A stream writes the piece that starts
 * at `start` into its own buffer; who reads the same piece again finds it there.
 */
import type { Node } from "../../ir/hlir.ts";
import { binaryOp, unaryOp } from "../../ops/index.ts";
import { roundFloat } from "../float-formats.ts";
import { conversion, isWidening, reinterpretation } from "../tensor.ts";
import { type Frame, findValue, heldValue, shapeIn } from "./frame.ts";
import { gatherInto } from "./gather.ts";
import { indexFunction } from "./index-function.ts";
import { eachElement, forEachRun } from "./rows.ts";
import { viewInto } from "./view.ts";

/** Elements start … start + count - 1 of a domain, to be written to the front of `into`. */
export type Piece = { readonly into: Float64Array; readonly start: number; readonly count: number };

/** `count` elements from flat position `start` on; valid until the next call. */
export type Stream = (start: number, count: number) => Float64Array;

/** Elements of a piece at most. */
export const pieceSize = 4096;

/** The stream of a node's elements; nodes that are used twice below it are computed once per piece. */
export function streamOf(root: Node, frame: Frame): Stream {
  const streams = new Map<Node, Stream>();
  const of = (n: Node): Stream => {
    let stream = streams.get(n);
    if (stream === undefined) {
      stream = makeStream(n, frame, of);
      streams.set(n, stream);
    }
    return stream;
  };
  return of(root);
}

function makeStream(n: Node, frame: Frame, of: (n: Node) => Stream): Stream {
  const stored = findValue(n, frame);
  if (stored !== undefined) return (start, count) => stored.subarray(start, start + count);
  return computed(n, frame, of);
}

/** The stream that computes n from its operands. */
function computed(n: Node, frame: Frame, of: (n: Node) => Stream): Stream {
  const [source] = n.inputs;
  if (n.op.kind === "view" && source.op.kind === "constant")
    return repeated(roundFloat(source.op.value, source.dtype));
  if (n.op.kind === "cast" && isWidening(source.dtype, n.dtype)) return of(source);
  const fill = pieceFiller(n, frame, of);
  const buffer = new Float64Array(pieceSize);
  let [from, held] = [-1, 0];
  return (start, count) => {
    if (from !== start || held !== count) fill({ into: buffer, start, count });
    [from, held] = [start, count];
    return count === pieceSize ? buffer : buffer.subarray(0, count);
  };
}

function repeated(value: number): Stream {
  const buffer = new Float64Array(pieceSize).fill(value);
  return (_, count) => buffer.subarray(0, count);
}

function pieceFiller(n: Node, frame: Frame, of: (n: Node) => Stream): (p: Piece) => void {
  const { op } = n;
  switch (op.kind) {
    case "view":
      return viewInto(n, op, heldValue(n.inputs[0], frame), frame);
    case "gather":
      return gatherInto(n, op, heldValue(n.inputs[0], frame), n.inputs.slice(1).map(of), frame);
    case "unary":
      return mapped(of(n.inputs[0]), unaryOp(op.fn).interpret(n.inputs[0].dtype));
    case "binary":
      return combined(op.fn, n.inputs[0], of(n.inputs[0]), of(n.inputs[1]));
    case "cast":
      return mapped(of(n.inputs[0]), conversion(n.inputs[0].dtype, n.dtype));
    case "bitcast":
      return mapped(of(n.inputs[0]), reinterpretation(n.inputs[0].dtype, n.dtype));
    case "select":
      return selected(of(n.inputs[0]), of(n.inputs[1]), of(n.inputs[2]));
    case "iota": {
      const shape = shapeIn(n, frame);
      const { start: first, step } = indexFunction(op.value, shape.length, frame.sizes);
      return ({ into, start, count }) =>
        forEachRun(shape, start, count, (at, length, offset) => {
          if (step === undefined) return eachElement(at, length, (k, x) => (into[offset + k] = first(x)));
          const base = first(at);
          for (let k = 0; k < length; k++) into[offset + k] = base + step * k;
        });
    }
    default:
      throw new Error(`a ${op.kind} has no stream`);
  }
}

function mapped(x: Stream, f: (x: number) => number): (p: Piece) => void {
  return ({ into, start, count }) => {
    const values = x(start, count);
    for (let k = 0; k < count; k++) into[k] = f(values[k]);
  };
}

function combined(fn: string, operand: Node, x: Stream, y: Stream): (p: Piece) => void {
  const f = binaryOp(fn).interpret(operand.dtype);
  const isProduct = fn === "mul" && (operand.dtype === "f32" || operand.dtype === "f64");
  return ({ into, start, count }) => {
    const [a, b] = [x(start, count), y(start, count)];
    if (isProduct) multiply(a, b, into, count);
    else for (let k = 0; k < count; k++) into[k] = f(a[k], b[k]);
  };
}

/** The bulk of every contraction, in a loop that calls nothing. */
function multiply(a: Float64Array, b: Float64Array, into: Float64Array, count: number): void {
  for (let k = 0; k < count; k++) into[k] = a[k] * b[k];
}

function selected(condition: Stream, x: Stream, y: Stream): (p: Piece) => void {
  return ({ into, start, count }) => {
    const [c, a, b] = [condition(start, count), x(start, count), y(start, count)];
    for (let k = 0; k < count; k++) into[k] = c[k] === 0 ? b[k] : a[k];
  };
}
