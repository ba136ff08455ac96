/**
 * The direct plan of a target that computes attention in one pass wherever it can: a fixed rule there, no choice, since
 * the scores of a long prompt hardly fit a GPU's memory. Sums whose weights are divided by their total are divided
 * themselves, after they are summed; the search has the same equality among its rules.
 */
import { type Bounds, upperBound } from "../ir/bounds.ts";
import { isFloat } from "../ir/dtype.ts";
import type { Hlir, Node, Shape } from "../ir/hlir.ts";
import { type AttentionForm, type Choice, choicesOf, type Plan, storedIn } from "../ir/plan.ts";
import { axis, type Poly, substituteAxes } from "../ir/poly.ts";
import type { Span } from "../ir/source.ts";
import { directPlan } from "../lower/direct/direct.ts";
import { attentionHolds, attentionOf, totalsOf } from "../lower/plan-attention.ts";
import { axisCoordinates, keptAxes, throughView } from "../lower/plan-contraction.ts";
import { createAtoms, maskOf } from "./atoms.ts";
import { allNodes } from "./encode.ts";
import { asWritten, rebuild } from "./rebuild.ts";
import { usualLimits } from "./saturate.ts";
import type { Candidate, Operand, Space, Term } from "./space.ts";

/** `widest`: elements of a query or a value that the target's kernel has room for. */
export function onePassPlan(hlir: Hlir, widest: number): Plan {
  const found = quotientsOf(hlir);
  const rewritten = divided(hlir, found);
  const wanted = formsOf(rewritten, widest);
  // Sums that no one pass can compute stay as they were written.
  const taken = found.filter((q) => wanted.some((f) => f.weighted.span.start === q.sum.span.start));
  const chosen = taken.length === found.length ? rewritten : divided(hlir, taken);
  const forms = new Map(formsOf(chosen, widest).map((f) => [f.weighted, f]));
  if (forms.size === 0) return directPlan(hlir);
  const plan = directPlan(chosen, { attention: (n) => forms.get(n) });
  return holds(plan) ? plan : directPlan(hlir);
}

const formsOf = (hlir: Hlir, widest: number): AttentionForm[] =>
  allForms(hlir).filter((form) => widthOf(form, hlir.bounds) <= widest);

function allForms(hlir: Hlir): AttentionForm[] {
  const nodes = allNodes(hlir);
  const totalOf = totalsOf(nodes);
  return nodes.flatMap((n) => (n.op.kind === "reduce" ? (attentionOf(n, hlir.bounds, totalOf) ?? []) : []));
}

/** Attention that one pass would compute, had the kernel room for it: where its scores are defined, and how wide it is. */
export function tooWide(hlir: Hlir, widest: number): { readonly scores: Span; readonly width: number }[] {
  const rewritten = divided(hlir, quotientsOf(hlir));
  return allForms(rewritten).flatMap((form) => {
    const width = widthOf(form, hlir.bounds);
    return width > widest ? [{ scores: form.dot.span, width }] : [];
  });
}

/** The widest of a query and a value. */
export function widthOf({ dot, dotForm, weighted, weightedForm }: AttentionForm, bounds: Bounds): number {
  const size = (n: Node, axes: readonly number[]): number =>
    axes.reduce((product, a) => product * (upperBound(n.inputs[0].shape[a], bounds) ?? Infinity), 1);
  return Math.max(size(dot, dotForm.k), size(weighted, weightedForm.n));
}

function holds(plan: Plan): boolean {
  const one = (c: Choice, isStored: (n: Node) => boolean): boolean =>
    c.implementation.family !== "attention" || attentionHolds(c, isStored);
  return plan.entries.every((entry) => {
    const isStored = storedIn(entry);
    return [...choicesOf(entry.body)].every((c) => one(c, isStored));
  });
}

/** sum over k of (e / total) * x, where the total is the same for all k. */
type Quotient = {
  readonly sum: Node;
  /** Of the product's domain. */
  readonly shape: Shape;
  readonly exponential: Node;
  readonly exponentialAt: readonly Poly[];
  readonly other: Node;
  readonly total: Node;
  /** Over the sum's domain. */
  readonly totalAt: readonly Poly[];
};

const quotientsOf = (hlir: Hlir): Quotient[] => allNodes(hlir).flatMap((n) => quotientOf(n) ?? []);

