/** A kernel while it is being put together: which nodes it computes, at which coordinates, how often. */
import { type Bounds, upperBound } from "../../ir/bounds.ts";
import { isPoly, type Node } from "../../ir/hlir.ts";
import { type AttentionForm, type ContractionForm, domainOf } from "../../ir/plan.ts";
import { axis, type Poly } from "../../ir/poly.ts";
import { axesIn, axisCoordinates, operandCoordinates, throughView } from "../plan-contraction.ts";

export type Draft = {
  readonly root: Node;
  /** Times that the kernel runs: iterations of the loops around it. */
  readonly runs: number;
  /** Nesting depth and size of each variable; the root's axes come first. */
  readonly variables: { depth: number; size: Poly }[];
  anchor: { node: Node; form: ContractionForm } | undefined;
  attention: AttentionForm | undefined;
  /** Axes of the root that the rows of reductions run over. */
  outer: readonly number[] | undefined;
  readonly reduces: Node[];
  readonly inlined: Set<Node>;
};

/** One way that a kernel needs a node. */
export type Use = {
  readonly draft: Draft;
  readonly coords: readonly Poly[];
  /** The reduction inside which the value is needed; the loops around it are the rows' and its own. */
  readonly stage: Node | undefined;
  /** In which factor of the kernel's contraction it is needed. */
  readonly side: "a" | "b" | undefined;
};

export function openDraft(root: Node, runs: number): Draft {
  const variables = domainOf(root).map((size, depth) => ({ depth, size }));
  return {
    root,
    runs,
    variables,
    anchor: undefined,
    attention: undefined,
    outer: undefined,
    reduces: [],
    inlined: new Set(),
  };
}

export const rootUse = (draft: Draft): Use => ({
  draft,
  coords: axisCoordinates(domainOf(draft.root).length),
  stage: undefined,
  side: undefined,
});

function addVariable(draft: Draft, depth: number, size: Poly): Poly {
  draft.variables.push({ depth, size });
  return axis(draft.variables.length - 1);
}

const depthOf = (draft: Draft, polys: readonly Poly[]): number =>
  Math.max(-1, ...[...axesIn(polys)].map((a) => draft.variables[a].depth));

/** What `n`, computed for `use`, needs of its operands. */
export function operandUses(n: Node, use: Use): { node: Node; use: Use }[] {
  const { draft, coords } = use;
  const same = (node: Node) => ({ node, use });
  switch (n.op.kind) {
    case "unary":
    case "binary":
    case "select":
    case "cast":
    case "bitcast":
      return n.inputs.map((x) => (draft.anchor === undefined ? same(x) : sided(n, x, use)));
    case "cumulate":
      return n.inputs.map(same);
    case "view":
      return [{ node: n.inputs[0], use: { ...use, coords: throughView(n.op.map, coords) } }];
    case "gather": {
      const depth = depthOf(draft, coords);
      const source = n.op.map.map((c, i) =>
        isPoly(c) ? throughView([c], coords)[0] : addVariable(draft, depth, n.inputs[0].shape[i]),
      );
      return [{ node: n.inputs[0], use: { ...use, coords: source } }, ...n.inputs.slice(1).map(same)];
    }
    case "update":
      return n.inputs.slice(1).map(same);
    case "reduce":
      return reduceUses(n, n.op.axes, use);
    case "topk": {
      const x = n.inputs[0];
      const last = addVariable(draft, coords.length - 1, x.shape[coords.length - 1]);
      return [{ node: x, use: { ...use, coords: [...coords.slice(0, -1), last] } }];
    }
    default:
      return [];
  }
}

function reduceUses(n: Node, axes: readonly number[], use: Use): { node: Node; use: Use }[] {
  const { draft } = use;
  const rows = draft.outer?.length ?? use.coords.length;
  const product = n.inputs[0];
  const reduced = axes.map((a, i) => addVariable(draft, rows + i, product.shape[a]));
  const coords = operandCoordinates(n, use.coords, reduced);
  return [{ node: product, use: { draft, coords, stage: n, side: undefined } }];
}

/** Passing from a contraction's product into a factor decides the side. */
function sided(n: Node, x: Node, use: Use): { node: Node; use: Use } {
  const { draft } = use;
  if (use.stage !== draft.anchor?.node || use.side !== undefined || n.op.kind !== "binary")
    return { node: x, use };
  const form = draft.anchor?.form;
  if (form === undefined) return { node: x, use };
  if (form.a.includes(x)) return { node: x, use: { ...use, side: "a" } };
  return { node: x, use: form.b.includes(x) ? { ...use, side: "b" } : use };
}

/** How often each element of a contraction's factor is read: once a packing; column operands stream only as stored. */
const readsOfFactor = { a: 9, b: 100 };

/** Evaluations of `n` for one use, hoisted as far out as its coordinates allow. */
export function evaluations(n: Node, use: Use, bounds: Bounds): number {
  if (use.side !== undefined) return extent(n.shape, bounds) * readsOfFactor[use.side] * use.draft.runs;
  const { draft } = use;
  const deepest = depthOf(draft, use.coords);
  const rows =
    draft.root.op.kind === "update" || draft.outer === undefined ? undefined : new Set(draft.outer);
  const stageVariables = use.stage === undefined ? [] : draft.variables.slice(domainOf(draft.root).length);
  let count = draft.runs;
  for (const [i, size] of domainOf(draft.root).entries()) {
    const present = use.stage === undefined || rows === undefined || rows.has(i);
    if (present && i <= deepest) count *= sizeHint(size, bounds);
  }
  const seen = new Set<number>();
  for (const v of stageVariables) {
    if (v.depth > deepest || v.depth < (draft.outer?.length ?? 0) || seen.has(v.depth)) continue;
    seen.add(v.depth);
    count *= sizeHint(v.size, bounds);
  }
  return count;
}

export const sizeHint = (p: Poly, bounds: Bounds): number => Math.max(1, upperBound(p, bounds) ?? 1024);

export const extent = (shape: readonly Poly[], bounds: Bounds): number =>
  shape.reduce((size, p) => size * sizeHint(p, bounds), 1);
