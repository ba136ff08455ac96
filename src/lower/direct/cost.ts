/** Work of computing a node again where it is needed: operations on a vector unit, relative to an addition. */
import type { Node } from "../../ir/hlir.ts";
import { constantOf } from "../../ir/poly.ts";
import { binaryOp, unaryOp } from "../../ops/index.ts";
import { axesIn } from "../plan-contraction.ts";

const known = new WeakMap<Node, number>();

/** Operations of an element from tensors in memory or reductions; reading the first tensor is free. */
export function workOf(n: Node): number {
  let work = known.get(n);
  if (work === undefined) {
    work = find(n);
    known.set(n, work);
  }
  return work;
}

function find(n: Node): number {
  const operands = n.inputs.reduce((sum, x) => sum + workOf(x), 0);
  const reads = Math.max(0, new Set(n.inputs.filter((x) => !isFree(x))).size - 1);
  switch (n.op.kind) {
    case "unary":
      return operands + unaryOp(n.op.fn).cost;
    case "binary":
      return operands + reads + binaryOp(n.op.fn).cost;
    case "select":
      return operands + reads + 1;
    case "view":
      return (repeats(n) ? Math.min(operands, 1) : operands) + (n.op.fill === undefined ? 0 : 1);
    case "cast":
    case "bitcast":
      return operands;
    case "gather":
      return operands + 2;
    default:
      return 0;
  }
}

/** Work of one node alone. */
export function ownWork(n: Node): number {
  if (n.op.kind === "unary") return unaryOp(n.op.fn).cost;
  if (n.op.kind === "binary") return binaryOp(n.op.fn).cost;
  return n.op.kind === "select" || n.op.kind === "gather" ? 1 : 0;
}

/** Reads each element of its source for many of its own: what is costly there gets stored or leaves the inner loop. */
function repeats(n: Node): boolean {
  if (n.op.kind !== "view") return false;
  const used = axesIn(n.op.map);
  return n.shape.some((size, i) => constantOf(size) !== 1 && !used.has(i));
}

const isFree = (n: Node): boolean =>
  n.op.kind === "constant" || (n.op.kind === "view" && isFree(n.inputs[0]));
