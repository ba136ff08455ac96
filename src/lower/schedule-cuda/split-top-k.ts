/**
 * The greatest of few long rows: each part of a row finds its own, a block's work, and the next kernel finds the row's
 * among those. A part's come in their order and the parts one after the other, so that among equals the lower position
 * stays first.
 */
import { byteSize } from "../../ir/dtype.ts";
import type { Expr, Kernel, Stmt } from "../../ir/kernel.ts";
import {
  add,
  axis,
  constantOf,
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
import type { CudaArch } from "../../targets/cuda.ts";
import { selectionParts } from "../../targets/selection-cost.ts";
import { isIndependent, isPure, type Loop, rebuilt } from "./loops.ts";
import { largest } from "./map.ts";
import { Draft, partsIn, type Room, type Stage, withPolys } from "./stages.ts";

type TopK = Stmt & { readonly kind: "topk" };

export type LongSelection = {
  /** The loops over the rows, and what is named around the selection. */
  readonly rows: readonly Loop[];
  readonly pure: readonly Stmt[];
  readonly topk: TopK;
  readonly count: number;
  /** Elements of a part. */
  readonly piece: number;
};

/** The selection of a kernel that is quicker in parts by the cost model. */
export function longSelectionIn(kernel: Kernel, arch: CudaArch): LongSelection | undefined {
  const found = selectionIn(kernel);
  const count = found === undefined ? undefined : constantOf(found.topk.count);
  if (found === undefined || count === undefined) return undefined;
  const { rows, topk } = found;
  const terms = largest(topk.size, kernel.bounds);
  const items = largest(multiply(one, ...rows.map((l) => l.size)), kernel.bounds);
  const parts = selectionParts({ rows: items, terms, count, bytes: bytesOf([topk.lets, topk.value]) }, arch);
  // Of whole vectors, so that every part starts where the reads of the others do.
  const piece = Math.ceil(terms / parts / 1024) * 1024;
  return parts === 1 ? undefined : { ...found, count, piece };
}

/** The selection that a kernel consists of, in its rows. */
export function selectionIn({ body }: Kernel): Pick<LongSelection, "rows" | "pure" | "topk"> | undefined {
  const rows: Loop[] = [];
  const pure: Stmt[] = [];
  for (let inner = body; ; ) {
    const last = inner.at(-1);
    if (last === undefined || !inner.slice(0, -1).every(isPure)) return undefined;
    pure.push(...inner.slice(0, -1));
    if (last.kind === "topk") return { rows, pure, topk: last };
    if (last.kind !== "loop" || !isIndependent(last)) return undefined;
    rows.push(last);
    inner = last.body;
  }
}

const bytesOf = (x: unknown): number =>
  [...partsIn(x)].reduce(
    (sum, part) => sum + (part.kind === "load" ? byteSize((part as Expr & { kind: "load" }).dtype) : 0),
    0,
  );

export function splitSelection(kernel: Kernel, { rows, pure, topk, count, piece }: LongSelection): Stage[] {
  const d = new Draft(kernel);
  const parts = int(Math.ceil(largest(topk.size, kernel.bounds) / piece));
  const part = d.variable("part", parts);
  const start = multiply(axis(part), int(piece));
  const left = subtract(topk.size, start);
  const place = d.variable("place", minimum(int(piece), left));
  const outer = rows.map((l) => l.variable);
  const places: Room = d.room(d.name("places"), [...outer, part], count, "i32");
  const listOf = (...inner: Poly[]): Poly =>
    add(multiply(d.place(outer), parts, int(count)), ...inner.map((p) => multiply(p, int(count))));

  const shape = `[${rows.length === 0 ? "" : "rows, "}${parts.constant} parts, ${count}]`;
  const whole = (inner: readonly Stmt[]): Stmt[] =>
    rows.length === 0 ? [...pure, ...inner] : [rebuilt(bare(rows), "rows", [...pure, ...inner])];

  const position: Expr = { kind: "index", value: add(start, axis(place)), dtype: "i32" };
  const inPart = withPolys({ lets: topk.lets, value: topk.value }, (p) =>
    substitute(p, (a) =>
      a.kind === "axis" && a.axis === topk.position ? add(start, axis(place)) : undefined,
    ),
  );
  const { size } = d.variables[place];
  const ofPart: TopK = {
    ...{ ...topk, ...inPart, to: places.room, at: listOf(axis(part)) },
    ...{ count: minimum(int(count), left), position: place, size, answer: position },
  };
  const first = d.stage(
    {
      name: `${kernel.name}_parts`,
      notes: [...kernel.notes, `In parts of ${piece} elements, a block each.`],
      family: kernel.family,
    },
    whole([{ kind: "loop", variable: part, size: parts, how: "rows", work: one, body: [ofPart] }]),
    [{ room: places, mutable: true, shape }],
  );

  // As many as are wanted of every whole part, and of the rest.
  const lists = multiply(floorDiv(topk.size, int(piece)), int(count));
  const listed = add(lists, minimum(int(count), modulo(topk.size, int(piece))));
  const found = d.variable("found", listed);
  const load: Expr = {
    ...{ kind: "load", from: places.room, dtype: "i32" },
    at: add(listOf(), axis(found)),
  };
  const named: Stmt = { kind: "index", variable: topk.position, value: load };
  const ofRow: TopK = {
    ...{ ...topk, position: found, size: listed },
    ...{ lets: [named, ...topk.lets], answer: load },
  };
  const last = d.stage(
    { name: kernel.name, notes: ["Among what the parts have found."], family: kernel.family },
    whole([ofRow]),
    [{ room: places, mutable: false, shape }],
  );
  return [first, last];
}

/** Without what they name: that stands in the innermost. */
const bare = (rows: readonly Loop[]): Loop[] => rows.map((l) => ({ ...l, body: l.body.slice(-1) }));
