/**
 * Recognition of attention: a sum weighted by the exponentials of its own row's scores, which one pass over the keys
 * computes together with their total, by rescaling.
 */
import { type Bounds, upperBound } from "../ir/bounds.ts";
import type { Node } from "../ir/hlir.ts";
import type { AttentionForm, Choice, ContractionForm } from "../ir/plan.ts";
import { constantOf, equal, type Poly } from "../ir/poly.ts";
import { cpu } from "../targets/cpu.ts";
import { axisCoordinates, contractionOf, keptAxes, pureAxis, throughView } from "./plan-contraction.ts";
import { usesOf } from "./plan-reads.ts";

/** The parts of a softmax-weighted sum; `totalOf` finds the sum of exponentials over the given axes. */
export function attentionOf(
  weighted: Node,
  bounds: Bounds,
  totalOf: (exponential: Node, axes: readonly number[]) => Node | undefined,
): AttentionForm | undefined {
  const { op } = weighted;
  if (op.kind !== "reduce" || op.fn !== "sum" || op.axes.length !== 1) return undefined;
  const found = contractionOf(weighted, weighted.shape.length - 1, bounds);
  const weightedForm = found === undefined ? undefined : withLeft(found, (f) => softened(f) !== undefined);
  if (weightedForm?.a.length !== 1 || weightedForm.b.length !== 1) return undefined;
  const weights = softened(weightedForm.a[0])!;
  const { exponential, greatest, score } = weights;
  if (greatest.op.kind !== "reduce") return undefined;
  const { axes } = greatest.op;
  const key = op.axes[0];
  if (axes.length !== 1 || pureAxis(weights.coords[axes[0]]) !== key) return undefined;
  const rows = weights.coords.filter((_, i) => i !== axes[0]).map(pureAxis);
  // Heads that a column's number is divided for would be computed again for each column.
  const apart = weights.coords.every((p, i) => constantOf(score.shape[i]) === 1 || pureAxis(p) !== undefined);
  if (!apart) return undefined;
  const large = (a: number | undefined) => a !== undefined && constantOf(weighted.inputs[0].shape[a]) !== 1;
  if (new Set(rows.filter(large)).size !== rows.filter(large).length || rows.includes(key)) return undefined;
  const total = totalOf(exponential, axes);
  if (total === undefined) return undefined;
  const dot = dotOf(score, axes[0], bounds);
  if (dot === undefined) return undefined;
  const wide = (shape: readonly Poly[], of: readonly number[]) =>
    of.filter((a) => constantOf(shape[a]) !== 1).map((a) => upperBound(shape[a], bounds) ?? Infinity);
  const extents = [
    wide(weighted.inputs[0].shape, weightedForm.n),
    wide(dot.dot.inputs[0].shape, dot.dotForm.k),
  ];
  if (extents.some((e) => e.length > 1 || (e[0] ?? 1) > cpu.attentionDepth)) return undefined;
  return { score, ...dot, greatest, exponential, total, weighted, weightedForm };
}

/** The same product with the factors that `test` holds for on the left. */
function withLeft(f: ContractionForm, test: (n: Node) => boolean): ContractionForm | undefined {
  if (f.a.some(test)) return f;
  return f.b.some(test) ? { ...f, m: f.n, n: f.m, a: f.b, b: f.a } : undefined;
}

/** exp(score - its greatest over some axes), behind views; `coords` are the exponential's in the reader's domain. */
function softened(
  reader: Node,
): { exponential: Node; greatest: Node; score: Node; coords: readonly Poly[] } | undefined {
  let [n, coords] = [reader, axisCoordinates(reader.shape.length)];
  while (n.op.kind === "view" && n.op.fill === undefined) {
    coords = throughView(n.op.map, coords);
    n = n.inputs[0];
  }
  if (n.op.kind !== "unary" || n.op.fn !== "exp" || n.dtype !== "f32") return undefined;
  const [difference] = n.inputs;
  if (difference.op.kind !== "binary" || difference.op.fn !== "sub") return undefined;
  const [score, subtracted] = difference.inputs;
  const greatest = repeated(subtracted, score);
  return greatest === undefined ? undefined : { exponential: n, greatest, score, coords };
}

/** The row's own greatest score, repeated along the axes that it was found over. */
function repeated(n: Node, score: Node): Node | undefined {
  let [at, coords] = [n, axisCoordinates(n.shape.length)];
  while (at.op.kind === "view" && at.op.fill === undefined) {
    coords = throughView(at.op.map, coords);
    at = at.inputs[0];
  }
  if (at.op.kind !== "reduce" || at.op.fn !== "max" || at.inputs[0] !== score) return undefined;
  const kept = keptAxes(at);
  const own = kept.every((a, i) => constantOf(score.shape[a]) === 1 || pureAxis(coords[i]) === a);
  return own ? at : undefined;
}

