/**
 * Which values are held in full. The others are computed in pieces where they are used, so that a contraction
 * over (n, o, i) never holds its products.
 */
import { bodyNodes, type Node, reachable } from "../../ir/hlir.ts";

export type Choice = {
  readonly isStored: (n: Node) => boolean;
  /** Name of the definition that a value belongs to: its own or that of the first named value computed from it. */
  readonly definitionOf: (n: Node) => string;
};

type Use = { readonly by: Node; readonly elementwise: boolean };

const streamed = new Set(["view", "gather", "iota", "unary", "binary", "select", "cast", "bitcast"]);
/** Cheaper to compute again for each use than to hold: they only move data. */
const cheap = new Set(["view", "iota", "cast", "bitcast"]);

/** Whether operand `index` of `n` is read at n's own element only (or, for a reduction, in order). */
function isElementwise(n: Node, index: number): boolean {
  switch (n.op.kind) {
    case "unary":
    case "binary":
    case "select":
    case "cast":
    case "bitcast":
    case "reduce":
      return true;
    case "gather":
      return index > 0;
    default:
      return false;
  }
}

export function chooseStored(roots: readonly Node[]): Choice {
  const uses = new Map<Node, Use[]>();
  const kept = new Set<Node>(roots);
  const regions = new Map<Node, string>();
  const addUse = (n: Node, use: Use) => {
    const before = uses.get(n);
    if (before === undefined) uses.set(n, [use]);
    else before.push(use);
  };
  const visit = (nodes: readonly Node[], region: string): void => {
    for (const n of nodes) {
      regions.set(n, region);
      n.inputs.forEach((x, i) => addUse(x, { by: n, elementwise: isElementwise(n, i) }));
      if (n.op.kind !== "loop") continue;
      for (const r of n.op.loop.results) kept.add(r);
      visit(bodyNodes(n.op.loop), n.op.loop.variable);
    }
  };
  visit(reachable(roots), "");

  const isStored = (n: Node): boolean => {
    const own = uses.get(n) ?? [];
    if (kept.has(n) || !streamed.has(n.op.kind) || own.some((u) => !u.elementwise)) return true;
    if (cheap.has(n.op.kind)) return false;
    return new Set(own.map((u) => u.by)).size !== 1 || regions.get(own[0].by) !== regions.get(n);
  };

  const definitionOf = (n: Node): string => {
    const queue = [n];
    const seen = new Set(queue);
    for (const x of queue) {
      if (x.name !== undefined) return x.name;
      for (const { by } of uses.get(x) ?? [])
        if (!seen.has(by)) {
          seen.add(by);
          queue.push(by);
        }
    }
    return n.op.kind;
  };
  const memo = new Map<Node, boolean>();
  return {
    isStored: (n) => {
      const known = memo.get(n) ?? isStored(n);
      memo.set(n, known);
      return known;
    },
    definitionOf,
  };
}
