/** The saturated e-graph as a space of choices: for every tensor of the model the other terms that it equals. */
import { type EGraphArrays, literalNumber, literalText, NO_LITERAL } from "egglog-wasm";
import type { Node } from "../ir/hlir.ts";
import type { Atoms } from "./atoms.ts";
import { isTransparent, nameOf } from "./encode.ts";
import type { Saturated, SaturateLimits } from "./saturate.ts";

/** An operand: a class of tensors, or a literal of the term. */
export type Operand = { readonly class: number } | { readonly literal: number | string };

/** A term that rules made; `key` is the same wherever it is met. */
export type Term = { readonly op: string; readonly operands: readonly Operand[]; readonly key: string };

/** What a tensor may be computed as: as the model has it, or by a term that rules made. */
export type Candidate =
  | { readonly kind: "node"; readonly node: Node }
  | { readonly kind: "term"; readonly class: number; readonly term: Term };

export type Space = {
  /** What the rules were given: where they are run once more, they find no more. */
  readonly limits: SaturateLimits;
  readonly atoms: Atoms;
  /** By id of the class. Nodes of the model come first, in their order; then terms, the shallowest first. */
  readonly candidates: ReadonlyMap<number, readonly Candidate[]>;
  readonly classOf: ReadonlyMap<Node, number>;
  /** Weighted sums that one pass over their keys can compute. */
  readonly onePass: ReadonlySet<number>;
  /** Convolutions that Winograd's filtering can compute. */
  readonly winograd: ReadonlySet<number>;
  /** Names of the rules whose terms a class has. */
  readonly rules: ReadonlyMap<number, readonly string[]>;
};

const operations = new Set([
  "Leaf",
  "Number",
  "Iota",
  "Unary",
  "Binary",
  "Select",
  "Cast",
  "Bitcast",
  "View",
  "Gather",
  "Reduce",
]);

export function spaceOf(nodes: readonly Node[], { arrays: a, atoms, limits }: Saturated): Space {
  const classOf = new Map<Node, number>();
  const originals = new Map<number, Node[]>();
  for (const n of nodes) {
    const c = a.lets.get(nameOf(n));
    if (c === undefined) throw new Error(`the e-graph has lost node ${n.id}`);
    classOf.set(n, c);
    originals.set(c, [...(originals.get(c) ?? []), n]);
  }
  const written = new Set(nodes.filter(isTransparent).map((n) => writtenKey(n, classOf, atoms)));
  const terms = new Map<number, Term[]>();
  const methods = { OnePass: new Set<number>(), Winograd: new Set<number>() };
  const rules = new Map<number, string[]>();
  for (let n = 0; n < a.nodeOp.length; n++) {
    const { name, output } = a.ops[a.nodeOp[n]];
    if (name === "implements") note(a, n, methods);
    if (name === "derived") {
      const [c, rule] = childrenOf(a, n);
      rules.set(c, [...(rules.get(c) ?? []), literalText(a, rule)!]);
    }
    if (output !== "Tensor" || !operations.has(name) || name === "Leaf") continue;
    const operands = childrenOf(a, n).map((c) => operandOf(a, c));
    const term: Term = { op: name, operands, key: keyOf(name, operands) };
    if (written.has(term.key)) continue;
    const c = a.nodeClass[n];
    terms.set(c, [...(terms.get(c) ?? []), term]);
  }
  const depths = depthsOf(originals, terms);
  const candidates = new Map<number, Candidate[]>();
  for (const c of new Set([...originals.keys(), ...terms.keys()])) {
    const depth = (t: Term) =>
      Math.max(0, ...t.operands.map((o) => ("class" in o ? (depths.get(o.class) ?? Infinity) : 0)));
    const made = [...(terms.get(c) ?? [])].filter((t) => depth(t) < Infinity);
    made.sort((x, y) => depth(x) - depth(y) || (x.key < y.key ? -1 : 1));
    candidates.set(c, [
      ...(originals.get(c) ?? []).map((node): Candidate => ({ kind: "node", node })),
      ...made.map((term): Candidate => ({ kind: "term", class: c, term })),
    ]);
  }
  return { limits, atoms, candidates, classOf, onePass: methods.OnePass, winograd: methods.Winograd, rules };
}

