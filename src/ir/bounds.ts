/**
 * Bounds: what is known of every atom, and proofs with it. A variable is replaced by the end of its range
 * that makes the polynomial smallest, innermost variables first (axes, loops, then dims from the last
 * declared to the first), so that `pos <= max_len - s` cancels against `+ s`.
 */
import {
  type Atom,
  add,
  atom,
  atomsOf,
  constantOf,
  evaluate,
  floorDiv,
  int,
  linearIn,
  mentions,
  modulo,
  multiply,
  negate,
  one,
  type Poly,
  sameAtom,
  scale,
  splitMultiples,
  subtract,
} from "./poly.ts";

/** Inclusive ends. */
export type Range = { readonly low: Poly; readonly high: Poly };

export type Bounds = {
  /** In declaration order: a range may speak of earlier ones only. */
  readonly dims: ReadonlyMap<string, Range>;
  readonly loops: ReadonlyMap<string, Range>;
  /** Sizes of the axes of the domain at hand. */
  readonly axes: readonly Poly[];
};

export const noBounds: Bounds = { dims: new Map(), loops: new Map(), axes: [] };

export const withAxes = (b: Bounds, axes: readonly Poly[]): Bounds => ({ ...b, axes });

/** Later atoms are eliminated first. */
function rank(a: Atom, b: Bounds): number {
  if (a.kind === "axis") return 3_000_000 + a.axis;
  if (a.kind === "loop") return 2_000_000 + [...b.loops.keys()].indexOf(a.name);
  if (a.kind === "dim") return 1_000_000 + [...b.dims.keys()].indexOf(a.name);
  // A quotient of dims is a size, which those of axes cancel against.
  const isInner = (x: Atom) => x.kind === "axis" || x.kind === "loop";
  return (mentions(atom(a), isInner) ? 4_000_000 : 1_500_000) + a.left.key.length;
}

function rangeOf(a: Atom, b: Bounds, depth: number): Range | undefined {
  switch (a.kind) {
    case "dim":
      return b.dims.get(a.name);
    case "loop":
      return b.loops.get(a.name);
    case "axis":
      return b.axes[a.axis] && { low: int(0), high: subtract(b.axes[a.axis], int(1)) };
    case "div": {
      const divisor = constantOf(a.right);
      if (divisor === undefined) return rangeOfQuotient(a, b, depth);
      if (divisor <= 0) return undefined;
      const [low, high] = [lowestEnd(a.left, b, depth), lowestEnd(negate(a.left), b, depth)];
      if (low === undefined || high === undefined) return undefined;
      const ends = { low: floorDiv(low, a.right), high: floorDiv(negate(high), a.right) };
      return ends.low.key === atom(a).key ? numericEnds(a.left, divisor, b, depth + 1) : ends;
    }
    case "mod":
      return isPositive(a.right, b, depth) ? { low: int(0), high: subtract(a.right, int(1)) } : undefined;
    case "min":
    case "max":
      return rangeOfExtreme(a, b, depth);
  }
}

/** Of a quotient of dims, `floor((w + 1) / 2)`: it has no ends in other terms. */
function numericEnds(left: Poly, divisor: number, b: Bounds, depth: number): Range | undefined {
  const [low, high] = [lowest(left, b, depth), highest(left, b, depth)];
  if (low === undefined || high === undefined) return undefined;
  return { low: int(Math.floor(low / divisor)), high: int(Math.floor(high / divisor)) };
}

/** Of a division by a size: multiples of the size leave it at each end, and what is left over is 0 or -1. */
function rangeOfQuotient(a: Atom & { kind: "div" | "mod" }, b: Bounds, depth: number): Range | undefined {
  if (!isPositive(a.right, b, depth + 1)) return undefined;
  const [below, above] = [lowestEnd(a.left, b, depth + 1), lowestEnd(negate(a.left), b, depth + 1)];
  if (below === undefined || above === undefined) return undefined;
  const [least, most] = [splitSum(below, a.right), splitSum(negate(above), a.right)];
  if (!isNonNegative(least.rest, b, depth + 1) || !isPositive(subtract(a.right, most.rest), b, depth + 1))
    return undefined;
  const negative = isPositive(negate(most.rest), b, depth + 1);
  return { low: least.whole, high: negative ? subtract(most.whole, one) : most.whole };
}