function quotientOf(sum: Node): Quotient | undefined {
  if (sum.op.kind !== "reduce" || sum.op.fn !== "sum" || sum.op.axes.length !== 1) return undefined;
  const [product] = sum.inputs;
  if (product.op.kind !== "binary" || product.op.fn !== "mul" || product.dtype !== "f32") return undefined;
  for (const [weight, other] of [product.inputs, [...product.inputs].reverse()]) {
    const found = dividedBy(weight);
    if (found === undefined) continue;
    const kept = keptAxes(sum);
    const places = product.shape.map((_, a) => axis(kept.indexOf(a)));
    const [key] = sum.op.axes;
    if (found.totalAt.some((p) => mentionsAxis(p, key))) continue;
    const totalAt = found.totalAt.map((p) => substituteAxes(p, places));
    return { sum, shape: product.shape, other, ...found, totalAt };
  }
  return undefined;
}

const mentionsAxis = (p: Poly, a: number): boolean => p.terms.some((t) => t.atoms.some(isAxis(a)));

const isAxis =
  (a: number) =>
  (x: Poly["terms"][number]["atoms"][number]): boolean =>
    x.kind === "axis" ? x.axis === a : "left" in x && (mentionsAxis(x.left, a) || mentionsAxis(x.right, a));

/** Behind views and roundings an exponential over its total; where both lie, over the reader's domain. */
function dividedBy(reader: Node) {
  let [n, coords] = [reader, axisCoordinates(reader.shape.length)];
  for (;;) {
    if (n.op.kind === "view" && n.op.fill === undefined) coords = throughView(n.op.map, coords);
    else if (n.op.kind !== "cast" || !isFloat(n.inputs[0].dtype)) break;
    n = n.inputs[0];
  }
  if (n.op.kind !== "binary" || n.op.fn !== "div" || n.dtype !== "f32") return undefined;
  const [exponential] = n.inputs;
  let [, total] = n.inputs;
  let totalAt: readonly Poly[] = coords;
  while (total.op.kind === "view" && total.op.fill === undefined) {
    totalAt = throughView(total.op.map, totalAt);
    total = total.inputs[0];
  }
  if (exponential.op.kind !== "unary" || exponential.op.fn !== "exp") return undefined;
  if (total.op.kind !== "reduce" || total.op.fn !== "sum" || total.inputs[0] !== exponential)
    return undefined;
  return { exponential, exponentialAt: coords, total, totalAt };
}

/** The model with these sums divided after they are summed. */
function divided(hlir: Hlir, quotients: readonly Quotient[]): Hlir {
  if (quotients.length === 0) return hlir;
  const nodes = allNodes(hlir);
  const atoms = createAtoms(hlir.bounds);
  const classOf = new Map(nodes.map((n, i) => [n, i]));
  const candidates = new Map<number, readonly Candidate[]>(
    nodes.map((n, i) => [i, [{ kind: "node", node: n }]]),
  );
  const termOf = (c: number, op: string, operands: readonly Operand[]): Candidate => {
    const term: Term = { op, operands, key: `${op} ${c}` };
    return { kind: "term", class: c, term };
  };
  const made = (op: string, operands: readonly Operand[]): Operand => {
    const c = candidates.size;
    candidates.set(c, [termOf(c, op, operands)]);
    return { class: c };
  };
  const given = (n: Node): Operand => ({ class: classOf.get(n)! });
  const viewed = (n: Node, map: readonly Poly[], shape: Shape): Operand =>
    made("View", [given(n), { literal: atoms.views.idOf({ map, shape, fill: undefined }) }]);
  const chosen = new Map<number, number>();
  for (const q of quotients) {
    if (q.sum.op.kind !== "reduce") continue;
    const weights = viewed(q.exponential, q.exponentialAt, q.shape);
    const product = made("Binary", [{ literal: "mul" }, weights, given(q.other)]);
    const sum = made("Reduce", [{ literal: "sum" }, product, { literal: maskOf(q.sum.op.axes) }]);
    const total = viewed(q.total, q.totalAt, q.sum.shape);
    const c = classOf.get(q.sum)!;
    candidates.set(c, [...candidates.get(c)!, termOf(c, "Binary", [{ literal: "div" }, sum, total])]);
    chosen.set(q.sum.id, 1);
  }
  const space: Space = {
    limits: usualLimits,
    atoms,
    candidates,
    classOf,
    onePass: new Set(),
    winograd: new Set(),
    rules: new Map(),
  };
  return rebuild(hlir, nodes, space, { ...asWritten, nodes: chosen })?.hlir ?? hlir;
}
