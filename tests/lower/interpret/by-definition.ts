/**
 * The meaning of a node at one element, straight from its definition: no pieces, no strides, nothing held.
 * Exponentially slow; for small graphs without loops and states.
 */
import { type Coordinate, isPoly, type Node } from "../../../src/ir/hlir.ts";
import { constantOf, evaluate, type Poly } from "../../../src/ir/poly.ts";
import { conversion, type Tensor } from "../../../src/lower/tensor.ts";
import { binaryOp, unaryOp } from "../../../src/ops/index.ts";
import { argFolds, folds, isArg } from "../../../src/ops/reductions.ts";

type Inputs = Readonly<Record<string, Tensor>>;
type At = readonly number[];

export const sizesOf = (n: Node): number[] => n.shape.map((p) => constantOf(p)!);

/** All coordinates of a shape in row-major order. */
export function everyAt(shape: readonly number[]): At[] {
  return shape.reduce<At[]>(
    (all, size) => all.flatMap((at) => Array.from({ length: size }, (_, i) => [...at, i])),
    [[]],
  );
}

export const evaluateByDefinition = (n: Node, inputs: Inputs): number[] =>
  everyAt(sizesOf(n)).map((at) => element(n, at, inputs));

const polynomialAt = (p: Poly, at: At): number =>
  evaluate(p, (a) => (a.kind === "axis" ? at[a.axis] : Number.NaN));

function element(n: Node, at: At, inputs: Inputs): number {
  const { op } = n;
  const operand = (i: number) => element(n.inputs[i], at, inputs);
  switch (op.kind) {
    case "input": {
      const { data, shape } = inputs[op.name];
      return data[at.reduce((flat, i, axis) => flat * shape[axis] + i, 0)];
    }
    case "constant":
      return op.value;
    case "iota":
      return polynomialAt(op.value, at);
    case "unary":
      return unaryOp(op.fn).interpret(n.inputs[0].dtype)(operand(0));
    case "binary":
      return binaryOp(op.fn).interpret(n.inputs[0].dtype)(operand(0), operand(1));
    case "select":
      return operand(0) !== 0 ? operand(1) : operand(2);
    case "cast":
      return conversion(n.inputs[0].dtype, n.dtype)(operand(0));
    case "view":
      return read(n, op.map, op.fill, at, inputs);
    case "gather":
      return read(n, op.map, op.fill, at, inputs);
    case "reduce":
      return reduced(n, op.fn, op.axes, at, inputs);
    case "cumulate": {
      const f = folds[op.fn].combine.interpret(n.dtype);
      const upTo = Array.from({ length: at[op.axis] + 1 }, (_, i) => at.with(op.axis, i));
      return upTo.map((x) => element(n.inputs[0], x, inputs)).reduce((p, q) => f(p, q));
    }
    default:
      throw new Error(`no definition of ${op.kind} here`);
  }
}

function read(n: Node, map: readonly Coordinate[], fill: number | undefined, at: At, inputs: Inputs): number {
  const place = map.map((c) =>
    isPoly(c) ? polynomialAt(c, at) : element(n.inputs[1 + c.operand], at, inputs),
  );
  const sizes = sizesOf(n.inputs[0]);
  if (place.every((x, i) => x >= 0 && x < sizes[i])) return element(n.inputs[0], place, inputs);
  if (fill === undefined) throw new Error("read outside");
  return fill;
}

function reduced(
  n: Node,
  fn: Parameters<typeof isArg>[0],
  axes: readonly number[],
  at: At,
  inputs: Inputs,
): number {
  const [x] = n.inputs;
  const kept = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  const members = everyAt(sizesOf(x)).filter((p) => kept.every((axis, i) => p[axis] === at[i]));
  const values = members.map((p) => element(x, p, inputs));
  if (!isArg(fn)) {
    const f = folds[fn].combine.interpret(x.dtype);
    return values.reduce((p, q) => f(p, q), folds[fn].neutral(x.dtype));
  }
  return values.reduce((best, v, i) => (argFolds[fn].better(v, values[best]) ? i : best), 0);
}
