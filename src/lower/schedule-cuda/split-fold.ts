/**
 * A fold of very many terms into one value: one block would have the device to itself. Every block folds a piece of
 * them, and a second kernel folds what the blocks have come to, in their order.
 */
import type { Kernel, Stmt } from "../../ir/kernel.ts";
import {
  add,
  axis,
  floorDiv,
  int,
  minimum,
  modulo,
  multiply,
  one,
  type Poly,
  substitute,
  subtract,
} from "../../ir/poly.ts";
import { cuda } from "../../targets/cuda.ts";
import { chainOf, foldedIn, isPure, isSequential, type Loop } from "./loops.ts";
import { largest } from "./map.ts";
import { Draft, local, type Stage, withPolys } from "./stages.ts";

type Fold = Stmt & { readonly kind: "fold" };
type Accumulator = Stmt & { readonly kind: "accumulator" };

/** What is folded by one loop over everything, and what follows from it. */
type Whole = {
  readonly before: readonly Stmt[];
  readonly accumulators: readonly Accumulator[];
  readonly folds: readonly Fold[];
  readonly loop: Loop;
  readonly after: readonly Stmt[];
};

/** Undefined where the kernel is none, or folds otherwise than in f32, or little. */
export function wholeFoldIn({ body, bounds }: Kernel): Whole | undefined {
  const at = body.findIndex((s) => s.kind === "loop");
  const loop = body[at];
  if (loop?.kind !== "loop" || isSequential(loop)) return undefined;
  const accumulators = body.filter((s) => s.kind === "accumulator");
  const before = body.slice(0, at).filter((s) => s.kind !== "accumulator");
  const after = body.slice(at + 1);
  const chain = chainOf(loop, () => true);
  const folds = chain.at(-1)!.body.filter((s): s is Fold => s.kind === "fold");
  const simple =
    accumulators.length > 0 &&
    before.every(isPure) &&
    after.every((s) => s.kind === "store" || isPure(s)) &&
    chain.at(-1)!.body.every((s) => s.kind === "fold" || isPure(s)) &&
    accumulators.every((a) => a.dtype === "f32" && folds.filter((f) => f.name === a.name).length === 1) &&
    [...foldedIn([loop])].every((name) => accumulators.some((a) => a.name === name));
  const terms = largest(multiply(one, ...chain.map((l) => l.size)), bounds);
  return simple && terms >= cuda.manyTerms ? { before, accumulators, folds, loop, after } : undefined;
}

export function splitFold(kernel: Kernel, whole: Whole): Stage[] {
  const { before, accumulators, folds, loop, after } = whole;
  const d = new Draft(kernel);
  const chain = chainOf(loop, () => true);
  const terms = multiply(one, ...chain.map((l) => l.size));
  const most = largest(terms, kernel.bounds);
  // Of whole vectors, so that every piece starts where the reads of the others do.
  const piece = Math.ceil(Math.max(cuda.leastPiece, most / cuda.mostPieces) / 1024) * 1024;
  const parts = int(Math.ceil(most / piece));
  const part = d.variable("part", parts);
  const start = multiply(axis(part), int(piece));
  const size = minimum(int(piece), subtract(terms, start));
  const place = d.variable("place", size);
  const rooms = accumulators.map(() => d.room(d.name("pieces"), [part], 1));
  const shape = `[${parts.constant}]`;
  const inner: Loop = {
    ...loop,
    variable: place,
    size,
    how: "lanes",
    body: termOf(chain, add(start, axis(place))),
  };
  const first = d.stage(
    {
      name: `${kernel.name}_parts`,
      notes: [...kernel.notes, `In pieces of ${piece}, a block each.`],
      family: "reduction",
    },
    [
      ...before,
      {
        ...{ kind: "loop", variable: part, size: parts, how: "rows", work: one },
        body: [
          ...accumulators,
          inner,
          ...accumulators.map(
            (a, i): Stmt => ({ kind: "store", to: rooms[i].room, at: axis(part), value: local(a.name) }),
          ),
        ],
      },
    ],
    rooms.map((room) => ({ room, mutable: true, shape })),
  );
  const gathered = accumulators.map(
    (a, i): Stmt => ({
      ...folds.find((f) => f.name === a.name)!,
      value: { kind: "load", from: rooms[i].room, at: axis(part), dtype: "f32" },
    }),
  );
  const second = d.stage(
    { name: kernel.name, notes: ["Folds the pieces in their order."], family: "reduction" },
    [
      ...before,
      ...accumulators,
      { kind: "loop", variable: part, size: parts, how: "serial", work: one, body: gathered },
      ...after,
    ],
    rooms.map((room) => ({ room, mutable: false, shape })),
  );
  return [first, second];
}

/** The body of nested loops for the term with this number. */
function termOf(chain: readonly Loop[], at: Poly): Stmt[] {
  const body = chain.flatMap((l, i) => (i === chain.length - 1 ? l.body : l.body.slice(0, -1)));
  if (chain.length === 1) {
    const [{ variable }] = chain;
    return withPolys(body, (p) =>
      substitute(p, (a) => (a.kind === "axis" && a.axis === variable ? at : undefined)),
    );
  }
  const names = chain.map((l, i): Stmt => {
    const within = multiply(one, ...chain.slice(i + 1).map((x) => x.size));
    const quotient = floorDiv(at, within);
    const value = i === 0 ? quotient : modulo(quotient, l.size);
    return { kind: "index", variable: l.variable, value: { kind: "index", value, dtype: "i64" } };
  });
  return [...names, ...body];
}
