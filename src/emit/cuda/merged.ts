/** Several products of one left factor: one grid takes the tiles of each, one list after the other. */
import type { Contraction, Kernel, Merged, Tiling } from "../../ir/kernel.ts";
import { cuda } from "../../targets/cuda.ts";
import { type Indexing, indexType } from "../kernels/indices.ts";
import { blockLines } from "../kernels/statements.ts";
import { callLines, distinct, namesBeside, sizeText } from "./contractions.ts";

export const mergedLines =
  (kernel: Kernel) =>
  ({ parts, after }: Merged, indent: string, ix: Indexing): string[] => {
    const tiling = kernel.launch?.tiling;
    if (tiling === undefined) throw new Error(`${kernel.name} has no tiling`);
    const name = namesBeside(kernel, ix);
    const perItem = distinct([...parts[0].a.perItem, ...parts.flatMap((p) => p.b.perItem)]);
    const inner = `${indent}    `;
    const before = (i: number): string =>
      parts
        .slice(0, after[i] ?? i)
        .filter((_, j) => after[j] === undefined)
        .map((p) => tilesText(p, tiling, ix))
        .join(" + ");
    return [
      ...blockLines(perItem, indent, ix),
      ...parts.flatMap((p, i) => [
        // Threads of the block have stored what others read of the tile.
        ...(after[i] === undefined ? [] : [`${indent}lum::barrier();`]),
        `${indent}${headText(p, tiling, before(i), name, ix)} {`,
        ...callLines(p, tiling, name(tiling.engine === "skinny" ? "turn" : "tile"), undefined, inner, ix),
        `${indent}}`,
      ]),
    ];
  };

function headText(
  p: Contraction,
  tiling: Tiling,
  before: string,
  name: (wanted: string) => string,
  ix: Indexing,
): string {
  const [m, n] = [sizeText(p.m, ix), sizeText(p.n, ix)];
  if (tiling.engine === "skinny")
    return `if (const lum::Turn<${indexType(ix)}> ${name("turn")}(${before === "" ? "0" : before}); ${name("turn")}.block * ${leastColumns(tiling)} < ${n})`;
  const after = before === "" ? "" : `, ${before}`;
  return `for (lum::Tiles<${tiling.rows}, ${tiling.columns}, ${indexType(ix)}> ${name("tile")}(1, ${m}, ${n}${after}); ${name("tile")}.next();)`;
}

/** Columns of a block whichever way the right factor lies: blocks without any have nothing to stage. */
const leastColumns = (tiling: Tiling): number => Math.min(tiling.columns, cuda.threads / cuda.warp);

const tilesText = (p: Contraction, { engine, rows, columns }: Tiling, ix: Indexing): string =>
  engine === "skinny"
    ? `lum::blocks_of<${columns}, ${indexType(ix)}>(${sizeText(p.n, ix)})`
    : `lum::blocks_of<${rows}, ${indexType(ix)}>(${sizeText(p.m, ix)}) * lum::blocks_of<${columns}, ${indexType(ix)}>(${sizeText(p.n, ix)})`;
