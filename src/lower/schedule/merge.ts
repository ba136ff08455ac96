/** Neighbouring axes that every access walks through as if they were one. */

import type { Node } from "../../ir/hlir.ts";
import { type Choice, domainOf } from "../../ir/plan.ts";
import {
  type Atom,
  axis,
  constantOf,
  equal,
  linearIn,
  mentions,
  multiply,
  type Poly,
} from "../../ir/poly.ts";
import { isArg } from "../../ops/reductions.ts";
import { axisCoordinates, operandCoordinates } from "../plan-contraction.ts";
import type { KernelDraft } from "./build.ts";
import { createEvaluator, offsetAt, placeIn } from "./evaluate.ts";
import { polysOf, type Value } from "./values.ts";

/** An elementwise kernel's values with each axis of the root as a variable of its own, to look at and throw away. */
export function trialOf(
  k: KernelDraft,
  choice: Choice,
): { offsets: Poly[]; opaque: Poly[]; values: readonly Value[] } {
  const domain = domainOf(choice.root);
  const trial = createEvaluator({ bounds: k.bounds, slotOf: k.slotOf, root: choice.root });
  for (const [i, size] of domain.entries()) trial.variable(`a${i}`, size);
  const coords = axisCoordinates(domain.length);
  const { root } = choice;
  const offsets: Poly[] = [];
  if (root.op.kind === "update") {
    const [, value, ...indices] = root.inputs;
    const options = { guard: undefined, what: "update", wanted: "row" };
    offsets.push(
      offsetAt(root.shape, trial.dataCoordinates(root.op.map, indices, root.shape, coords, options)),
    );
    trial.at(value, coords);
  } else {
    offsets.push(placeIn(k.target.within, root.shape, coords));
    trial.at(root, coords);
  }
  const opaque: Poly[] = [...trial.conditional];
  const values = trial.values.all();
  for (const v of values)
    (v.op.kind === "load" || v.op.kind === "guarded" ? offsets : opaque).push(...polysOf(v.op));
  return { offsets, opaque, values };
}

/** Groups of the root's axes for an elementwise kernel. */
export function mergeAxes(k: KernelDraft, choice: Choice): number[][] {
  const domain = domainOf(choice.root);
  const { offsets, opaque } = trialOf(k, choice);
  return groupAxes(
    domain.map((_, i) => i),
    (i) => domain[i],
    offsets,
    opaque,
  );
}

export type RowGroups = {
  readonly outer: number[][];
  readonly rest: number[][];
  /** For each reduction, groups of the axes that it removes. */
  readonly stages: ReadonlyMap<Node, number[][]>;
};

/** What a row kernel looks at, each axis of the root and each that a reduction removes as a variable of its own. */
export function trialOfRow(k: KernelDraft, choice: Choice): RowTrial {
  const { root, implementation } = choice;
  if (implementation.family !== "reduction") throw new Error("the rows of another family");
  const domain = domainOf(root);
  const trial = createEvaluator({ bounds: k.bounds, slotOf: k.slotOf, root });
  for (const [i, size] of domain.entries()) trial.variable(`a${i}`, size);
  const own = new Map<Node, { axis: number; variable: number }[]>();
  for (const r of implementation.reduces) {
    if (r.op.kind !== "reduce") continue;
    const shape = r.inputs[0].shape;
    const made = r.op.axes.map((a) => {
      trial.variable(`r${a}`, shape[a]);
      return { axis: a, variable: trial.variables.length - 1 };
    });
    own.set(r, made);
    const at = r === root ? axisCoordinates(domain.length) : k.usesOf(r)[0].coords;
    trial.at(
      r.inputs[0],
      operandCoordinates(
        r,
        at,
        made.map((m) => axis(m.variable)),
      ),
    );
    trial.results.set(r, trial.values.local(`sum ${r.id}`, r.dtype));
  }
  const coords = axisCoordinates(domain.length);
  const offsets: Poly[] = [];
  if (root.op.kind === "update") {
    const [, value, ...indices] = root.inputs;
    const options = { guard: undefined, what: "update", wanted: "row" };
    offsets.push(
      offsetAt(root.shape, trial.dataCoordinates(root.op.map, indices, root.shape, coords, options)),
    );
    trial.at(value, coords);
  } else {
    offsets.push(placeIn(k.target.within, root.shape, coords));
    if (!trial.results.has(root)) trial.at(root, coords);
  }
  const opaque = [...trial.conditional];
  const values = trial.values.all();
  for (const v of values)
    (v.op.kind === "load" || v.op.kind === "guarded" ? offsets : opaque).push(...polysOf(v.op));
  return { offsets, opaque, values, removed: own, sizes: trial.variables.map((v) => v.size) };
}

export type RowTrial = {
  readonly offsets: readonly Poly[];
  readonly opaque: readonly Poly[];
  readonly values: readonly Value[];
  /** For each reduction its axes and their variables. */
  readonly removed: ReadonlyMap<Node, readonly { readonly axis: number; readonly variable: number }[]>;
  /** Of each variable. */
  readonly sizes: readonly Poly[];
};

/** Groups of the axes of a row kernel: of its rows, of what is left of the root, and of each reduction. */
export function rowGroups(k: KernelDraft, choice: Choice): RowGroups {
  const { root, implementation } = choice;
  if (implementation.family !== "reduction") throw new Error("row groups of another family");
  const { offsets, opaque, removed, sizes } = trialOfRow(k, choice);
  const group = (axes: readonly number[]) => groupAxes(axes, (a) => sizes[a], offsets, opaque);
  const stages = new Map<Node, number[][]>();
  for (const [r, made] of removed) {
    const argument = r.op.kind === "reduce" && isArg(r.op.fn);
    const groups = argument ? made.map((m) => [m.variable]) : group(made.map((m) => m.variable));
    stages.set(
      r,
      groups.map((g) => g.map((x) => made.find((m) => m.variable === x)!.axis)),
    );
  }
  const rest = domainOf(root)
    .map((_, a) => a)
    .filter((a) => !implementation.outer.includes(a));
  return { outer: group(implementation.outer), rest: group(rest), stages };
}

/** Groups of `axes`, neighbours in this order, that all offsets treat as one and nothing else looks at. */
export function groupAxes(
  axes: readonly number[],
  sizeOf: (a: number) => Poly,
  offsets: readonly Poly[],
  opaque: readonly Poly[],
): number[][] {
  const groups: number[][] = [];
  for (const a of axes) {
    const before = groups.at(-1);
    const joined = before !== undefined && joins(before.at(-1)!, a, sizeOf(a), offsets, opaque);
    const trivial =
      before !== undefined && (constantOf(sizeOf(a)) === 1 || constantOf(sizeOf(before.at(-1)!)) === 1);
    if (joined && !trivial) before.push(a);
    else groups.push([a]);
  }
  return groups;
}

function joins(
  outer: number,
  inner: number,
  size: Poly,
  offsets: readonly Poly[],
  opaque: readonly Poly[],
): boolean {
  const either = (a: Atom) => a.kind === "axis" && (a.axis === outer || a.axis === inner);
  if (opaque.some((p) => mentions(p, either))) return false;
  return offsets.every((p) => {
    const strides = [strideIn(p, outer), strideIn(p, inner)];
    return (
      strides[0] !== undefined && strides[1] !== undefined && equal(strides[0], multiply(strides[1], size))
    );
  });
}

/** Coefficient of an axis; undefined where the polynomial is not linear in it. */
export const strideIn = (p: Poly, a: number): Poly | undefined =>
  linearIn(p, { kind: "axis", axis: a })?.coefficient;
