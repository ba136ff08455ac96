/**
 * Poly: integer polynomials over atoms, in one normal form. The same type says a size (`max_len - s`), an
 * index (`2 * a0 + a1 - 1`, where `a0` is axis 0 of a domain) and an offset in memory. Equal values built in
 * different orders have equal keys, so no rewrite rule ever has to do arithmetic.
 */

export type Atom =
  /** A size known only at run time, `dim s in 1..8`. */
  | { readonly kind: "dim"; readonly name: string }
  /** The variable of a rolled loop. */
  | { readonly kind: "loop"; readonly name: string }
  /** Coordinate along an axis of the domain that a map is over. */
  | { readonly kind: "axis"; readonly axis: number }
  /** Floor division and the remainder that goes with it (never negative for a positive divisor). */
  | { readonly kind: "div" | "mod"; readonly left: Poly; readonly right: Poly }
  | { readonly kind: "min" | "max"; readonly left: Poly; readonly right: Poly };

export type Term = { readonly coef: number; readonly atoms: readonly Atom[]; readonly key: string };

export type Poly = { readonly constant: number; readonly terms: readonly Term[]; readonly key: string };

const atomKeys = new WeakMap<Atom, string>();

function atomKey(a: Atom): string {
  let key = atomKeys.get(a);
  if (key === undefined) {
    key = atomText(a);
    atomKeys.set(a, key);
  }
  return key;
}

function atomText(a: Atom): string {
  switch (a.kind) {
    case "dim":
    case "loop":
      return /^a\d+$/.test(a.name) ? `${a.name}'` : a.name; // not to be taken for an axis
    case "axis":
      return `a${a.axis}`;
    case "div":
      return `floor(${wrap(a.left, a.left.key)} / ${wrap(a.right, a.right.key)})`;
    case "mod":
      return `mod(${a.left.key}, ${a.right.key})`;
    case "min":
    case "max":
      return `${a.kind}(${a.left.key}, ${a.right.key})`;
  }
}

/** The text of an operand of `/`, in brackets unless it is a number or one atom. */
function wrap(p: Poly, text: string): string {
  const [only] = p.terms;
  const single = p.terms.length === 1 && p.constant === 0 && only.coef === 1 && only.atoms.length === 1;
  return p.terms.length === 0 || single ? text : `(${text})`;
}

function make(value: number, terms: readonly Term[]): Poly {
  const constant = value + 0; // no negative zero
  return { constant, terms, key: printPoly({ constant, terms, key: "" }) };
}

function term(coef: number, atoms: readonly Atom[]): Term {
  return { coef, atoms, key: atoms.map(atomKey).join(" * ") };
}

/** Text with the atoms' own spelling; `names` may respell them. */
export function printPoly(p: Poly, names?: (a: Atom) => string | undefined): string {
  const spell = (a: Atom): string => {
    const own = names?.(a);
    if (own !== undefined) return own;
    if (names === undefined || a.kind === "dim" || a.kind === "loop" || a.kind === "axis") return atomKey(a);
    const [l, r] = [printPoly(a.left, names), printPoly(a.right, names)];
    return a.kind === "div" ? `floor(${wrap(a.left, l)} / ${wrap(a.right, r)})` : `${a.kind}(${l}, ${r})`;
  };
  const first = p.constant > 0 && p.terms.length > 0 && p.terms[0].coef < 0; // 8 - s
  let text = first ? String(p.constant) : "";
  for (const t of p.terms) {
    const sign = t.coef < 0 ? "-" : "+";
    const size = Math.abs(t.coef);
    const body = (size === 1 ? [] : [String(size)]).concat(t.atoms.map(spell)).join(" * ");
    text += text === "" ? (sign === "-" ? `-${body}` : body) : ` ${sign} ${body}`;
  }
  if (text === "") return String(p.constant);
  if (first) return text;
  if (p.constant > 0) return `${text} + ${p.constant}`;
  return p.constant < 0 ? `${text} - ${-p.constant}` : text;
}

export const zero: Poly = make(0, []);
export const one: Poly = make(1, []);

export function int(value: number): Poly {
  return value === 0 ? zero : value === 1 ? one : make(value, []);
}

export function atom(a: Atom): Poly {
  return make(0, [term(1, [a])]);
}

export const dim = (name: string): Poly => atom({ kind: "dim", name });
export const loopVar = (name: string): Poly => atom({ kind: "loop", name });
export const axis = (index: number): Poly => atom({ kind: "axis", axis: index });

/** The value where it has no atoms. */
export function constantOf(p: Poly): number | undefined {
  return p.terms.length === 0 ? p.constant : undefined;
}

export const equal = (a: Poly, b: Poly): boolean => a.key === b.key;