/** The product within the scores: all between it and them is element by element, each at its own place. */
function dotOf(
  score: Node,
  key: number,
  bounds: Bounds,
): { dot: Node; dotForm: ContractionForm } | undefined {
  const found = new Map<Node, string>();
  let moved = false;
  const seen = new Set<string>();
  const visit = (n: Node, coords: readonly Poly[]): void => {
    const at = coords.map((c) => c.key).join();
    if (seen.has(`${n.id} ${at}`)) return;
    seen.add(`${n.id} ${at}`);
    if (n.op.kind === "reduce") {
      if (found.has(n) && found.get(n) !== at) moved = true;
      if (productOf(n, coords, score, key, bounds) !== undefined) found.set(n, at);
    } else if (n.op.kind === "view" && n.op.fill === undefined)
      visit(n.inputs[0], throughView(n.op.map, coords));
    else if (["unary", "binary", "select", "cast", "bitcast"].includes(n.op.kind))
      for (const x of n.inputs) visit(x, coords);
  };
  visit(score, axisCoordinates(score.shape.length));
  const [dot, ...others] = found.keys();
  if (dot === undefined || others.length > 0 || moved) return undefined;
  const coords = placesOf(dot, score)!;
  return { dot, dotForm: productOf(dot, coords, score, key, bounds)! };
}

/** A product of queries and keys where each score has its own: the key's axis belongs to the right factor alone. */
function productOf(
  n: Node,
  coords: readonly Poly[],
  score: Node,
  key: number,
  bounds: Bounds,
): ContractionForm | undefined {
  const axes = coords.map(pureAxis);
  const whole = axes.every(
    (a, i) => constantOf(n.shape[i]) === 1 || (a !== undefined && equal(score.shape[a], n.shape[i])),
  );
  const real = axes.filter((_, i) => constantOf(n.shape[i]) !== 1);
  if (!whole || new Set(real).size !== real.length || !axes.includes(key)) return undefined;
  const form = contractionOf(n, n.shape.length - 1, bounds);
  if (form === undefined) return undefined;
  const own = keptAxes(n)[axes.indexOf(key)];
  const keyed = form.n.includes(own)
    ? form
    : form.m.includes(own)
      ? { ...form, m: form.n, n: form.m, a: form.b, b: form.a }
      : undefined;
  const alone = keyed?.n.every((a) => a === own || constantOf(n.inputs[0].shape[a]) === 1);
  return alone === true ? keyed : undefined;
}

/** Coordinates of `wanted` where a node is computed element by element from it. */
function placesOf(wanted: Node, from: Node): readonly Poly[] | undefined {
  const visit = (n: Node, coords: readonly Poly[]): readonly Poly[] | undefined => {
    if (n === wanted) return coords;
    if (n.id < wanted.id) return undefined;
    if (n.op.kind === "view") return visit(n.inputs[0], throughView(n.op.map, coords));
    if (!["unary", "binary", "select", "cast", "bitcast"].includes(n.op.kind)) return undefined;
    for (const x of n.inputs) {
      const found = visit(x, coords);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(from, axisCoordinates(from.shape.length));
}

/**
 * Where each part of the form is needed is where one pass has it: nothing of it is in memory, the scores only between
 * the two products, and the total for the row whose weighted sum it divides.
 */
export function attentionHolds(choice: Choice, isStored: (n: Node) => boolean): boolean {
  const { implementation, root, inlined } = choice;
  if (implementation.family !== "attention") return false;
  const { weighted, weightedForm, exponential, greatest, score, dot, total } = implementation.form;
  const inside = new Set(inlined);
  const products = [weighted.inputs[0], dot.inputs[0]];
  if (![...products, exponential, greatest, score, dot, total].every((n) => inside.has(n))) return false;
  if (weighted !== root && !inside.has(weighted)) return false;
  const uses = usesOf(choice, isStored);
  const stages = new Map<Node, readonly (Node | undefined)[]>([
    [greatest, [weighted, total]],
    [exponential, [weighted, total]],
    [score, [weighted, total, greatest]],
    [dot, [weighted, total, greatest]],
    [weighted, [undefined]],
    [total, [undefined]],
  ]);
  for (const [n, allowed] of stages)
    if (!(uses.get(n) ?? []).every((u) => allowed.includes(u.stage))) return false;
  const at = weighted === root ? axisCoordinates(root.shape.length) : (uses.get(weighted)?.[0].coords ?? []);
  const kept = keptAxes(weighted);
  const weights = softened(weightedForm.a[0]);
  if (weights === undefined || greatest.op.kind !== "reduce") return false;
  const { axes } = greatest.op;
  const rows = weights.coords
    .filter((_, i) => !axes.includes(i))
    .map(
      (c) =>
        throughView(
          [c],
          weighted.inputs[0].shape.map((_, a) => at[Math.max(0, kept.indexOf(a))]),
        )[0],
    );
  return (uses.get(total) ?? []).every((u) =>
    u.coords.every((c, i) => constantOf(total.shape[i]) === 1 || equal(c, rows[i])),
  );
}

/** Where the exponential of each of the sum's terms lies, over the domain of the weighted product. */
export const exponentialAt = (form: AttentionForm): readonly Poly[] =>
  softened(form.weightedForm.a[0])!.coords;

/** Where the product lies, over the domain of the scores. */
export const dotAt = (form: AttentionForm): readonly Poly[] => placesOf(form.dot, form.score)!;

/** The sums of a tensor in a model, to find the total by. */
export function totalsOf(
  nodes: readonly Node[],
): (exponential: Node, axes: readonly number[]) => Node | undefined {
  const sums = new Map<Node, Node[]>();
  for (const n of nodes)
    if (n.op.kind === "reduce" && n.op.fn === "sum")
      sums.set(n.inputs[0], [...(sums.get(n.inputs[0]) ?? []), n]);
  return (e, axes) => sums.get(e)?.find((n) => n.op.kind === "reduce" && n.op.axes.join() === axes.join());
}
