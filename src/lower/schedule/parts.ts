/**
 * Concatenations without copies: a stored tensor that nothing but a concatenation reads lies in its part of the
 * concatenated tensor from the start, and the kernel that joins the parts has nothing left to do for it.
 */
import type { Bounds } from "../../ir/bounds.ts";
import type { Node } from "../../ir/hlir.ts";
import { type Choice, choicesOf, type EntryPlan, isGiven, type Region, storedIn } from "../../ir/plan.ts";
import { add, axis, equal, negate, type Poly } from "../../ir/poly.ts";
import { axesIn, axisCoordinates, throughView } from "../plan-contraction.ts";
import { readsOf } from "../plan-reads.ts";
import { createEvaluator, offsetAt } from "./evaluate.ts";
import type { Slot } from "./storage.ts";

export type Placed = {
  /** The concatenated tensor. */
  readonly whole: Node;
  /** Where in it the part begins. */
  readonly at: readonly Poly[];
};

export type Surroundings = {
  readonly bounds: Bounds;
  readonly slots: ReadonlyMap<Node, Slot>;
  /** Keys of the memory that something is copied from or to, apart from what kernels do. */
  readonly copied: ReadonlySet<string>;
};

/** The tensors of a plan that lie in another one. */
export function placedParts(plan: EntryPlan, around: Surroundings): Map<Node, Placed> {
  const isStored = storedIn(plan);
  const readers = new Map<Node, Set<Choice>>();
  for (const c of choicesOf(plan.body))
    for (const { node } of readsOf(c, isStored)) readers.set(node, (readers.get(node) ?? new Set()).add(c));
  const tenants = new Map<string, number>();
  for (const { key } of around.slots.values()) tenants.set(key, (tenants.get(key) ?? 0) + 1);
  const isAlone = (n: Node): boolean => tenants.get(around.slots.get(n)?.key ?? "") === 1;
  const found = new Map<Node, Placed>();
  const visit = (region: Region): void => {
    const own = new Map<Node, Choice>();
    for (const s of region) {
      if (s.kind === "loop") visit(s.body);
      else if (canBePart(s.choice) && isAlone(s.choice.root)) own.set(s.choice.root, s.choice);
    }
    for (const s of region) {
      if (s.kind !== "kernel" || !joinsParts(s.choice) || !isAlone(s.choice.root)) continue;
      const { root } = s.choice;
      if (found.has(root)) continue;
      for (const { part, at } of partsIn(s.choice, isStored)) {
        const slot = around.slots.get(part);
        const only = readers.get(part);
        const free =
          own.has(part) &&
          slot?.place.kind === "temporary" &&
          !around.copied.has(slot.key) &&
          !found.has(part);
        const isRead = only?.size === 1 && only.has(s.choice);
        const isWhole = [...found.values()].some((x) => x.whole === part);
        if (free && isRead && !isWhole && isPart(root, part, at, around))
          found.set(part, { whole: root, at });
      }
    }
  };
  visit(plan.body);
  return found;
}

const joinsParts = (c: Choice): boolean =>
  c.implementation.family === "elementwise" && c.root.op.kind === "select" && c.root.cell === undefined;

/** Its kernel writes element by element, wherever each of them lies. */
const canBePart = ({ root, implementation: { family } }: Choice): boolean =>
  root.cell === undefined &&
  root.op.kind !== "update" &&
  (family === "elementwise" || family === "reduction" || family === "contraction" || family === "attention");

/** Stored tensors that are selected at their own coordinates but for a shift. */
function partsIn(
  { root, inlined }: Choice,
  isStored: (n: Node) => boolean,
): { part: Node; at: readonly Poly[] }[] {
  const inside = new Set(inlined);
  const parts: { part: Node; at: readonly Poly[] }[] = [];
  const visit = (n: Node, coords: readonly Poly[]): void => {
    if (n !== root && !inside.has(n) && isStored(n)) {
      const at = isGiven(n) ? undefined : beginning(root, coords);
      if (at !== undefined && !parts.some((p) => p.part === n)) parts.push({ part: n, at });
    } else if (n.op.kind === "select") for (const x of n.inputs.slice(1)) visit(x, coords);
    else if (n.op.kind === "view") visit(n.inputs[0], throughView(n.op.map, coords));
  };
  visit(root, axisCoordinates(root.shape.length));
  return parts;
}

/** Where a part read at `coords` of the whole's axes begins in it. */
function beginning(whole: Node, coords: readonly Poly[]): Poly[] | undefined {
  if (coords.length !== whole.shape.length) return undefined;
  const at = coords.map((c, i) => negate(add(c, negate(axis(i)))));
  return axesIn(at).size === 0 ? at : undefined;
}

/** Whether the whole is, at each place of the part, the part's own element: what the kernel would read there. */
function isPart(whole: Node, part: Node, at: readonly Poly[], { bounds, slots }: Surroundings): boolean {
  const ev = createEvaluator({ bounds, slotOf: (n) => slots.get(n), root: whole });
  const own = part.shape.map((size, i) => ev.variable(`a${i}`, size));
  const value = ev.at(
    whole,
    own.map((c, i) => add(c, at[i])),
  );
  const slot = slots.get(part);
  return (
    slot !== undefined &&
    value.op.kind === "load" &&
    value.op.from === ev.param(slot, false) &&
    equal(value.op.at, offsetAt(part.shape, own))
  );
}