function collect(constant: number, terms: Iterable<Term>): Poly {
  const byKey = new Map<string, Term>();
  for (const t of terms) {
    const before = byKey.get(t.key);
    byKey.set(t.key, before === undefined ? t : { ...t, coef: t.coef + before.coef });
  }
  const kept = [...byKey.values()].filter((t) => t.coef !== 0);
  const joined = joinRemainder(kept);
  if (joined !== undefined) return add(joined, make(constant, []));
  kept.sort((a, b) => a.atoms.length - b.atoms.length || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return make(constant, kept);
}

/** c * floor(x / c) + mod(x, c) = x, as it comes up when axes are split and merged again. */
function joinRemainder(terms: readonly Term[]): Poly | undefined {
  for (const t of terms)
    for (const a of t.atoms) {
      if (a.kind !== "mod" || a.right.terms.length + (a.right.constant === 0 ? 0 : 1) !== 1) continue;
      const others = t.atoms.filter((x) => x !== a);
      const factor = others.length === 0 ? int(t.coef) : make(0, [term(t.coef, others)]);
      const [wanted] = multiply(factor, a.right, atom({ ...a, kind: "div" })).terms;
      const partner = terms.find((x) => x.key === wanted.key && x.coef === wanted.coef);
      if (partner === undefined) continue;
      const rest = terms.filter((x) => x !== t && x !== partner);
      return add(multiply(factor, a.left), collect(0, rest));
    }
  return undefined;
}

export function add(...parts: readonly Poly[]): Poly {
  return collect(
    parts.reduce((sum, p) => sum + p.constant, 0),
    parts.flatMap((p) => p.terms),
  );
}

export function scale(p: Poly, factor: number): Poly {
  if (factor === 0) return zero;
  return make(
    p.constant * factor,
    p.terms.map((t) => ({ ...t, coef: t.coef * factor })),
  );
}

export const negate = (p: Poly): Poly => scale(p, -1);
export const subtract = (a: Poly, b: Poly): Poly => add(a, negate(b));

export function multiply(...factors: readonly Poly[]): Poly {
  return factors.reduce((a, b) => {
    if (b.terms.length === 0) return scale(a, b.constant);
    if (a.terms.length === 0) return scale(b, a.constant);
    const products: Term[] = [];
    for (const s of a.terms) {
      for (const t of b.terms) products.push(term(s.coef * t.coef, sortAtoms([...s.atoms, ...t.atoms])));
      if (b.constant !== 0) products.push({ ...s, coef: s.coef * b.constant });
    }
    if (a.constant !== 0) for (const t of b.terms) products.push({ ...t, coef: t.coef * a.constant });
    return collect(a.constant * b.constant, products);
  }, one);
}

function sortAtoms(atoms: Atom[]): Atom[] {
  return atoms.sort((a, b) => (atomKey(a) < atomKey(b) ? -1 : 1));
}

/** floor(a / b). Terms that are multiples of the divisor leave the floor: (6x + 7) / 3 = 2x + 2, (s * n + x) / s = n + x / s. */
export function floorDiv(a: Poly, b: Poly): Poly {
  if (b.key === "0") return atom({ kind: "div", left: a, right: b });
  if (a.key === b.key) return one;
  const { whole, rest } = splitMultiples(a, b);
  const divisor = constantOf(b);
  if (rest.terms.length === 0 && (divisor !== undefined || rest.constant === 0))
    return divisor === undefined ? whole : add(whole, int(Math.floor(rest.constant / divisor)));
  const inner = rest.terms.length === 1 && rest.constant === 0 ? rest.terms[0] : undefined;
  const only = inner?.coef === 1 && inner.atoms.length === 1 ? inner.atoms[0] : undefined;
  const before = only?.kind === "div" ? constantOf(only.right) : undefined;
  if (only?.kind === "div" && divisor !== undefined && divisor > 0 && before !== undefined && before > 0)
    return add(whole, floorDiv(only.left, scale(only.right, divisor)));
  return add(whole, atom({ kind: "div", left: rest, right: b }));
}

/** a - b * floor(a / b) */
export function modulo(a: Poly, b: Poly): Poly {
  if (b.key === "0") return atom({ kind: "mod", left: a, right: b });
  const { rest } = splitMultiples(a, b);
  const divisor = constantOf(b);
  if (rest.key === "0" || divisor === 1) return zero;
  if (rest.terms.length === 0 && divisor !== undefined)
    return int(rest.constant - divisor * Math.floor(rest.constant / divisor));
  return atom({ kind: "mod", left: rest, right: b });
}

/** a = b * whole + rest, with every term of `a` in `whole` that b, one term or a number, divides; other sums divide themselves only. */
export function splitMultiples(a: Poly, b: Poly): { whole: Poly; rest: Poly } {
  if (a.key === b.key && b.key !== "0") return { whole: one, rest: zero };
  const divisor = b.terms.length === 0 ? term(b.constant, []) : b.constant === 0 ? b.terms[0] : undefined;
  if (divisor === undefined || b.terms.length > 1 || divisor.coef === 0) return { whole: zero, rest: a };
  const carry = b.terms.length === 0 ? Math.floor(a.constant / b.constant) : 0;
  let whole = carry;
  const multiples: Term[] = [];
  const rest: Term[] = [];
  for (const t of a.terms) {
    const atoms = t.coef % divisor.coef === 0 ? without(t.atoms, divisor.atoms) : undefined;
    if (atoms === undefined) rest.push(t);
    else if (atoms.length === 0) whole += t.coef / divisor.coef;
    else multiples.push(term(t.coef / divisor.coef, atoms));
  }
  return { whole: collect(whole, multiples), rest: make(a.constant - carry * b.constant, rest) };
}

/** The factors that are left when each of `taken` is taken out once; undefined where one is missing. */
function without(atoms: readonly Atom[], taken: readonly Atom[]): Atom[] | undefined {
  const left = [...atoms];
  for (const a of taken) {
    const at = left.findIndex((x) => atomKey(x) === atomKey(a));
    if (at < 0) return undefined;
    left.splice(at, 1);
  }
  return left;
}

export function minimum(a: Poly, b: Poly): Poly {
  return extreme("min", a, b);
}
export function maximum(a: Poly, b: Poly): Poly {
  return extreme("max", a, b);
}

function extreme(kind: "min" | "max", a: Poly, b: Poly): Poly {
  const difference = constantOf(subtract(a, b));
  if (difference !== undefined) return (kind === "min") === difference <= 0 ? a : b;
  const [left, right] = a.key < b.key ? [a, b] : [b, a];
  return atom({ kind, left, right });
}

/** Replaces atoms; `replace` returns undefined to keep one. Nested atoms are rebuilt in normal form. */
export function substitute(p: Poly, replace: (a: Atom) => Poly | undefined): Poly {
  if (p.terms.length === 0) return p;
  const atomValue = (a: Atom): Poly => {
    const own = replace(a);
    if (own !== undefined) return own;
    if (a.kind === "dim" || a.kind === "loop" || a.kind === "axis") return atom(a);
    const [l, r] = [substitute(a.left, replace), substitute(a.right, replace)];
    if (a.kind === "div") return floorDiv(l, r);
    if (a.kind === "mod") return modulo(l, r);
    return extreme(a.kind, l, r);
  };
  return add(int(p.constant), ...p.terms.map((t) => scale(multiply(...t.atoms.map(atomValue)), t.coef)));
}

/** Replaces axis i by axes[i]. */
export const substituteAxes = (p: Poly, axes: readonly Poly[]): Poly =>
  substitute(p, (a) => (a.kind === "axis" ? axes[a.axis] : undefined));

/** Every atom in it, nested ones too. */
export function atomsOf(p: Poly, found: Atom[] = []): Atom[] {
  for (const t of p.terms)
    for (const a of t.atoms) {
      found.push(a);
      if (a.kind !== "dim" && a.kind !== "loop" && a.kind !== "axis") {
        atomsOf(a.left, found);
        atomsOf(a.right, found);
      }
    }
  return found;
}

export const mentions = (p: Poly, test: (a: Atom) => boolean): boolean => atomsOf(p).some(test);

/** The value, given one for every dim, loop and axis atom. */
export function evaluate(p: Poly, value: (a: Atom) => number): number {
  const of = (a: Atom): number => {
    if (a.kind === "dim" || a.kind === "loop" || a.kind === "axis") return value(a);
    const [l, r] = [evaluate(a.left, value), evaluate(a.right, value)];
    if (a.kind === "min") return Math.min(l, r);
    if (a.kind === "max") return Math.max(l, r);
    const quotient = Math.floor(l / r);
    return a.kind === "div" ? quotient : l - r * quotient;
  };
  return p.terms.reduce(
    (sum, t) => sum + t.atoms.reduce((product, a) => product * of(a), t.coef),
    p.constant,
  );
}

/** p = coefficient * a + rest when p is linear in atom `a` and `a` occurs nowhere else in it. */
export function linearIn(p: Poly, a: Atom): { coefficient: Poly; rest: Poly } | undefined {
  const key = atomKey(a);
  const withAtom: Term[] = [];
  const without: Term[] = [];
  let constant = 0;
  for (const t of p.terms) {
    const count = t.atoms.filter((x) => atomKey(x) === key).length;
    const nested = t.atoms.some((x) => atomKey(x) !== key && nestedMention(x, key));
    if (count > 1 || nested) return undefined;
    if (count === 0) without.push(t);
    else {
      const others = t.atoms.filter((x) => atomKey(x) !== key);
      if (others.length === 0) constant += t.coef;
      else withAtom.push(term(t.coef, others));
    }
  }
  return { coefficient: collect(constant, withAtom), rest: collect(p.constant, without) };
}

function nestedMention(a: Atom, key: string): boolean {
  if (a.kind === "dim" || a.kind === "loop" || a.kind === "axis") return false;
  return mentions(a.left, (x) => atomKey(x) === key) || mentions(a.right, (x) => atomKey(x) === key);
}

export const sameAtom = (a: Atom, b: Atom): boolean => atomKey(a) === atomKey(b);
