/** Recognition of contractions: sums of a product whose factors split the axes into batch, m, n and k. */
import { type Bounds, upperBound } from "../ir/bounds.ts";
import { byteSize, isFloat } from "../ir/dtype.ts";
import { isPoly, type Node } from "../ir/hlir.ts";
import type { ContractionForm } from "../ir/plan.ts";
import { axis, constantOf, linearIn, mentions, type Poly, substituteAxes } from "../ir/poly.ts";
import { cpu } from "../targets/cpu.ts";

/** Axes of its own domain that a value varies along. */
export function axesUsed(n: Node): ReadonlySet<number> {
  let used = usedAxes.get(n);
  if (used === undefined) {
    used = findAxes(n);
    usedAxes.set(n, used);
  }
  return used;
}

const usedAxes = new WeakMap<Node, ReadonlySet<number>>();

function findAxes(n: Node): Set<number> {
  const op = n.op;
  switch (op.kind) {
    case "unary":
    case "binary":
    case "select":
    case "cast":
    case "bitcast":
      return new Set(n.inputs.flatMap((x) => [...axesUsed(x)]));
    case "iota":
      return axesIn([op.value]);
    case "view": {
      const source = axesUsed(n.inputs[0]);
      return axesIn(op.fill === undefined ? op.map.filter((_, i) => source.has(i)) : op.map);
    }
    case "gather": {
      const used = axesIn(op.map.filter(isPoly));
      for (const index of n.inputs.slice(1)) for (const a of axesUsed(index)) used.add(a);
      return used;
    }
    default:
      return new Set(n.shape.map((_, i) => i).filter((i) => constantOf(n.shape[i]) !== 1));
  }
}

export function axesIn(polys: readonly Poly[]): Set<number> {
  const found = new Set<number>();
  for (const p of polys) mentions(p, (a) => a.kind === "axis" && found.add(a.axis) === undefined);
  return found;
}

/** Axes that decide which element an index from data is read from: they can't be strides of a matrix. */
function axesOfIndices(n: Node): Set<number> {
  const op = n.op;
  const inner = (x: Node) => [...axesOfIndices(x)];
  switch (op.kind) {
    case "unary":
    case "binary":
    case "select":
    case "cast":
    case "bitcast":
      return new Set(n.inputs.flatMap(inner));
    case "view":
      return axesIn(inner(n.inputs[0]).map((i) => op.map[i]));
    case "gather": {
      const through = inner(n.inputs[0]).map((i) => op.map[i]);
      const used = axesIn(through.filter(isPoly));
      for (const index of n.inputs.slice(1)) for (const a of axesUsed(index)) used.add(a);
      return used;
    }
    default:
      return new Set();
  }
}

/** Whether the rows that a factor has in an item of the product are picked by data, each from its own place. */
export const picksRows = (factors: readonly Node[], { batch }: ContractionForm): boolean =>
  factors.some((f) => [...axesOfIndices(f)].some((i) => !batch.includes(i)));

/**
 * The split of a reduction into batch, m, n and k with `last`, an axis of the result, among n's; undefined where
 * it is no contraction or too small to be worth one. The two factors that the engine multiplies are f32 after
 * widening from any narrower float.
 */
export function contractionOf(reduce: Node, last: number, bounds: Bounds): ContractionForm | undefined {
  let known = contractions.get(reduce);
  if (known?.bounds !== bounds) {
    known = { bounds, forms: new Map() };
    contractions.set(reduce, known);
  }
  if (!known.forms.has(last)) known.forms.set(last, findContraction(reduce, last, bounds));
  return known.forms.get(last);
}

/** By the axis asked for. A plan asks for each several times, and a search for many plans. */
const contractions = new WeakMap<
  Node,
  { readonly bounds: Bounds; readonly forms: Map<number, ContractionForm | undefined> }
>();

function findContraction(reduce: Node, last: number, bounds: Bounds): ContractionForm | undefined {
  const op = reduce.op;
  if (op.kind !== "reduce" || op.fn !== "sum" || reduce.dtype !== "f32") return undefined;
  const product = reduce.inputs[0];
  const sides = sidesOf(product, new Set(op.axes));
  if (sides === undefined) return undefined;
  const used = sides.map((side) => new Set(side.flatMap((f) => [...axesUsed(f)])));
  const picked = sides.map((side) => new Set(side.flatMap((f) => [...axesOfIndices(f)])));
  const forced = new Set(picked.flatMap((axes) => [...axes]));
  const kept = product.shape.map((_, i) => i).filter((i) => !op.axes.includes(i));
  const form = { batch: [] as number[], m: [] as number[], n: [] as number[] };
  const isUnit = (i: number): boolean => constantOf(product.shape[i]) === 1;
  // An item for each pick: its rows lie together. Where it is but one row, the other factor would be read anew for each.
  const hasRows = sides.map((_, s) =>
    kept.some((i) => used[s].has(i) && !used[1 - s].has(i) && !picked[s].has(i) && !isUnit(i)),
  );
  const isItem = (i: number): boolean => picked.some((axes, s) => axes.has(i) && hasRows[s]);
  for (const i of kept) {
    const [inA, inB] = [used[0].has(i), used[1].has(i)];
    if (isUnit(i) || (inA && inB) || (!inA && !inB) || isItem(i)) form.batch.push(i);
    else (inA ? form.m : form.n).push(i);
  }
  // A reduced axis of size 1, as a 1x1 window has, need not occur in either factor.
  const inBoth = (i: number): boolean =>
    constantOf(product.shape[i]) === 1 || (used[0].has(i) && used[1].has(i));
  if (op.axes.some((i) => forced.has(i)) || !op.axes.every(inBoth)) return undefined;
  const extent = (axes: readonly number[]) =>
    axes.reduce((size, i) => size * (upperBound(product.shape[i], bounds) ?? 1024), 1);
  if (extent(op.axes) < cpu.smallestDepth || extent([...form.m, ...form.n]) < cpu.smallestFree)
    return undefined;
  const [m, n] = [extent(form.m), extent(form.n)];
  if (Math.min(m, n) < 2 && sides.flat().some((f) => readsWindow(f, op.axes))) return undefined;
  const lastInProduct = kept[last];
  const turned = form.m.includes(lastInProduct) || (!form.n.includes(lastInProduct) && m > n && n < 2);
  const [a, b] = turned ? [sides[1], sides[0]] : sides;
  return turned
    ? { batch: form.batch, m: form.n, n: form.m, k: op.axes, a, b }
    : { ...form, k: op.axes, a, b };
}

