/**
 * Reductions over an axis that is not the contiguous one, as `y[j] = sum(i) x[i, j]`. The lanes of a warp take neighbours
 * in memory, a column each, and the warps of a block share out the rows: every access is a whole line, and what the warps
 * have folded meets in shared memory, in their order.
 */
import type { Bounds } from "../../ir/bounds.ts";
import { byteSize } from "../../ir/dtype.ts";
import type { Kernel, Stmt } from "../../ir/kernel.ts";
import { add, constantOf, floorDiv, int, linearIn, multiply, one, type Poly } from "../../ir/poly.ts";
import { cuda } from "../../targets/cuda.ts";
import { isPure, isSequential, type Loop, statementsIn } from "./loops.ts";
import { largest } from "./map.ts";

/** A tensor's element that a loop of a row touches, and how far neighbours along its variables are. */
type Touch = { readonly at: Poly; readonly bytes: number };

/**
 * Of the loops over rows the one whose iterations are neighbours in memory where those along a row are not; undefined
 * where a row's own elements lie together, or too few columns do.
 */
export function columnIn(chain: readonly Loop[], body: readonly Stmt[], kernel: Kernel): Loop | undefined {
  const loops = body.filter((s): s is Loop => s.kind === "loop");
  const simple = body.every(
    (s) =>
      isPure(s) || s.kind === "accumulator" || s.kind === "store" || s.kind === "if" || s.kind === "loop",
  );
  if (!simple || loops.length === 0 || loops.some(isSequential)) return undefined;
  // Lanes beyond the last column fold that one once more: harmless, where none of them stores it.
  const nested = loops.flatMap((l) => [...statementsIn([l])]);
  if (nested.some((s) => s.kind === "store")) return undefined;
  const around = [...chain.flatMap((l) => l.body), ...body];
  const touches = loops.flatMap((l) => touchesIn(l, around, kernel));
  const inside = [...countersIn(nested)];
  const isAlongRow = (t: Touch): boolean => inside.some((v) => isNear(t, v));
  const columns = chain.filter((c) => {
    const moving = touches.filter((t) => strideOf(t.at, c.variable)?.key !== "0");
    return (
      moving.length > 0 &&
      !moving.some(isAlongRow) &&
      moving.some((t) => strideOf(t.at, c.variable)?.key === "1") &&
      largest(c.size, kernel.bounds) >= cuda.leastSide
    );
  });
  return columns.at(-1);
}

/** Blocks of columns, and all other rows. */
export const columnBlocks = (chain: readonly Loop[], column: number): Poly =>
  multiply(one, ...chain.map((l) => (l.variable === column ? columnGroups(l.size) : l.size)));

/** Warps that have all columns once. */
export const columnGroups = (size: Poly): Poly => floorDiv(add(size, int(cuda.warp - 1)), int(cuda.warp));

export const columnItems = (chain: readonly Loop[], column: number, bounds: Bounds): number =>
  largest(columnBlocks(chain, column), bounds);

/** Variables that change from one iteration to the next: of loops, and of what they count in several axes at once. */
const countersIn = (inside: readonly Stmt[]): Set<number> =>
  new Set(inside.flatMap((s) => (s.kind === "loop" || s.kind === "index" ? [s.variable] : [])));

/** What a loop reads and writes at places of its own, pointers into tensors resolved. */
function touchesIn(l: Loop, around: readonly Stmt[], kernel: Kernel): Touch[] {
  const inside = [...statementsIn([l])];
  const rows = new Map(
    [...around, ...inside].flatMap((s) => (s.kind === "row" ? [[s.name, s] as const] : [])),
  );
  const own = countersIn(inside);
  const found: Touch[] = [];
  const note = (from: string, at: Poly): void => {
    const row = rows.get(from);
    const tensor = kernel.params.find((p) => p.name === (row?.from ?? from));
    const place = row === undefined ? at : add(row.at, at);
    const moves = [...own].some((v) => strideOf(place, v)?.key !== "0");
    if (tensor?.kind === "pointer" && moves) found.push({ at: place, bytes: byteSize(tensor.dtype) });
  };
  for (const s of inside) {
    if (s.kind === "store") note(s.to, s.at);
    if (
      s.kind === "let" ||
      s.kind === "index" ||
      s.kind === "fold" ||
      s.kind === "pick" ||
      s.kind === "store"
    )
      for (const e of loadsIn(s.value)) note(e.from, e.at);
  }
  return found;
}

type Load = { readonly from: string; readonly at: Poly };

function loadsIn(x: unknown): Load[] {
  if (typeof x !== "object" || x === null) return [];
  const inner = Object.values(x).flatMap(loadsIn);
  return (x as { kind?: string }).kind === "load" ? [x as Load, ...inner] : inner;
}

const strideOf = (at: Poly, variable: number): Poly | undefined =>
  linearIn(at, { kind: "axis", axis: variable })?.coefficient;

/** Whether neighbours along the variable share a sector, or may. */
function isNear({ at, bytes }: Touch, variable: number): boolean {
  const stride = strideOf(at, variable);
  if (stride === undefined) return true;
  const known = constantOf(stride);
  return known !== undefined && known !== 0 && Math.abs(known) * bytes < cuda.farApart;
}
