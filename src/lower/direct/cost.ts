/** Work of computing a node again where it is needed: operations on a vector unit, relative to an addition. */
import type { Node } from "../../ir/hlir.ts";
import { binaryOp, unaryOp } from "../../ops/index.ts";

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
      return operands + (n.op.fill === undefined ? 0 : 1);
    case "cast":
    case "bitcast":
      return operands;
    case "gather":
      return operands + 2;
    default:
      return 0;
  }
}

const isFree = (n: Node): boolean =>
  n.op.kind === "constant" || (n.op.kind === "view" && isFree(n.inputs[0]));
