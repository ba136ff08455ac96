/** Polynomials as functions of coordinates, with the dims and loop variables of a call filled in. */
import { type Atom, constantOf, evaluate, int, type Poly, substitute } from "../../ir/poly.ts";

/** Values of dims and of the variables of the loops that are running. */
export type Sizes = ReadonlyMap<string, number>;

/**
 * Along a run of elements that differ in the last coordinate only, `start(at) + k * step`; step is undefined where
 * the last coordinate is not used linearly, and then `start` must be asked for each element.
 */
export type IndexFunction = {
  readonly start: (at: readonly number[]) => number;
  readonly step: number | undefined;
};

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
  const known = constantOf(bound);
  if (known !== undefined) return { start: () => known, step: 0 };
  const coefficients = new Array<number>(rank).fill(0);
  let linear = true;
  for (const t of bound.terms) {
    const [a] = t.atoms;
    if (t.atoms.length === 1 && a.kind === "axis") coefficients[a.axis] += t.coef;
    else linear = false;
  }
  if (!linear) return general(bound, rank);
  const { constant } = bound;
  const start = (at: readonly number[]): number => {
    let sum = constant;
    for (let i = 0; i < rank; i++) sum += coefficients[i] * at[i];
    return sum;
  };
  return { start, step: rank === 0 ? 0 : coefficients[rank - 1] };
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
    else if (t.atoms.some((a) => dependsOn(a, isLast))) return { start, step: undefined };
  }
  return { start, step };
}

function dependsOn(a: Atom, test: (a: Atom) => boolean): boolean {
  if (a.kind === "dim" || a.kind === "loop" || a.kind === "axis") return test(a);
  return [a.left, a.right].some((p) => p.terms.some((t) => t.atoms.some((x) => dependsOn(x, test))));
}
