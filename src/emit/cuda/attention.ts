/** One-pass attention of CUDA kernels: tiles of query rows over the grid, each through the keys that it sees. */
import type { Attention, Kernel, Operand } from "../../ir/kernel.ts";
import { constantOf, type Poly, zero } from "../../ir/poly.ts";
import { strideIn } from "../../lower/schedule/merge.ts";
import { ending, lambda } from "../kernels/contractions.ts";
import { exprText } from "../kernels/expressions.ts";
import { type Indexing, indexText } from "../kernels/indices.ts";
import { blockLines } from "../kernels/statements.ts";
import { distinct, factorLines, mentioned } from "./contractions.ts";

export const attentionLines =
  (kernel: Kernel) =>
  (s: Attention, indent: string, ix: Indexing): string[] => {
    const tiling = kernel.launch?.tiling;
    if (tiling === undefined) throw new Error(`${kernel.name} has no tiling`);
    const size = (v: number | undefined) => (v === undefined ? "1" : indexText(ix.variables[v].size, ix));
    const inner = `${indent}    `;
    const deeper = `${inner}    `;
    const perItem = blockLines(distinct([...s.q.perItem, ...s.k.perItem, ...s.v.perItem]), inner, ix);
    const keys = keyRange(s, tiling.rows, inner, ix);
    const score = [
      ...blockLines(s.score.lets, `${deeper}    `, ix),
      `${deeper}    return ${exprText(s.score.value, ix)};`,
    ];
    const call = [
      `${inner}lum::attention_tile<${tiling.shape}>(tile.row, ${size(s.row)}, ${keys.begin}, ${keys.end},`,
      `${deeper}${size(s.depth)}, ${size(s.width)},`,
      ...ending(factorLines(s.q, s.row, s.depth, deeper, ix), ","),
      ...ending(factorLines(s.k, s.key, s.depth, deeper, ix), ","),
      ...ending(factorLines(turned(s.v), s.key, s.width, deeper, ix), ","),
      ...ending(lambda([s.row, s.key], `float ${s.dot}`, score, deeper, ix), ","),
      ...ending(
        lambda(
          [s.row, s.width],
          [`float ${s.weighted}`, "float", `float ${s.total}`],
          blockLines(s.epilogue, `${deeper}    `, ix),
          deeper,
          ix,
        ),
        ");",
      ),
    ];
    const item = s.item === undefined ? undefined : ix.variables[s.item].name;
    return [
      `${indent}for (lum::Tiles<${tiling.rows}, 1> tile(${size(s.item)}, ${size(s.row)}, 1); tile.next();) {`,
      ...(item === undefined
        ? []
        : mentioned(item, [...perItem, ...keys.lines, ...call], `${inner}const i64 ${item} = tile.batch;`)),
      ...perItem,
      ...keys.lines,
      ...call,
      `${indent}}`,
    ];
  };

/** The values' matrix as (key, column). */
const turned = ({ perItem, form }: Operand): Operand =>
  form.kind === "strided"
    ? { perItem, form: { ...form, outerStride: form.kStride, kStride: form.outerStride } }
    : { perItem, form };

/** Keys that some row of a tile sees: between those of its first and of its last row, where that is so. */
function keyRange(s: Attention, rows: number, indent: string, ix: Indexing) {
  const all = s.key === undefined ? "1" : indexText(ix.variables[s.key].size, ix);
  const whole = { lines: [] as string[], begin: "0", end: all };
  const { seen } = s;
  if (seen === undefined) return whole;
  const row = s.row === undefined ? undefined : ix.variables[s.row];
  const steady = (p: Poly): boolean =>
    s.row === undefined || constantOf(strideIn(p, s.row) ?? zero) !== undefined;
  const linear = (p: Poly): boolean => s.row === undefined || (strideIn(p, s.row) !== undefined && steady(p));
  const name = row?.name ?? "row";
  const lines = [
    `${indent}const i64 last = lum::min<i64>(tile.row + ${rows}, ${row === undefined ? "1" : indexText(row.size, ix)}) - 1;`,
  ];
  const ends = { begin: "0", end: all };
  for (const [which, p, limit] of [
    ["begin", seen.begin, "0"],
    ["end", seen.end, all],
  ] as const) {
    if (!linear(p) || constantOf(p) === 0 || indexText(p, ix) === all) continue;
    const body = [...blockLines(seen.lets, `${indent}    `, ix), `${indent}    return ${indexText(p, ix)};`];
    const [fold, clamp] = which === "begin" ? ["min", "max"] : ["max", "min"];
    const parameter = new RegExp(`\\b${name}\\b`).test(body.join("\n")) ? `i64 ${name}` : "i64";
    lines.push(
      `${indent}const auto ${which}_of = [=](${parameter}) -> i64 {`,
      ...body,
      `${indent}};`,
      `${indent}const i64 ${which} = lum::${clamp}<i64>(lum::${fold}<i64>(${which}_of(tile.row), ${which}_of(last)), ${limit});`,
    );
    ends[which] = which;
  }
  return ends.begin === "0" && ends.end === all ? whole : { lines, ...ends };
}
