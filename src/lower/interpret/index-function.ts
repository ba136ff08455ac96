/** Polynomials as functions of coordinates, with the dims and loop variables of a call filled in. */
import { type Atom, evaluate, int, type Poly, substitute } from "../../ir/poly.ts";

/** Values of dims and of the variables of the loops that are running. */
export type Sizes = ReadonlyMap<string, number>;

/**
 * Along a run of elements that differ in the last coordinate only, `start(at) + k * step`; step is undefined where
 * the last coordinate is not used linearly, and then `start` must be asked for each element.
 */
export type IndexFunction = {
  readonly start: (at: readonly number[]) => number;
  readonly step: number | undefined;
  /** The same, where it is linear in all coordinates. */
  readonly linear: LinearFunction | undefined;
};

/** constant + the sum of coefficients[i] * at[i] */
export type LinearFunction = { readonly constant: number; readonly coefficients: readonly number[] };

export function linearAt({ constant, coefficients }: LinearFunction, at: readonly number[]): number {
  let sum = constant;
  for (let i = 0; i < coefficients.length; i++) sum += coefficients[i] * at[i];
  return sum;
}

/** The least and the greatest value over a domain, which has elements. */
export function linearRange(f: LinearFunction, domain: readonly number[]): { low: number; high: number } {
  let [low, high] = [f.constant, f.constant];
  f.coefficients.forEach((c, i) => {
    const far = c * (domain[i] - 1);
    low += Math.min(0, far);
    high += Math.max(0, far);
  });
  return { low, high };
}

export function sizeIn(p: Poly, sizes: Sizes): number {
  return evaluate(p, (a) => {
    const value = a.kind === "dim" || a.kind === "loop" ? sizes.get(a.name) : undefined;
    if (value === undefined) throw new Error(`no value for an atom of ${p.key}`);
    return value;
  });
}

export function indexFunction(p: Poly, rank: number, sizes: Sizes): IndexFunction {
  const bound = substitute(p, (a) => {
    const value = a.kind === "dim" || a.kind === "loop" ? sizes.get(a.name) : undefined;
    return value === undefined ? undefined : int(value);
  });
  const coefficients = new Array<number>(rank).fill(0);
  for (const t of bound.terms) {
    const [a] = t.atoms;
    if (t.atoms.length !== 1 || a.kind !== "axis") return general(bound, rank);
    coefficients[a.axis] += t.coef;
  }
  const linear: LinearFunction = { constant: bound.constant, coefficients };
  return { start: (at) => linearAt(linear, at), step: rank === 0 ? 0 : coefficients[rank - 1], linear };
}

/** With quotients and remainders in it: linear along the last axis only if none of those depends on it. */
function general(p: Poly, rank: number): IndexFunction {
  const start = (at: readonly number[]): number =>
    evaluate(p, (a) => {
      if (a.kind !== "axis") throw new Error(`no value for an atom of ${p.key}`);
      return at[a.axis];
    });
  const isLast = (a: Atom) => a.kind === "axis" && a.axis === rank - 1;
  let step: number | undefined = 0;
  for (const t of p.terms) {
    if (t.atoms.length === 1 && isLast(t.atoms[0])) step += t.coef;
    else if (t.atoms.some((a) => dependsOn(a, isLast))) return { start, step: undefined, linear: undefined };
  }
  return { start, step, linear: undefined };
}

function dependsOn(a: Atom, test: (a: Atom) => boolean): boolean {
  if (a.kind === "dim" || a.kind === "loop" || a.kind === "axis") return test(a);
  return [a.left, a.right].some((p) => p.terms.some((t) => t.atoms.some((x) => dependsOn(x, test))));
}
