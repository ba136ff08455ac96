/**
 * Elementwise work that reads along another axis than it writes, as `y[i, j] = x[j, i]` does. Whichever of the two
 * neighbouring threads follow, the other would touch a line of memory for each element. So blocks have square tiles:
 * a tile of what is read goes to shared memory along its own lines, and is written from there along those of the result.
 */
import { type Bounds, withAxes } from "../../ir/bounds.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Exchange, Expr, Kernel, Stmt, Variable } from "../../ir/kernel.ts";
import {
  add,
  atomsOf,
  axis,
  constantOf,
  floorDiv,
  int,
  linearIn,
  multiply,
  one,
  type Poly,
} from "../../ir/poly.ts";
import { cuda } from "../../targets/cuda.ts";
import { chainOf, isIndependent, isPure, type Loop, rebuilt } from "./loops.ts";
import { largest } from "./map.ts";
import { Draft } from "./stages.ts";
import { neededBy, replaced } from "./uses.ts";

/** The tiles of a nest: its loops with them, and how many there are. */
export type Exchanged = {
  readonly loop: Loop;
  readonly tiles: Poly;
  readonly note: string;
  readonly variables: readonly Variable[];
  readonly bounds: Bounds;
};

/** Elements from one line of a tile to the next: odd, so that neither side meets one bank of shared memory twice. */
export const tilePitch = cuda.tileSide + 1;

/** Most tensors that go through tiles; others are read where they lie. */
const mostReads = 4;

type Read = {
  readonly from: string;
  readonly root: string;
  readonly given: Poly;
  readonly at: Poly;
  readonly dtype: DType;
};

/** Undefined where nothing is read across what is written, or too little to be worth it. */
export function exchanged(s: Loop, kernel: Kernel): Exchanged | undefined {
  const chain = chainOf(s, isIndependent);
  const last = chain.at(-1)!.body;
  const body = [...chain.slice(0, -1).flatMap((l) => l.body.slice(0, -1)), ...last];
  if (chain.length < 2 || !body.every((x) => isPure(x) || x.kind === "store")) return undefined;
  const places = placesIn(body);
  const stores = body.flatMap((x) => (x.kind === "store" ? [places(x.to, x.at)] : []));
  const along = chain.find((l) => stores.every(({ at }) => isStep(at, l.variable)));
  if (along === undefined || stores.length === 0) return undefined;
  const written = new Set(stores.map((x) => x.root));
  const own = new Set(chain.map((l) => l.variable));
  const reads = readsIn(body, kernel, places).filter(
    (r) => !written.has(r.root) && isFar(r, along.variable) && isOver(r.at, own),
  );
  const across = mostAcross(chain, along, reads);
  if (across === undefined || !isWorthIt(chain, [across, along], kernel.bounds)) return undefined;
  const taken = reads.filter((r) => isStep(r.at, across.variable));
  return inTiles(chain, body, { across, along }, distinct(taken).slice(0, mostReads), kernel);
}

type Sides = { readonly across: Loop; readonly along: Loop };

/** The nest with its reads from tiles. */
function inTiles(
  chain: readonly Loop[],
  body: readonly Stmt[],
  { across, along }: Sides,
  reads: readonly Read[],
  kernel: Kernel,
): Exchanged {
  const d = new Draft(kernel);
  const nameOf = (l: Loop): string => kernel.variables[l.variable].name;
  const [lane, row] = ["lane", "row"].map((name) => d.variable(name, int(cuda.tileSide)));
  const tiles = reads.map((r) => ({ ...r, name: d.name(`${r.root}_tile`) }));
  const at = add(multiply(axis(lane), int(tilePitch)), axis(row));
  const inTile = (part: Record<string, unknown>): Expr | undefined => {
    const of = part as Expr;
    if (of.kind !== "load") return undefined;
    const tile = tiles.find((t) => t.from === of.from && t.given.key === of.at.key);
    return tile === undefined ? undefined : { ...of, from: tile.name, at };
  };
  const moved = replaced(body, inTile);
  const stores = moved.filter((x) => x.kind === "store");
  const { pure } = neededBy(stores, moved.filter(isPure));
  const needed = new Set<Stmt>(pure);
  const kept = moved.filter((x) => !isPure(x) || needed.has(x));
  const exchange: Exchange = {
    ...{ across: across.variable, along: along.variable, lane, row },
    reads: tiles.map(({ name, root, at: place, dtype }) => ({ name, from: root, at: place, dtype })),
    names: {
      tile: d.name("tile"),
      acrossStart: d.name(`${nameOf(across)}_start`),
      alongStart: d.name(`${nameOf(along)}_start`),
      first: d.name("first"),
    },
  };
  const bare = chain.map((l) => ({ ...l, body: l.body.slice(-1) }));
  const side = (l: Loop): Poly =>
    l === across || l === along ? floorDiv(add(l.size, int(cuda.tileSide - 1)), int(cuda.tileSide)) : l.size;
  const names = [...new Set(reads.map((r) => r.root))].join(", ");
  return {
    loop: { ...rebuilt(bare, "tiles", kept), exchange },
    tiles: multiply(one, ...chain.map(side)),
    note: `Lines of ${names} cross those that are written, so tiles of ${cuda.tileSide} by ${cuda.tileSide} go through shared memory.`,
    variables: d.variables,
    bounds: withAxes(
      kernel.bounds,
      d.variables.map((v) => v.size),
    ),
  };
}

