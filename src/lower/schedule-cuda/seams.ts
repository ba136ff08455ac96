/**
 * Loops in pieces, as the seams of a concatenation leave them inside the loops over its rows. A thread of a GPU that
 * walked a whole row would touch other lines of memory than its neighbours, so the pieces change places with the rows:
 * each becomes a nest of its own, and those of one size one nest together, so that a thread has one place in each.
 */
import type { Stmt } from "../../ir/kernel.ts";
import { axis, type Poly, substitute } from "../../ir/poly.ts";
import { chainOf, isIndependent, isPure, type Loop, statementsIn } from "./loops.ts";
import { withPolys } from "./stages.ts";
import { neededBy, usesIn } from "./uses.ts";

/** The statements of a kernel with its pieces outermost, where their order doesn't matter. */
export const piecesApart = (body: readonly Stmt[]): Stmt[] =>
  inPieces(body) ? together(body) : body.flatMap((s) => (s.kind === "loop" ? apart(s) : [s]));

/** A nest whose innermost body is in pieces as a nest for each of them. */
function apart(s: Loop): Stmt[] {
  const chain = chainOf(s, isIndependent);
  const { body } = chain.at(-1)!;
  if (!inPieces(body)) return [s];
  const around = [...chain.slice(0, -1).flatMap((l) => l.body.slice(0, -1)), ...body.filter(isPure)];
  return together(body)
    .filter((x) => x.kind === "loop")
    .map((piece) => {
      const { pure } = neededBy([piece], around);
      const [nest] = chain.reduceRight<readonly Stmt[]>(
        (inner, l) => [{ ...l, body: inner }],
        [...pure, piece],
      );
      return nest;
    });
}

/** Several loops that only store, none of which reads what another writes. */
function inPieces(body: readonly Stmt[]): boolean {
  const loops = body.filter((s): s is Loop => s.kind === "loop");
  if (loops.length < 2 || !body.every((s) => isPure(s) || s.kind === "loop")) return false;
  const inside = [...statementsIn(loops)];
  if (!inside.every((s) => isPure(s) || s.kind === "loop" || s.kind === "store" || s.kind === "if"))
    return false;
  const roots = new Map(
    [...body, ...inside].flatMap((s) => (s.kind === "row" ? [[s.name, s.from] as const] : [])),
  );
  const rootOf = (name: string): string => roots.get(name) ?? name;
  const written = new Set(inside.flatMap((s) => (s.kind === "store" ? [rootOf(s.to)] : [])));
  return ![...body, ...inside].some((s) => readsIn(s).some((name) => written.has(rootOf(name))));
}

/** What a statement reads by itself; a pointer into a tensor reads nothing. */
function readsIn(s: Stmt): string[] {
  if (s.kind === "let" || s.kind === "index" || s.kind === "store") return [...usesIn(s.value).tensors];
  return s.kind === "if" ? [...usesIn(s.condition).tensors] : [];
}

/** Pieces with as many iterations as one before them join it. */
function together(body: readonly Stmt[]): Stmt[] {
  const out: Stmt[] = [];
  for (const s of body) {
    const at = s.kind === "loop" ? out.findIndex((x) => x.kind === "loop" && sizesOf(x) === sizesOf(s)) : -1;
    if (s.kind === "loop" && at >= 0) out[at] = joined(out[at] as Loop, s);
    else out.push(s);
  }
  return out;
}

const sizesOf = (s: Loop): string =>
  chainOf(s, isIndependent)
    .map((l) => l.size.key)
    .join();

/** One loop nest that does what both do, with the variables of the first. */
function joined(a: Loop, b: Loop): Loop {
  const [first, second] = [chainOf(a, isIndependent), chainOf(b, isIndependent)];
  const renamed = new Map(second.map((l, i) => [l.variable, axis(first[i].variable)]));
  const inFirst = (p: Poly): Poly =>
    substitute(p, (x) => (x.kind === "axis" ? renamed.get(x.axis) : undefined));
  const pure = second.slice(0, -1).map((l) => withPolys(l.body.slice(0, -1), inFirst));
  const last = withPolys(second.at(-1)!.body, inFirst);
  return first.reduceRight<Loop | undefined>((inner, l, i) => {
    if (inner === undefined) return { ...l, body: [...l.body, ...last] };
    return { ...l, body: [...l.body.slice(0, -1), ...pure[i], inner] };
  }, undefined)!;
}