/**
 * A read with a fill or of few elements that neighbours share, which is no plain matrix: with nothing to reuse it, a
 * simple nest is faster.
 */
function readsWindow(n: Node, reduced: readonly number[]): boolean {
  if (n.op.kind === "cast") return readsWindow(n.inputs[0], reduced);
  if (n.op.kind !== "view") return false;
  if (n.op.fill !== undefined || n.op.map.some((p) => isShared(p, n, reduced))) return true;
  return readsFill(n.inputs[0]);
}

const readsFill = (n: Node): boolean =>
  n.op.kind === "view"
    ? n.op.fill !== undefined || readsFill(n.inputs[0])
    : n.op.kind === "cast" && readsFill(n.inputs[0]);

/** Whether few summed elements reach beyond the next one that is kept, as those of `x[p + r]` do with p kept. */
function isShared(p: Poly, n: Node, reduced: readonly number[]): boolean {
  let [reach, step, terms] = [0, Number.POSITIVE_INFINITY, 1];
  for (const i of reduced) terms *= constantOf(n.shape[i]) ?? cpu.fewTerms + 1;
  for (const a of axesIn([p])) {
    const stride = constantOf(linearIn(p, { kind: "axis", axis: a })?.coefficient ?? p);
    if (stride === undefined) return false;
    if (reduced.includes(a)) reach += Math.abs(stride) * ((constantOf(n.shape[a]) ?? 1) - 1);
    else step = Math.min(step, Math.abs(stride));
  }
  return terms <= cpu.fewTerms && reach >= step;
}

/** The factors of a product in two groups, each a matrix; factors without k axes go with the group that has theirs. */
function sidesOf(product: Node, k: ReadonlySet<number>): [Node[], Node[]] | undefined {
  const factors = factorsOf(product);
  const deep = factors.filter((f) => [...axesUsed(f)].some((a) => k.has(a)));
  if (deep.length !== 2 || !deep.every((f) => storedFloat(f))) return undefined;
  const sides: [Node[], Node[]] = [[deep[0]], [deep[1]]];
  for (const f of factors) {
    if (deep.includes(f)) continue;
    const own = [...axesUsed(f)];
    const side = sides.find((s) => own.every((a) => axesUsed(s[0]).has(a)));
    if (side === undefined) return undefined;
    side.push(f);
  }
  return sides;
}

const storedFloat = (n: Node): boolean => isFloat(n.dtype) && byteSize(n.dtype) <= 4;

function factorsOf(n: Node): Node[] {
  if (n.op.kind === "binary" && n.op.fn === "mul" && n.dtype === "f32") return n.inputs.flatMap(factorsOf);
  if (n.op.kind === "view" && n.op.fill === undefined && n.inputs[0].op.kind === "binary") return [n];
  return [n];
}

/** Where an axis of the anchor's result lies in the product's domain. */
export function keptAxes(reduce: Node): number[] {
  const op = reduce.op;
  if (op.kind !== "reduce") throw new Error("keptAxes of what is no reduction");
  return reduce.inputs[0].shape.map((_, i) => i).filter((i) => !op.axes.includes(i));
}

/** Coordinates of the operand's domain: kept axes from `coords`, reduced axes from `reduced`. */
export function operandCoordinates(reduce: Node, coords: readonly Poly[], reduced: readonly Poly[]): Poly[] {
  const op = reduce.op;
  if (op.kind !== "reduce") throw new Error("operandCoordinates of what is no reduction");
  let [next, gone] = [0, 0];
  return reduce.inputs[0].shape.map((_, i) => (op.axes.includes(i) ? reduced[gone++] : coords[next++]));
}

/** Coordinates in the source of a view, given those of the view. */
export const throughView = (map: readonly Poly[], coords: readonly Poly[]): Poly[] =>
  map.map((p) => substituteAxes(p, coords));

export const pureAxis = (p: Poly): number | undefined => {
  const only = p.terms.length === 1 && p.constant === 0 && p.terms[0].coef === 1 ? p.terms[0].atoms : [];
  return only.length === 1 && only[0].kind === "axis" ? only[0].axis : undefined;
};

export const axisCoordinates = (rank: number): Poly[] => Array.from({ length: rank }, (_, i) => axis(i));
