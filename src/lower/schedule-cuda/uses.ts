/** What statements mention: named values, tensors and pointers into them, variables. */
import type { Stmt } from "../../ir/kernel.ts";
import { atomsOf, type Poly } from "../../ir/poly.ts";

export type Uses = {
  readonly locals: Set<string>;
  readonly tensors: Set<string>;
  readonly variables: Set<number>;
};

const isPoly = (x: object): x is Poly => "terms" in x && "key" in x;

export function usesIn(
  x: unknown,
  found: Uses = { locals: new Set(), tensors: new Set(), variables: new Set() },
): Uses {
  if (typeof x !== "object" || x === null) return found;
  if (isPoly(x)) {
    for (const a of atomsOf(x)) if (a.kind === "axis") found.variables.add(a.axis);
    return found;
  }
  const of = x as Record<string, unknown>;
  if (of.kind === "local") found.locals.add(of.name as string);
  for (const key of ["from", "to"]) if (typeof of[key] === "string") found.tensors.add(of[key]);
  for (const y of Object.values(x)) usesIn(y, found);
  return found;
}

/** Of `pure` statements those that the body needs, in their order, and what all of it mentions. */
export function neededBy(body: readonly Stmt[], pure: readonly Stmt[]): { pure: Stmt[]; uses: Uses } {
  const uses = usesIn(body);
  const taken: Stmt[] = [];
  for (const s of pure.toReversed()) {
    const isNeeded =
      (s.kind === "let" && uses.locals.has(s.name)) ||
      (s.kind === "row" && uses.tensors.has(s.name)) ||
      (s.kind === "index" && uses.variables.has(s.variable));
    if (!isNeeded) continue;
    taken.unshift(s);
    usesIn(s, uses);
  }
  return { pure: taken, uses };
}

/** The same with every part that `map` knows another form for. */
export function replaced<T>(x: T, map: (part: Record<string, unknown>) => unknown): T {
  const visit = (y: unknown): unknown => {
    if (typeof y !== "object" || y === null) return y;
    if (Array.isArray(y)) return y.map(visit);
    if (isPoly(y)) return y;
    const other = map(y as Record<string, unknown>);
    return other ?? Object.fromEntries(Object.entries(y).map(([key, z]) => [key, visit(z)]));
  };
  return visit(x) as T;
}
