/** What the loops of a kernel may be shared out by: which are independent, which nest perfectly, which fold. */
import type { Expr, Stmt } from "../../ir/kernel.ts";
import { mentions, type Poly } from "../../ir/poly.ts";

export type Loop = Stmt & { readonly kind: "loop" };

/** Names values, changes nothing. */
export const isPure = (s: Stmt): boolean => s.kind === "let" || s.kind === "index" || s.kind === "row";

/** Every statement of a body and of those in it. */
export function* statementsIn(body: readonly Stmt[]): Generator<Stmt> {
  for (const s of body) {
    yield s;
    if (s.kind === "loop" || s.kind === "if") yield* statementsIn(s.body);
    if (s.kind === "contraction") yield* statementsIn([...s.a.perItem, ...s.b.perItem, ...s.epilogue]);
    if (s.kind === "merged") yield* statementsIn(s.parts);
    if (s.kind === "topk") yield* statementsIn(s.lets);
  }
}

/** Accumulators that the statements change and don't declare. */
export function foldedIn(body: readonly Stmt[]): Set<string> {
  const own = new Set<string>();
  const changed = new Set<string>();
  for (const s of statementsIn(body)) {
    if (s.kind === "accumulator") own.add(s.name);
    if (s.kind === "fold") changed.add(s.name);
    if (s.kind === "pick") for (const name of [s.best, s.at]) changed.add(name);
  }
  return new Set([...changed].filter((name) => !own.has(name)));
}

/** A loop whose iterations may run in any order. */
export const isIndependent = (s: Loop): boolean => foldedIn(s.body).size === 0;

/** A loop that reads what it folds on the way, as a running sum does: its order is its meaning. */
export function isSequential(s: Loop): boolean {
  const folded = foldedIn(s.body);
  return folded.size > 0 && [...expressionsIn(s.body)].some((e) => e.kind === "local" && folded.has(e.name));
}

function* expressionsIn(body: readonly Stmt[]): Generator<Expr> {
  for (const s of statementsIn(body)) {
    if (
      s.kind === "let" ||
      s.kind === "index" ||
      s.kind === "fold" ||
      s.kind === "pick" ||
      s.kind === "store"
    )
      yield* partsOf(s.value);
    if (s.kind === "if") yield* partsOf(s.condition);
  }
}

function* partsOf(e: Expr): Generator<Expr> {
  yield e;
  switch (e.kind) {
    case "unary":
    case "cast":
    case "bitcast":
    case "checked":
      yield* partsOf(e.x);
      break;
    case "select":
      yield* partsOf(e.condition);
      yield* partsOf(e.a);
      yield* partsOf(e.b);
      break;
    case "binary":
      yield* partsOf(e.a);
      yield* partsOf(e.b);
      break;
    default:
      break;
  }
}

/** The loop and those that nest perfectly in it and may be walked as one with it, outermost first. */
export function chainOf(s: Loop, fits: (inner: Loop) => boolean): Loop[] {
  const chain = [s];
  for (;;) {
    const { body } = chain.at(-1)!;
    const inner = body.at(-1);
    const bound = new Set(chain.map((l) => l.variable));
    if (inner?.kind !== "loop" || !body.slice(0, -1).every(isPure) || !fits(inner)) return chain;
    if (mentionsVariables(inner.size, bound)) return chain;
    chain.push(inner);
  }
}

const mentionsVariables = (p: Poly, variables: ReadonlySet<number>): boolean =>
  mentions(p, (a) => a.kind === "axis" && variables.has(a.axis));

/** The loops of a chain run as `how`, `body` in the innermost. */
export function rebuilt(chain: readonly Loop[], how: Loop["how"], body: readonly Stmt[]): Loop {
  const [first, ...rest] = chain;
  if (rest.length === 0) return { ...first, how, body };
  return { ...first, how, body: [...first.body.slice(0, -1), rebuilt(rest, how, body)] };
}

/** Loops within run one after the other, in one thread. */
export const serial = (body: readonly Stmt[]): Stmt[] =>
  body.map((s) => {
    if (s.kind === "loop") return { ...s, how: "serial", body: serial(s.body) };
    return s.kind === "if" ? { ...s, body: serial(s.body) } : s;
  });
