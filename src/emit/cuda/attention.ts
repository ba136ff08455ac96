/** One-pass attention of CUDA kernels: tiles of query rows over the grid, each through the keys that it sees. */
import type { Attention, Kernel, Operand } from "../../ir/kernel.ts";
import { constantOf, type Poly, zero } from "../../ir/poly.ts";
import { strideIn } from "../../lower/schedule/merge.ts";
import { infix } from "../../ops/spelling.ts";
import { ending, lambda } from "../kernels/contractions.ts";
import { exprText } from "../kernels/expressions.ts";
import { type Indexing, indexText, indexType } from "../kernels/indices.ts";
import { blockLines } from "../kernels/statements.ts";
import {
  batchText,
  distinct,
  factorLines,
  mentioned,
  namesBeside,
  partLines,
  sizeText,
} from "./contractions.ts";

export const attentionLines =
  (kernel: Kernel) =>
  (s: Attention, indent: string, ix: Indexing): string[] => {
    const tiling = kernel.launch?.tiling;
    if (tiling === undefined) throw new Error(`${kernel.name} has no tiling`);
    const size = (v: number | undefined) => sizeText(v, ix);
    const name = namesBeside(kernel, ix);
    const tile = name("tile");
    const shape = name("Shape");
    const inner = `${indent}    `;
    const deeper = `${inner}    `;
    const perItem = blockLines(distinct([...s.k.perItem, ...s.v.perItem, ...s.q.perItem]), inner, ix);
    const seen = keyRange(s, { tile, rows: tiling.rows, last: name("last") }, inner, ix);
    const range = s.split === undefined ? undefined : name("range");
    const keys = range === undefined ? seen : partOf(seen, range);
    const score = [
      ...blockLines(s.score.lets, `${deeper}    `, ix),
      `${deeper}    return ${exprText(s.score.value, ix)};`,
    ];
    const sums = [
      `float ${s.weighted}`,
      s.split === undefined ? "float" : `float ${s.split.greatest}`,
      `float ${s.total}`,
    ];
    const call = [
      `${inner}lum::attention_tile<${shape}>(${tile}.row, ${size(s.row)}, ${keys.begin}, ${keys.end},`,
      `${deeper}${size(s.depth)}, ${size(s.width)},`,
      ...ending(factorLines(s.q, s.row, s.depth, deeper, ix), ","),
      ...ending(factorLines(s.k, s.key, s.depth, deeper, ix), ","),
      ...ending(factorLines(turned(s.v), s.key, s.width, deeper, ix), ","),
      ...ending(lambda([s.row, s.key], `float ${s.dot}`, score, deeper, ix), ","),
      ...ending(
        lambda([s.row, s.width], sums, blockLines(s.epilogue, `${deeper}    `, ix), deeper, ix),
        ");",
      ),
    ];
    const item = s.item === undefined ? undefined : ix.variables[s.item].name;
    const part = partLines(s.split, `${tile}.batch`, { item, range, of: seen.count }, tiling, inner, ix);
    const one =
      s.split === undefined && item !== undefined
        ? `${inner}const ${indexType(ix)} ${item} = ${tile}.batch;`
        : "";
    return [
      `${indent}using ${shape} = ${tiling.shape};`,
      `${indent}for (lum::Tiles<${shape}::BQ, 1, ${indexType(ix)}> ${tile}(${batchText(s.item, s.split, ix)}, ${size(s.row)}, 1); ${tile}.next();) {`,
      ...(one === "" ? [] : mentioned(item!, [...perItem, ...seen.lines, ...call], one)),
      ...part.slice(0, -1),
      ...perItem,
      ...seen.lines,
      ...part.slice(-1),
      ...call,
      `${indent}}`,
    ];
  };

/** The values' matrix as (key, column). */
const turned = ({ perItem, form }: Operand): Operand =>
  form.kind === "strided"
    ? { perItem, form: { ...form, outerStride: form.kStride, kStride: form.outerStride } }
    : { perItem, form };