/** p = by * whole + rest, for a size such as s + 1 too: as often as its one term goes into those of p. */
function splitSum(p: Poly, by: Poly): { whole: Poly; rest: Poly } {
  if (by.terms.length !== 1 || by.constant === 0) return splitMultiples(p, by);
  const { whole } = splitMultiples(p, subtract(by, int(by.constant)));
  return { whole, rest: subtract(p, multiply(whole, by)) };
}

function rangeOfExtreme(a: Atom & { kind: "min" | "max" }, b: Bounds, depth: number): Range | undefined {
  const pick = a.kind === "min" ? Math.min : Math.max;
  const lows = [lowest(a.left, b, depth), lowest(a.right, b, depth)];
  const highs = [highest(a.left, b, depth), highest(a.right, b, depth)];
  if (lows[0] === undefined || lows[1] === undefined || highs[0] === undefined || highs[1] === undefined)
    return undefined;
  return { low: int(pick(lows[0], lows[1])), high: int(pick(highs[0], highs[1])) };
}

/**
 * A polynomial of dims only that p is never below: axes and loop variables at the ends of their ranges, so that
 * `floor(a0 / 4)` with a0 < 4 * s is found to be below s.
 */
function lowestEnd(p: Poly, b: Bounds, depth: number): Poly | undefined {
  if (depth > deepest) return undefined;
  const isInner = (a: Atom) => a.kind === "axis" || a.kind === "loop";
  const inner = p.terms.flatMap((t) => t.atoms).filter((a) => isInner(a) || mentions(atom(a), isInner));
  inner.sort((x, y) => rank(y, b) - rank(x, b));
  for (const a of inner) {
    const linear = linearIn(p, a);
    const range = rangeOf(a, b, depth + 1);
    const sign = linear && signOf(linear.coefficient, b, depth + 1);
    if (linear === undefined || range === undefined || sign === undefined) continue;
    const end = sign >= 0 ? range.low : range.high;
    return lowestEnd(add(multiply(linear.coefficient, end), linear.rest), b, depth + 1);
  }
  if (!mentions(p, isInner)) return p;
  const number = lowest(p, b, depth + 1);
  return number === undefined ? undefined : int(number);
}

const deepest = 24;

/** A number that p is never below; undefined where none is known. */
export function lowest(p: Poly, b: Bounds, depth = 0): number | undefined {
  const known = constantOf(p);
  if (known !== undefined) return known;
  if (depth > deepest) return undefined;
  const candidates = [...new Map(p.terms.flatMap((t) => t.atoms).map((a) => [rankKey(a, b), a])).values()];
  candidates.sort((x, y) => rank(y, b) - rank(x, b));
  for (const a of candidates) {
    const linear = linearIn(p, a);
    const range = rangeOf(a, b, depth + 1);
    if (linear === undefined || range === undefined) continue;
    const { coefficient, rest } = linear;
    const quotient = lowestOfQuotient(a, coefficient, rest, b, depth);
    const sign = signOf(coefficient, b, depth + 1);
    if (sign === undefined) continue;
    const end = lowest(add(multiply(coefficient, sign >= 0 ? range.low : range.high), rest), b, depth + 1);
    return quotient === undefined || (end !== undefined && end > quotient) ? end : quotient;
  }
  return lowestByTerms(p, b, depth);
}

/** x - c < c * floor(x / c) <= x: lets `s - 2 * floor(s / 2)` cancel. */
function lowestOfQuotient(
  a: Atom,
  coefficient: Poly,
  rest: Poly,
  b: Bounds,
  depth: number,
): number | undefined {
  if (a.kind !== "div" || !isPositive(a.right, b, depth + 1)) return undefined;
  const split = splitMultiples(coefficient, a.right);
  const factor = split.rest.key === "0" ? constantOf(split.whole) : undefined;
  if (factor === undefined) return undefined;
  const end = factor < 0 ? a.left : subtract(add(a.left, one), a.right);
  return lowest(add(scale(end, factor), rest), b, depth + 1);
}

/** Interval arithmetic term by term, for what is not linear (s * s); looser, since nothing cancels. */
function lowestByTerms(p: Poly, b: Bounds, depth: number): number | undefined {
  let sum = p.constant;
  for (const t of p.terms) {
    let [low, high] = [t.coef, t.coef];
    for (const a of t.atoms) {
      const range = rangeOf(a, b, depth + 1);
      if (range === undefined) return undefined;
      const [l, h] = [lowest(range.low, b, depth + 1), highest(range.high, b, depth + 1)];
      if (l === undefined || h === undefined) return undefined;
      const ends = [low * l, low * h, high * l, high * h];
      [low, high] = [Math.min(...ends), Math.max(...ends)];
    }
    sum += low;
  }
  return sum;
}

