/** Work that belongs behind a contraction: what follows it element by element, bias, activation, residual. */
import type { Bounds } from "../../ir/bounds.ts";
import type { Node } from "../../ir/hlir.ts";
import { domainOf, isGiven } from "../../ir/plan.ts";
import { constantOf, equal, type Poly } from "../../ir/poly.ts";
import { axisCoordinates, contractionOf, pureAxis, throughView } from "../plan-contraction.ts";
import type { Use } from "./draft.ts";

export type Consumers = ReadonlyMap<Node, readonly Node[]>;

export function consumersOf(nodes: readonly Node[]): Consumers {
  const users = new Map<Node, Node[]>();
  for (const n of nodes) for (const x of new Set(n.inputs)) users.set(x, [...(users.get(x) ?? []), n]);
  return users;
}

const elementwise = new Set(["unary", "binary", "select", "cast", "bitcast"]);

/** Larger trees are left to the general rule. */
const largestTail = 64;

/**
 * `n` follows one contraction element by element, and the kernels that need `n` can't take that contraction in.
 * Something of it must be stored, and `n` is the best of it: its kernel's epilogue computes it for free.
 */
export function endsContraction(
  n: Node,
  uses: readonly Use[],
  consumers: Consumers,
  bounds: Bounds,
): boolean {
  if (!elementwise.has(n.op.kind) || uses.every((u) => couldAbsorb(n, u, uses))) return false;
  const tree = treeOf(n, consumers);
  if (tree === undefined) return false;
  const found = new Map<Node, boolean>();
  const visit = (x: Node, coords: readonly Poly[]): void => {
    if (x !== n && !tree.has(x)) return;
    if (x.op.kind === "reduce") {
      const axes = coords.map(pureAxis);
      const covers = n.shape.every((size, i) => axes.includes(i) || constantOf(size) === 1);
      const same = axes.every((a) => a !== undefined) && new Set(axes).size === axes.length && covers;
      found.set(x, same && (found.get(x) ?? true));
      return;
    }
    for (const y of x.inputs) visit(y, x.op.kind === "view" ? throughView(x.op.map, coords) : coords);
  };
  visit(n, axisCoordinates(n.shape.length));
  const [only] = found;
  return (
    found.size === 1 && only[1] && contractionOf(only[0], only[0].shape.length - 1, bounds) !== undefined
  );
}

/** The one kernel that needs it has no frame yet and computes it element by element: it may become the epilogue there. */
function couldAbsorb(n: Node, use: Use, uses: readonly Use[]): boolean {
  const { draft } = use;
  const free = draft.anchor === undefined && draft.outer === undefined && use.stage === undefined;
  const one = uses.every((u) => u.draft === draft);
  const kind = draft.root.op.kind;
  const axes = use.coords.map(pureAxis);
  const domain = domainOf(draft.root);
  const whole = axes.every(
    (a, i) => a !== undefined && a < domain.length && (equal(domain[a], n.shape[i]) || isUnit(n.shape[i])),
  );
  const same = whole && new Set(axes).size === n.shape.length;
  return free && one && same && kind !== "topk" && kind !== "cumulate";
}

const isUnit = (size: Poly): boolean => constantOf(size) === 1;

/** Nodes that only `n` needs, down to reductions; undefined where they are too many. */
function treeOf(n: Node, consumers: Consumers): Set<Node> | undefined {
  const all = new Set<Node>();
  const pending = [n];
  for (let x = pending.pop(); x !== undefined; x = pending.pop()) {
    if (all.has(x)) continue;
    all.add(x);
    if (all.size > largestTail) return undefined;
    if (elementwise.has(x.op.kind) || x.op.kind === "view")
      pending.push(...x.inputs.filter((y) => !isGiven(y)));
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const x of all) {
      if (x === n || (consumers.get(x) ?? []).every((user) => all.has(user))) continue;
      all.delete(x);
      changed = true;
    }
  }
  return all;
}

/** A value made of indices and constants alone. */
export function loadsNothing(n: Node): boolean {
  if (n.op.kind === "constant" || n.op.kind === "iota") return true;
  return (elementwise.has(n.op.kind) || n.op.kind === "view") && n.inputs.every(loadsNothing);
}