type Keys = {
  readonly lines: readonly string[];
  readonly begin: string;
  readonly end: string;
  /** How many, in C++. */
  readonly count: string;
};

/** A part's share of the keys. */
const partOf = ({ begin }: Keys, range: string): Pick<Keys, "begin" | "end"> => {
  const first = begin === "0" ? `${range}.begin` : `${begin} + ${range}.begin`;
  return { begin: first, end: `${first} + ${range}.length` };
};

/** Keys that some row of a tile sees: between those of its first and of its last row, where that is so. */
function keyRange(
  s: Attention,
  names: { readonly tile: string; readonly rows: number; readonly last: string },
  indent: string,
  ix: Indexing,
): Keys {
  const all = sizeText(s.key, ix);
  const whole = { lines: [] as string[], begin: "0", end: all, count: all };
  const { seen } = s;
  if (seen === undefined) return whole;
  const [first, last] = rowEnds(s, names, ix);
  const own = s.packed === undefined ? s.row : s.packed.row;
  const row = own === undefined ? undefined : ix.variables[own].name;
  const steady = (p: Poly): boolean =>
    own === undefined || constantOf(strideIn(p, own) ?? zero) !== undefined;
  const linear = (p: Poly): boolean => own === undefined || (strideIn(p, own) !== undefined && steady(p));
  const lines: string[] = [];
  const ends = { begin: "0", end: all };
  for (const [which, p, limit] of [
    ["begin", seen.begin, "0"],
    ["end", seen.end, all],
  ] as const) {
    if (!linear(p) || constantOf(p) === 0 || indexText(p, ix) === all) continue;
    const [fold, clamp] = which === "begin" ? ["min", "max"] : ["max", "min"];
    ends[which] = which;
    if (first === last && seen.lets.length === 0) {
      lines.push(
        `${indent}const ${indexType(ix)} ${which} = lum::${clamp}<${indexType(ix)}>(${indexText(p, ix)}, ${limit});`,
      );
      continue;
    }
    const body = [...blockLines(seen.lets, `${indent}    `, ix), `${indent}    return ${indexText(p, ix)};`];
    const isUsed = row !== undefined && new RegExp(`\\b${row}\\b`).test(body.join("\n"));
    lines.push(
      `${indent}const auto ${which}_of = [=](${isUsed ? `${indexType(ix)} ${row}` : indexType(ix)}) -> ${indexType(ix)} {`,
      ...body,
      `${indent}};`,
      `${indent}const ${indexType(ix)} ${which} = lum::${clamp}<${indexType(ix)}>(${first === last ? `${which}_of(${first})` : `lum::${fold}<${indexType(ix)}>(${which}_of(${first}), ${which}_of(${last}))`}, ${limit});`,
    );
  }
  const needsLast = lines.some((l) => new RegExp(`\\b${names.last}\\b`).test(l));
  const lastLine = `${indent}const ${indexType(ix)} ${names.last} = lum::min<${indexType(ix)}>(${names.tile}.row + ${names.rows}, ${sizeText(s.row, ix)}) - 1;`;
  const count = ends.begin === "0" ? ends.end : `lum::max<${indexType(ix)}>(${ends.end} - ${ends.begin}, 0)`;
  return { lines: needsLast ? [lastLine, ...lines] : lines, ...ends, count };
}

/** The first and the last row of a tile, in C++: of packed items any of theirs. */
function rowEnds(
  s: Attention,
  { tile, last }: { readonly tile: string; readonly last: string },
  ix: Indexing,
): readonly [string, string] {
  if (s.packed === undefined) return s.row === undefined ? ["0", "0"] : [`${tile}.row`, last];
  const { row } = s.packed;
  return row === undefined ? ["0", "0"] : ["0", infix(sizeText(row, ix), "-", "1")];
}
