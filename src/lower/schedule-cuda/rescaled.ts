/**
 * A softmax's two folds, the greatest of a row and the sum of exponentials below it, as folds of a part: the sum is of
 * exponentials below the part's own greatest, so that the second doesn't wait for those of other parts. Where the parts
 * meet, each sum is scaled by how far its greatest is below the row's.
 */
import type { Expr, Stmt } from "../../ir/kernel.ts";
import { axis, type Poly, substitute } from "../../ir/poly.ts";
import type { Loop } from "./loops.ts";
import { type Draft, local, number, withPolys } from "./stages.ts";
import { replaced } from "./uses.ts";

export type Rescaled = {
  readonly body: readonly Stmt[];
  readonly scaled: { readonly sum: string; readonly greatest: string };
  /** What follows, without what the second loop has left in memory. */
  readonly rest: readonly Stmt[];
};

type Simple = {
  readonly lets: ReadonlyMap<string, Expr>;
  readonly fold: Stmt & { kind: "fold" };
  readonly store: (Stmt & { kind: "store" }) | undefined;
};

export function rescaledPair(
  first: Loop,
  second: Loop,
  rest: readonly Stmt[],
  names: Draft,
): Rescaled | undefined {
  const [a, b] = [simple(first), simple(second)];
  if (a === undefined || b === undefined || a.store !== undefined) return undefined;
  if (a.fold.fn !== "max" || b.fold.fn !== "sum" || b.fold.value.dtype !== "f32") return undefined;
  const greatest = a.fold.name;
  const value = inlined(b.fold.value, b.lets);
  if (value.kind !== "unary" || value.fn !== "exp") return undefined;
  const { x } = value;
  if (x.kind !== "binary" || x.fn !== "sub" || x.b.kind !== "local" || x.b.name !== greatest)
    return undefined;
  const score = inlined(a.fold.value, a.lets);
  if (score.dtype !== "f32" || !isSame(renamed(score, first.variable, second.variable), x.a))
    return undefined;
  const after = b.store === undefined ? rest : withoutStore(b.store, b.lets, second, rest);
  if (after === undefined) return undefined;
  // Below the greatest of nothing but -infinity there is nothing to add, and no NaN.
  const base = names.name(`${greatest}_or_0`);
  const none: Expr = {
    ...{ kind: "binary", fn: "eq", a: local(greatest), b: number(-Infinity), dtype: "bool" },
  } as Expr;
  const safe: Expr = { kind: "select", condition: none, a: number(0), b: local(greatest), dtype: "f32" };
  const below: Expr = { ...value, x: { ...x, b: local(base) } };
  return {
    body: [
      first,
      { kind: "let", name: base, value: safe },
      { ...second, body: [{ ...b.fold, value: below }] },
    ],
    scaled: { sum: b.fold.name, greatest },
    rest: after,
  };
}

/** A loop without others in it that names values, folds once and stores once at most. */
function simple({ body }: Loop): Simple | undefined {
  const folds = body.filter((s) => s.kind === "fold");
  const stores = body.filter((s) => s.kind === "store");
  const lets = body.filter((s) => s.kind === "let");
  if (folds.length !== 1 || stores.length > 1 || lets.length + folds.length + stores.length !== body.length)
    return undefined;
  const known = new Map<string, Expr>();
  for (const s of lets) known.set(s.name, inlined(s.value, known));
  return { lets: known, fold: folds[0], store: stores[0] };
}

const inlined = (e: Expr, lets: ReadonlyMap<string, Expr>): Expr =>
  replaced(e, (part) => (part.kind === "local" ? lets.get(part.name as string) : undefined));

const renamed = <T>(x: T, from: number, to: number): T =>
  withPolys(x, (p) => substitute(p, (a) => (a.kind === "axis" && a.axis === from ? axis(to) : undefined)));

const textOf = (e: Expr): string =>
  JSON.stringify(e, (_, x) => (typeof x === "number" && !Number.isFinite(x) ? String(x) : x));

const isSame = (a: Expr, b: Expr): boolean => textOf(a) === textOf(b);

/** The statements that follow with the stored value computed again where they would read it; undefined where that is elsewhere. */
function withoutStore(
  store: Stmt & { kind: "store" },
  lets: ReadonlyMap<string, Expr>,
  at: Loop,
  rest: readonly Stmt[],
): Stmt[] | undefined {
  const value = inlined(store.value, lets);
  let isElsewhere = false;
  const rewritten = rest.map((s) => {
    const own = s.kind === "loop" ? s.variable : at.variable;
    const place: Poly = renamed(store.at, at.variable, own);
    return replaced(s, (part) => {
      if (part.kind !== "load" || part.from !== store.to) return undefined;
      if ((part.at as Poly).key !== place.key || part.dtype !== value.dtype) isElsewhere = true;
      return renamed(value, at.variable, own);
    });
  });
  const storesAgain = rest.some(
    (s) =>
      s.kind === "loop" &&
      s.body.some(
        (x) =>
          x.kind === "store" &&
          x.to === store.to &&
          x.at.key === renamed(store.at, at.variable, s.variable).key,
      ),
  );
  return isElsewhere || !storesAgain ? undefined : rewritten;
}
