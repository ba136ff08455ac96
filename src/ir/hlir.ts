/**
 * Hlir: an SSA graph of primitive tensor operations with symbolic sizes.
 *
 * A node is one tensor. Elementwise operations take operands of their own shape; everything that moves,
 * repeats, slices or pads is a `view`: "my element at (a0, a1, …) is my source's element at map(a0, a1, …)".
 * Nodes are made by `Builder` only, which shares equal ones, so a later node has a greater id than its operands.
 */
import type { Bounds, Range } from "./bounds.ts";
import type { DType } from "./dtype.ts";
import { int, type Poly, subtract } from "./poly.ts";
import type { Span } from "./source.ts";

export type Shape = readonly Poly[];

/** Name in the registry of `src/ops`, e.g. `exp`, `add`. */
export type UnaryName = string;
export type BinaryName = string;

export type ReduceFn = "sum" | "max" | "min" | "prod" | "argmax" | "argmin";

/** A coordinate of the source: a polynomial over the axes of the domain, or the value of an index operand there. */
export type Coordinate = Poly | { readonly operand: number };

export const isPoly = (c: Coordinate): c is Poly => "key" in c;

export type Op =
  | { readonly kind: "input"; readonly name: string }
  /** Declared inside rolled loops, it is one tensor per iteration: see `Weight.source`. */
  | { readonly kind: "weight"; readonly name: string }
  /** The content of a state when the entry is called. */
  | { readonly kind: "state"; readonly name: string }
  /** A number of shape []. */
  | { readonly kind: "constant"; readonly value: number }
  /** Literal array, row-major. */
  | { readonly kind: "data"; readonly values: readonly number[] }
  /** Element (a0, a1, …) is the value of a polynomial over axes, dims and loop variables; i32 or i64. */
  | { readonly kind: "iota"; readonly value: Poly }
  | { readonly kind: "unary"; readonly fn: UnaryName }
  | { readonly kind: "binary"; readonly fn: BinaryName }
  /** inputs: condition (bool), value where true, value where false. */
  | { readonly kind: "select" }
  | { readonly kind: "cast" }
  /** Same bits, other dtype of equal size. */
  | { readonly kind: "bitcast" }
  /** Removes `axes` (ascending). arg* reduce exactly one axis and give i32. An empty axis: 0 for sum, 1 for prod, ∓inf for max and min. */
  | { readonly kind: "reduce"; readonly fn: ReduceFn; readonly axes: readonly number[] }
  /** map: one polynomial over the axes of `shape` per axis of the source; outside the source: `fill`, or never. */
  | { readonly kind: "view"; readonly map: readonly Poly[]; readonly fill: number | undefined }
  /** As view, but some coordinates are values of inputs[1…]: {operand: k} is inputs[1 + k], whose shape is `shape`. Outside: `fill`, or a run-time error. */
  | { readonly kind: "gather"; readonly map: readonly Coordinate[]; readonly fill: number | undefined }
  /**
   * A new version of a state: inputs[0] with element map(a0, …) replaced by inputs[1] at (a0, …); the domain is
   * inputs[1]'s shape; {operand: k} is inputs[2 + k]. Written in place.
   */
  | { readonly kind: "update"; readonly map: readonly Coordinate[] }
  /** i32 indices [..., k] of the k greatest along the last axis, greatest first, the lower index first among equals; NaN counts as greatest. */
  | { readonly kind: "topk" }
  /** Running sum or product along `axis`, inclusive. */
  | { readonly kind: "cumulate"; readonly fn: "sum" | "prod"; readonly axis: number }
  | { readonly kind: "loop"; readonly loop: Loop }
  /** Carried value number `index` of a loop (inputs[0]) after its last iteration. */
  | { readonly kind: "result"; readonly index: number }
  /** Carried value number `index` at the start of an iteration. */
  | { readonly kind: "param"; readonly index: number; readonly loop: string }
  /** A user's kernel; inputs are its arguments, then `reference` (the same value from primitives) last. */
  | { readonly kind: "custom"; readonly kernel: CustomKernel };

export type OpOf<K extends Op["kind"]> = Extract<Op, { kind: K }>;

export type Node = {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly shape: Shape;
  readonly dtype: DType;
  /** The definition that it is the value of; else where in the `.lum` file it was first asked for. */
  span: Span;
  /** The definition that it is the value of, `attention.q`; set by the elaborator, first name wins. */
  name: string | undefined;
  /** The state that this value is a version of (op state, update, or a carried param or result of one). */
  readonly cell: string | undefined;
  /** Loop variables that its own attributes (shape, map, value, weight's source) mention. */
  readonly loops: readonly string[];
};