/** Classes of a node's or a row's children. */
export const childrenOf = (a: EGraphArrays, n: number): number[] => [
  ...a.children.subarray(a.childStart[n], a.childStart[n + 1]),
];

/** A row of `implements`: these methods are a choice of their own, the others follow from what is stored. */
function note(a: EGraphArrays, row: number, methods: Readonly<Record<string, Set<number>>>): void {
  const [implementation, tensor] = childrenOf(a, row);
  for (let n = a.classStart[implementation]; n < a.classStart[implementation + 1]; n++)
    methods[a.ops[a.nodeOp[n]].name]?.add(tensor);
}

/** A child as an operand of a term. */
export const operandOf = (a: EGraphArrays, c: number): Operand => literalOf(a, c) ?? { class: c };

function literalOf(a: EGraphArrays, c: number): Operand | undefined {
  if (a.classLiteral[c] === NO_LITERAL) return undefined;
  const x = literalNumber(a, c);
  return { literal: x !== undefined && !Number.isNaN(x) ? x : literalText(a, c)! };
}

const keyOf = (op: string, operands: readonly Operand[]): string =>
  `${op} ${operands.map((o) => ("class" in o ? `@${o.class}` : String(o.literal))).join(" ")}`;

/** The key of the term that a node of the model was encoded as. */
function writtenKey(n: Node, classOf: ReadonlyMap<Node, number>, atoms: Atoms): string {
  const { op } = n;
  const args = n.inputs.map((x): Operand => ({ class: classOf.get(x)! }));
  const with_ = (name: string, operands: readonly (Operand | number | string)[]) =>
    keyOf(
      name,
      operands.map((o) => (typeof o === "object" ? o : { literal: o })),
    );
  switch (op.kind) {
    case "constant":
      return with_("Number", [atoms.numbers.idOf({ value: op.value, dtype: n.dtype })]);
    case "iota":
      return with_("Iota", [atoms.iotas.idOf({ value: op.value, shape: n.shape, dtype: n.dtype })]);
    case "unary":
      return with_("Unary", [op.fn, args[0]]);
    case "binary":
      return with_("Binary", [op.fn, args[0], args[1]]);
    case "select":
      return with_("Select", args);
    case "cast":
      return with_("Cast", [args[0], n.dtype]);
    case "bitcast":
      return with_("Bitcast", [args[0], n.dtype]);
    case "view":
      return with_("View", [args[0], atoms.views.idOf({ map: op.map, shape: n.shape, fill: op.fill })]);
    case "gather":
      return with_("Gather", [
        args[0],
        args[1],
        atoms.gathers.idOf({ map: op.map, shape: n.shape, fill: op.fill }),
      ]);
    case "reduce":
      return with_("Reduce", [op.fn, args[0], op.axes.reduce((m, a) => m | (1 << a), 0)]);
    default:
      return `Leaf ${n.id}`;
  }
}

/** Depth of the shallowest term of each class over the nodes of the model. */
function depthsOf(
  originals: ReadonlyMap<number, readonly Node[]>,
  terms: ReadonlyMap<number, readonly Term[]>,
): Map<number, number> {
  const depths = new Map<number, number>([...originals.keys()].map((c) => [c, 0]));
  for (let changed = true; changed; ) {
    changed = false;
    for (const [c, list] of terms) {
      for (const t of list) {
        const depth =
          1 + Math.max(0, ...t.operands.map((o) => ("class" in o ? (depths.get(o.class) ?? Infinity) : 0)));
        if (depth >= (depths.get(c) ?? Infinity)) continue;
        depths.set(c, depth);
        changed = true;
      }
    }
  }
  return depths;
}