function rankKey(a: Atom, b: Bounds): string {
  return `${rank(a, b)}:${a.kind === "axis" ? a.axis : a.kind === "dim" || a.kind === "loop" ? a.name : `${a.kind}${a.left.key}|${a.right.key}`}`;
}

function signOf(p: Poly, b: Bounds, depth: number): number | undefined {
  const low = lowest(p, b, depth);
  if (low !== undefined && low >= 0) return 1;
  const high = highest(p, b, depth);
  return high !== undefined && high <= 0 ? -1 : undefined;
}

/** A number that p is never above. */
export function highest(p: Poly, b: Bounds, depth = 0): number | undefined {
  const low = lowest(negate(p), b, depth);
  return low === undefined ? undefined : -low;
}

export const isNonNegative = (p: Poly, b: Bounds, depth = 0): boolean => (lowest(p, b, depth) ?? -1) >= 0;
export const isPositive = (p: Poly, b: Bounds, depth = 0): boolean => (lowest(p, b, depth) ?? 0) >= 1;

/** a <= b for all values of the atoms. */
export const atMost = (a: Poly, limit: Poly, b: Bounds): boolean => isNonNegative(subtract(limit, a), b);

/** 0 <= index < size for all values of the atoms; nothing is claimed of a domain without elements. */
export function within(index: Poly, size: Poly, b: Bounds): boolean {
  const some = inhabited(b);
  return isNonNegative(index, some) && isPositive(subtract(size, index), some);
}

/** floor(p / by) and what is left over, without a division where the bounds tell how much that is. */
export function divided(p: Poly, by: Poly, b: Bounds): { quotient: Poly; remainder: Poly } {
  const { whole, rest } = splitMultiples(p, by);
  if (within(rest, by, b)) return { quotient: whole, remainder: rest };
  return { quotient: floorDiv(p, by), remainder: modulo(p, by) };
}

/** What more is known where every axis has an element: a dim that sizes one is not 0. */
function inhabited(b: Bounds): Bounds {
  const dims = new Map(b.dims);
  for (const size of b.axes) {
    const [only] = size.terms;
    if (size.terms.length !== 1 || only.coef !== 1 || only.atoms.length !== 1) continue;
    const [a] = only.atoms;
    const range = a.kind === "dim" ? dims.get(a.name) : undefined;
    const low = range && constantOf(range.low);
    if (a.kind !== "dim" || range === undefined || low === undefined || low >= 1 - size.constant) continue;
    dims.set(a.name, { low: int(1 - size.constant), high: range.high });
  }
  return { ...b, dims };
}

/** No value of the atoms is inside: the index is always below 0 or always at or past size. */
export const alwaysOutside = (index: Poly, size: Poly, b: Bounds): boolean =>
  isPositive(negate(index), b) || isNonNegative(subtract(index, size), b);

/** Every dim at its upper end, the value that sizes the memory plan; undefined where p is not bounded. */
export function upperBound(p: Poly, b: Bounds): number | undefined {
  const known = constantOf(p);
  if (known !== undefined) return known;
  let found = upperBounds.get(b);
  if (found === undefined) {
    found = new Map();
    upperBounds.set(b, found);
  }
  if (!found.has(p.key)) found.set(p.key, highest(p, b));
  return found.get(p.key);
}

/** Asked for again and again with the same bounds. */
const upperBounds = new WeakMap<Bounds, Map<string, number | undefined>>();

/** p with the dims and loops that `values` names replaced by numbers. */
export function valueAt(p: Poly, values: ReadonlyMap<string, number>): number {
  return evaluate(p, (a) => {
    if (a.kind === "axis") throw new Error(`axis a${a.axis} has no value in ${p.key}`);
    const value = "name" in a ? values.get(a.name) : undefined;
    if (value === undefined) throw new Error(`no value for an atom of ${p.key}`);
    return value;
  });
}

export const mentionsAtom = (p: Poly, a: Atom): boolean => atomsOf(p).some((x) => sameAtom(x, a));