/**
 * A rolled repeat: for `variable` from low until high. inputs of the loop node are the initial carried values;
 * `params[i]` and `results[i]` belong to inputs[i]. Nodes of the body may use nodes from outside (values that
 * do not change inside the loop). A node belongs to the body if it is reachable from `results` and depends on
 * a param, on `variable`, or on a weight per iteration.
 */
export type Loop = {
  /** Unique in the model, e.g. `l`, `l_2`. */
  readonly variable: string;
  readonly low: Poly;
  readonly high: Poly;
  readonly params: readonly Node[];
  readonly results: readonly Node[];
};

export type CustomKernel = {
  readonly name: string;
  /** Source text per target; parameters are the arguments by `parameters`, sizes by `sizes`, and `out`. */
  readonly sources: ReadonlyMap<
    string,
    { readonly code: string; readonly grid: readonly Poly[]; readonly block: readonly Poly[] }
  >;
  readonly parameters: readonly string[];
  readonly sizes: readonly { readonly name: string; readonly value: Poly }[];
};

export type Dim = { readonly name: string; readonly low: Poly; readonly high: Poly; readonly span: Span };

export type Input = {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly span: Span;
};

export type Weight = {
  /** Unique, from the scopes it was declared in: `attention.wq`. */
  readonly name: string;
  /** Per iteration. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** Name in the checkpoint, in pieces: text, and polynomials over loop variables: ["model.layers.", l, ".q_proj.weight"]. */
  readonly source: readonly (string | Poly)[];
  /** Variables of the loops around it, outermost first; empty: one tensor. */
  readonly loops: readonly string[];
  readonly span: Span;
};

export type State = {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Value of every element at create. */
  readonly init: number;
  readonly span: Span;
};

export type Output = { readonly name: string; readonly value: Node; readonly span: Span };

export type Entry = {
  /** `forward` where the model names none. */
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
  /** Last version of every state that the entry writes. */
  readonly states: readonly { readonly cell: string; readonly value: Node }[];
  readonly taps: readonly Output[];
  readonly span: Span;
};

export type Hlir = {
  /** Name of the model in the source. */
  readonly name: string;
  readonly dims: readonly Dim[];
  readonly weights: readonly Weight[];
  readonly states: readonly State[];
  readonly entries: readonly Entry[];
  /** Ranges of all dims and loop variables. */
  readonly bounds: Bounds;
};

/** Inclusive range of a loop's variable. */
export function loopRange(loop: Loop): Range {
  return { low: loop.low, high: subtract(loop.high, int(1)) };
}

/** Roots of an entry: what must be computed. */
export function rootsOf(entry: Entry): Node[] {
  return [...entry.outputs, ...entry.taps].map((o) => o.value).concat(entry.states.map((s) => s.value));
}

/**
 * Nodes reachable from `roots`, operands first, in creation order. Bodies of loops are not entered: take
 * `loop.results` as roots for them; what they use from outside counts as used by the loop node.
 */
export function reachable(roots: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const stack = [...roots];
  while (stack.length > 0) {
    const n = stack.pop()!;
    if (seen.has(n)) continue;
    seen.add(n);
    stack.push(...n.inputs);
    if (n.op.kind === "loop") stack.push(...capturesOf(n.op.loop));
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

const bodies = new WeakMap<Loop, { inside: Node[]; captures: Node[] }>();

/** Nodes of the body, operands first (params included), and the outside nodes that they use. */
function bodyOf(loop: Loop): { inside: Node[]; captures: Node[] } {
  let body = bodies.get(loop);
  if (body === undefined) {
    body = splitBody(loop);
    bodies.set(loop, body);
  }
  return body;
}

export const bodyNodes = (loop: Loop): readonly Node[] => bodyOf(loop).inside;
export const capturesOf = (loop: Loop): readonly Node[] => bodyOf(loop).captures;

function splitBody(loop: Loop): { inside: Node[]; captures: Node[] } {
  const all = reachable([...loop.results, ...loop.params]);
  const inside = new Set<Node>();
  for (const n of all) {
    const uses = n.op.kind === "loop" ? [...n.inputs, ...capturesOf(n.op.loop)] : n.inputs;
    if (variesWith(n, loop) || uses.some((u) => inside.has(u))) inside.add(n);
  }
  const captures = new Set<Node>();
  for (const n of inside) {
    const uses = n.op.kind === "loop" ? [...n.inputs, ...capturesOf(n.op.loop)] : n.inputs;
    for (const u of uses) if (!inside.has(u)) captures.add(u);
  }
  for (const r of loop.results) if (!inside.has(r)) captures.add(r);
  return { inside: [...inside], captures: [...captures] };
}

/** The node itself names the loop: a param of it, a polynomial with its variable, or a weight per iteration. */
function variesWith(n: Node, loop: Loop): boolean {
  if (n.op.kind === "param") return n.op.loop === loop.variable;
  return n.loops.includes(loop.variable);
}