/** Where an access lies in its tensor, pointers into that resolved. */
function placesIn(body: readonly Stmt[]): (from: string, at: Poly) => { root: string; at: Poly } {
  const rows = new Map(body.flatMap((x) => (x.kind === "row" ? [[x.name, x] as const] : [])));
  return (from, at) => {
    const row = rows.get(from);
    return row === undefined ? { root: from, at } : { root: row.from, at: add(row.at, at) };
  };
}

/** Reads of tensors that every iteration does. */
function readsIn(body: readonly Stmt[], kernel: Kernel, places: ReturnType<typeof placesIn>): Read[] {
  const found: Read[] = [];
  const visit = (e: Expr): void => {
    if (e.kind === "load") {
      const { root, at } = places(e.from, e.at);
      const tensor = kernel.params.find((p) => p.name === root);
      if (tensor?.kind === "pointer")
        found.push({ from: e.from, root, given: e.at, at, dtype: tensor.dtype });
    } else if (e.kind === "binary") {
      visit(e.a);
      if (e.fn !== "and" && e.fn !== "or") visit(e.b);
    } else if (e.kind === "select") visit(e.condition);
    else if (e.kind === "unary" || e.kind === "cast" || e.kind === "bitcast" || e.kind === "checked")
      visit(e.x);
  };
  for (const s of body) if (s.kind === "let" || s.kind === "index" || s.kind === "store") visit(s.value);
  return found;
}

const strideOf = (at: Poly, variable: number): Poly | undefined =>
  linearIn(at, { kind: "axis", axis: variable })?.coefficient;

const isStep = (at: Poly, variable: number): boolean => strideOf(at, variable)?.key === "1";

/** Whether neighbours along the variable lie in different sectors. */
function isFar({ at, dtype }: Read, variable: number): boolean {
  const stride = strideOf(at, variable);
  if (stride === undefined || stride.key === "0") return false;
  const known = constantOf(stride);
  return known === undefined || Math.abs(known) * byteSize(dtype) >= cuda.farApart;
}

const isOver = (at: Poly, variables: ReadonlySet<number>): boolean =>
  atomsOf(at).every((a) => a.kind !== "axis" || variables.has(a.axis));

/** The loop along which most of them have neighbours. */
function mostAcross(chain: readonly Loop[], along: Loop, reads: readonly Read[]): Loop | undefined {
  const count = (l: Loop): number => distinct(reads.filter((r) => isStep(r.at, l.variable))).length;
  const counted = chain
    .filter((l) => l !== along)
    .map((l) => ({ l, n: count(l) }))
    .sort((a, b) => b.n - a.n);
  return counted[0].n > 0 ? counted[0].l : undefined;
}

const distinct = (reads: readonly Read[]): Read[] =>
  reads.filter((r, i) => reads.findIndex((x) => x.from === r.from && x.given.key === r.given.key) === i);

/** Tiles that are mostly full, and enough of them. */
function isWorthIt(chain: readonly Loop[], sides: readonly Loop[], bounds: Bounds): boolean {
  const all = largest(multiply(one, ...chain.map((l) => l.size)), bounds);
  return all >= cuda.leastTiled && sides.every((l) => largest(l.size, bounds) >= cuda.leastSide);
}
