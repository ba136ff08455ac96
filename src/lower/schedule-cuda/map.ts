/**
 * Who runs which iterations on a GPU. The loops are those of the CPU's kernel; here each gets threads of the grid,
 * a group of threads, the lanes of a group, or stays in one thread.
 */
import { type Bounds, highest } from "../../ir/bounds.ts";
import type { Kernel, Stmt, Variable } from "../../ir/kernel.ts";
import { multiply, one, type Poly } from "../../ir/poly.ts";
import { cuda } from "../../targets/cuda.ts";
import { columnIn, columnItems } from "./columns.ts";
import { exchanged } from "./exchange.ts";
import {
  chainOf,
  foldedIn,
  isIndependent,
  isPure,
  isSequential,
  type Loop,
  rebuilt,
  serial,
} from "./loops.ts";
import { piecesApart } from "./seams.ts";

export type Mapped = {
  readonly body: readonly Stmt[];
  readonly group: "warp" | "block";
  /** Blocks that the largest sizes have work for. */
  readonly blocks: number;
  /** What else was decided, a sentence each; and where that took variables, all of them with their bounds. */
  readonly notes?: readonly string[];
  readonly variables?: readonly Variable[];
  readonly bounds?: Bounds;
};

/** The loops of a kernel that is no contraction. */
export function mapLoops(kernel: Kernel): Mapped {
  const { bounds } = kernel;
  const body = piecesApart(kernel.body);
  if (body.some((s) => s.kind === "accumulator" || s.kind === "topk")) return topLevelRow(body, bounds);
  const tiles = inTiles(body, kernel);
  if (tiles !== undefined) return tiles;
  const nests = body.map((s) => (s.kind === "loop" ? nestOf(s, kernel) : undefined));
  const group = nests.some((n) => n?.group === "block") ? "block" : "warp";
  const rowsPerBlock = group === "block" ? 1 : cuda.threads / cuda.warp;
  const blocks = nests.map((n) => {
    if (n === undefined) return 1;
    if (n.kind === "columns") return n.items;
    return n.items / (n.kind === "rows" ? rowsPerBlock : cuda.threads);
  });
  return {
    body: body.map((s, i) => nests[i]?.loop ?? s),
    group,
    blocks: Math.max(1, ...blocks.map(Math.ceil)),
    notes: nests.some((n) => n?.kind === "columns") ? [columnNote] : [],
  };
}

/** The only nest of a kernel, where it reads across what it writes. */
function inTiles(body: readonly Stmt[], kernel: Kernel): Mapped | undefined {
  const [s] = body;
  if (body.length !== 1 || s.kind !== "loop" || s.how === "rows" || s.how === "grid") return undefined;
  const found = exchanged(s, kernel);
  if (found === undefined) return undefined;
  const { loop, tiles, note, variables, bounds } = found;
  const blocks = Math.max(1, largest(tiles, bounds));
  return { body: [loop], group: "block", blocks, notes: [note], variables, bounds };
}

/** A reduction of everything: one block. A fold that depends on its order and is no running one: one thread. */
function topLevelRow(body: readonly Stmt[], bounds: Bounds): Mapped {
  const sequential = body.some((s) => s.kind === "loop" && isSequential(s));
  if (sequential && !isRunning(body)) return { body: serial(body), group: "block", blocks: 1 };
  return { body: lanes(body), group: rowGroup(body, bounds), blocks: 1 };
}

type Nest = {
  readonly loop: Loop;
  readonly kind: "grid" | "rows" | "columns";
  readonly group: "warp" | "block" | undefined;
  readonly items: number;
};

/** What already says who runs it stays so. */
function nestOf(s: Loop, kernel: Kernel): Nest {
  const { bounds } = kernel;
  if (s.how !== "rows" && s.how !== "grid") return mapNest(s, kernel);
  const chain = chainOf(s, (inner) => inner.how === s.how);
  const columns = s.how === "rows" ? columnNest(chain, chain.at(-1)!.body, kernel) : undefined;
  if (columns !== undefined) return columns;
  const items = largest(multiply(one, ...chain.map((l) => l.size)), bounds);
  return { loop: s, kind: s.how, group: s.how === "rows" ? "block" : undefined, items };
}

function mapNest(s: Loop, kernel: Kernel): Nest {
  const { bounds } = kernel;
  const chain = chainOf(s, isIndependent);
  const { body } = chain.at(-1)!;
  const items = largest(multiply(one, ...chain.map((l) => l.size)), bounds);
  const loops = body.filter((x): x is Loop => x.kind === "loop");
  const folds = body.some((x) => x.kind === "accumulator") && loops.some((l) => foldedIn(l.body).size > 0);
  const picks = body.some((x) => x.kind === "topk");
  const ordered = loops.some(isSequential) && !isRunning(body);
  if (!picks && (!folds || ordered || terms(body, bounds) <= cuda.fewTerms))
    return { loop: rebuilt(chain, "grid", serial(body)), kind: "grid", group: undefined, items };
  const columns = picks ? undefined : columnNest(chain, lanes(body), kernel);
  if (columns !== undefined) return columns;
  const loop = rebuilt(chain, "rows", lanes(body));
  return { loop, kind: "rows", group: rowGroup(body, bounds), items };
}

const columnNote = "Lanes of a warp have neighbouring columns, and the warps of a block share the rows.";

/** Rows whose neighbours are neighbours in memory, with `body` for each. */
function columnNest(chain: readonly Loop[], body: readonly Stmt[], kernel: Kernel): Nest | undefined {
  const column = columnIn(chain, body, kernel)?.variable;
  if (column === undefined) return undefined;
  const loop = { ...rebuilt(chain, "columns", body), column };
  return { loop, kind: "columns", group: "block", items: columnItems(chain, column, kernel.bounds) };
}

/** The loops of a row, their iterations shared out to the threads of a group. */
const lanes = (body: readonly Stmt[]): Stmt[] =>
  body.map((s) => {
    if (s.kind !== "loop") return s;
    if (isSequential(s)) return { ...s, how: "scan" as const, body: serial(s.body) };
    const chain = chainOf(s, () => true);
    return rebuilt(chain, "lanes", serial(chain.at(-1)!.body));
  });

/** Blocks have the longer rows, and those that only a block can do. */
const rowGroup = (body: readonly Stmt[], bounds: Bounds): "warp" | "block" =>
  terms(body, bounds) <= cuda.warpRow &&
  !body.some((s) => s.kind === "topk" || (s.kind === "loop" && isSequential(s)))
    ? "warp"
    : "block";

/** A running fold: one loop that folds once and stores what it has so far. */
function isRunning(body: readonly Stmt[]): boolean {
  const loops = body.filter((x): x is Loop => x.kind === "loop");
  const [loop] = loops;
  if (loops.length !== 1 || body.filter((x) => x.kind === "accumulator").length !== 1) return false;
  const kinds = loop.body.filter((x) => !isPure(x)).map((x) => x.kind);
  return kinds.join() === "fold,store";
}

/** Iterations of the longest nest of a row, at the largest sizes. */
function terms(body: readonly Stmt[], bounds: Bounds): number {
  const count = (s: Loop): number => {
    const inner = s.body.filter((x): x is Loop => x.kind === "loop").map(count);
    return largest(s.size, bounds) * Math.max(1, ...inner);
  };
  return Math.max(0, ...body.flatMap((s) => (s.kind === "loop" ? [count(s)] : [])));
}

export const largest = (p: Poly, bounds: Bounds): number => Math.max(0, highest(p, bounds) ?? 1 << 20);
