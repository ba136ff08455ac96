/** Index arithmetic in C++: variables first, in loop order, then what they are multiplied by. */
import { type Bounds, isNonNegative, isPositive } from "../../ir/bounds.ts";
import type { Attention, Contraction, Merged, Stmt, Variable } from "../../ir/kernel.ts";
import {
  type Atom,
  atom,
  floorDiv,
  int,
  linearIn,
  type Poly,
  sameAtom,
  scale,
  type Term,
} from "../../ir/poly.ts";
import { call, infix, prefix } from "../../ops/spelling.ts";
import { identifier } from "../names.ts";

export type Indexing = {
  readonly variables: readonly Variable[];
  readonly bounds: Bounds;
  /** How a target other than the CPU writes loops, products and checks. */
  readonly dialect?: Dialect;
};

export type IndexType = "int" | "i64";

/** The type of indices, as C++ names it in kernels. */
export const indexType = (ix: Indexing): IndexType => ix.dialect?.index ?? "i64";

/** As the last argument of a template that counts in i64 where nothing else is said. */
export const lastIndex = (ix: Indexing): string => (indexType(ix) === "i64" ? "" : `, ${indexType(ix)}`);

/** The statements that targets write in their own way, as lines with their indentation. */
export type Dialect = {
  /** The type of indices. */
  readonly index: IndexType;
  /** Names that the kernel's statements mention, which no other may hide. */
  readonly taken: ReadonlySet<string>;
  readonly loop: (s: Stmt & { kind: "loop" }, indent: string, ix: Indexing) => string[];
  readonly contraction: (s: Contraction, indent: string, ix: Indexing) => string[];
  readonly merged: (s: Merged, indent: string, ix: Indexing) => string[];
  readonly attention: (s: Attention, indent: string, ix: Indexing) => string[];
  /** What notes the read of a checked index: text, or the number that stands for it. */
  readonly site: (what: string) => string;
};

/** `(h * s + i) * 64 + j` as far as it is linear: each variable once, times what it is multiplied by. */
export function indexText(p: Poly, ix: Indexing): string {
  const parts: { text: string; negative: boolean }[] = [];
  let rest = p;
  for (const a of [...axesOf(p)].sort((a, b) => spanOf(p, b) - spanOf(p, a))) {
    const linear = linearIn(rest, a);
    if (linear === undefined || linear.coefficient.key === "0") continue;
    rest = linear.rest;
    const { factors, negative } = factored(linear.coefficient, ix);
    parts.push({ text: [atomText(a, ix), ...factors].reduce((x, y) => infix(x, "*", y)), negative });
  }
  const { constant } = rest;
  if (rest.terms.length > 0) parts.push(...sumParts({ ...rest, constant: 0 }, ix));
  if (constant !== 0 || parts.length === 0)
    parts.push({ text: String(Math.abs(constant)), negative: constant < 0 });
  const first = parts.findIndex((x) => !x.negative);
  if (first > 0) parts.unshift(...parts.splice(first, 1));
  return parts.slice(1).reduce((text, x) => infix(text, x.negative ? "-" : "+", x.text), signed(parts[0]));
}

const signed = (x: { text: string; negative: boolean }): string =>
  x.negative ? prefix("-", x.text) : x.text;

/** How far a step along a variable reaches: widest first, as a row-major index is written. */
function spanOf(p: Poly, a: Atom): number {
  const coefficient = linearIn(p, a)?.coefficient;
  if (coefficient === undefined) return 0;
  return Math.max(
    Math.abs(coefficient.constant),
    ...coefficient.terms.map((t) => Math.abs(t.coef) * 1e6 ** t.atoms.length),
  );
}

/** The variables of the kernel in it that stand outside of divisions, in order. */
function axesOf(p: Poly): Atom[] {
  const found = new Map<number, Atom>();
  for (const t of p.terms) for (const a of t.atoms) if (a.kind === "axis") found.set(a.axis, a);
  return [...found].sort(([a], [b]) => a - b).map(([, a]) => a);
}

/** A coefficient with its common factors taken out: `s * (pos + s)`. */
function factored(p: Poly, ix: Indexing): { factors: string[]; negative: boolean } {
  const negative = p.constant < 0 || (p.constant === 0 && p.terms.every((t) => t.coef < 0));
  const q = negative ? scale(p, -1) : p;
  if (q.terms.length === 0) return { factors: q.constant === 1 ? [] : [String(q.constant)], negative };
  if (q.constant !== 0 || q.terms.length < 2) return { factors: [sumText(q, ix)], negative };
  const common = q.terms[0].atoms.filter((a) => q.terms.every((t) => t.atoms.some((x) => sameAtom(x, a))));
  const shared = common.filter((a, i) => common.findIndex((x) => sameAtom(x, a)) === i);
  const divisor = q.terms.map((t) => t.coef).reduce(gcd);
  const inner = shared.reduce((rest, a) => floorDiv(rest, atom(a)), divide(q, divisor));
  const factors = shared.map((a) => atomText(a, ix));
  if (divisor !== 1) factors.push(String(divisor));
  factors.push(sumText(inner, ix));
  return { factors, negative };
}

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

const divide = (p: Poly, divisor: number): Poly => floorDiv(p, int(divisor));

function sumText(p: Poly, ix: Indexing): string {
  const parts = sumParts(p, ix);
  return parts.slice(1).reduce((text, x) => infix(text, x.negative ? "-" : "+", x.text), signed(parts[0]));
}

function sumParts(p: Poly, ix: Indexing): { text: string; negative: boolean }[] {
  const terms = [...p.terms].sort((a, b) => rank(a) - rank(b) || Math.abs(b.coef) - Math.abs(a.coef));
  const parts = terms.map((t) => {
    const size = Math.abs(t.coef);
    const factors = [...t.atoms].sort((a, b) => order(a) - order(b)).map((a) => atomText(a, ix));
    if (size !== 1) factors.push(String(size));
    return { text: factors.reduce((a, b) => infix(a, "*", b)), negative: t.coef < 0 };
  });
  if (p.constant !== 0) parts.push({ text: String(Math.abs(p.constant)), negative: p.constant < 0 });
  return parts;
}

const order = (a: Atom): number =>
  a.kind === "axis" ? a.axis : a.kind === "loop" ? 2e6 : a.kind === "dim" ? 3e6 : 1e6;
const rank = (t: Term): number => Math.min(...t.atoms.map(order));

function atomText(a: Atom, ix: Indexing): string {
  switch (a.kind) {
    case "axis":
      return ix.variables[a.axis].name;
    case "dim":
    case "loop":
      return identifier(a.name);
    case "min":
    case "max":
      return call(`lum::${a.kind}<${indexType(ix)}>`, indexText(a.left, ix), indexText(a.right, ix));
    case "div":
    case "mod": {
      const [left, right] = [indexText(a.left, ix), indexText(a.right, ix)];
      const plain = isNonNegative(a.left, ix.bounds) && isPositive(a.right, ix.bounds);
      if (plain) return infix(left, a.kind === "div" ? "/" : "%", right);
      return call(`lum::floor_${a.kind}<${indexType(ix)}>`, left, right);
    }
  }
}
