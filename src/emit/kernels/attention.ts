/** Calls of the attention kernel. */
import type { Attention, Operand } from "../../ir/kernel.ts";
import { ending, lambda, operandLines } from "./contractions.ts";
import { exprText } from "./expressions.ts";
import { type Indexing, indexText } from "./indices.ts";
import { blockLines } from "./statements.ts";

export function attentionLines(s: Attention, indent: string, ix: Indexing): string[] {
  const inner = `${indent}    `;
  const body = `${inner}    `;
  const size = (v: number | undefined) => (v === undefined ? "1" : indexText(ix.variables[v].size, ix));
  const sizes = [size(s.item), indexText(s.group, ix), ...[s.row, s.key, s.depth, s.width].map(size)];
  const operand = (o: Operand, outer: number | undefined, k: number | undefined): string[] => {
    const form = operandLines(o.form, outer, k, body, ix);
    form[0] = form[0].replace(/^\s*/, (blanks) => `${blanks}return `);
    return lambda([s.item], undefined, [...blockLines(o.perItem, body, ix), ...ending(form, ";")], inner, ix);
  };
  const keysOf =
    s.seen === undefined
      ? [`${body}return lum::KeyRange{0, ${size(s.key)}};`]
      : [
          ...blockLines(s.seen.lets, body, ix),
          `${body}return lum::KeyRange{${indexText(s.seen.begin, ix)}, ${indexText(s.seen.end, ix)}};`,
        ];
  const score = [...blockLines(s.score.lets, body, ix), `${body}return ${exprText(s.score.value, ix)};`];
  return [
    `${indent}// items, those together that share keys and values; rows, keys; depth of a product, width of a value`,
    `${indent}lum::attention(lum::AttentionSizes{${sizes.join(", ")}},`,
    ...ending(operand(s.q, s.row, s.depth), ","),
    ...ending(operand(s.k, s.key, s.depth), ","),
    ...ending(operand(s.v, s.width, s.key), ","),
    ...ending(lambda([s.item, s.row], undefined, keysOf, inner, ix), ","),
    ...ending(lambda([s.item, s.row, s.key], `float ${s.dot}`, score, inner, ix), ","),
    `${inner}${s.workspace},`,
    ...ending(
      lambda(
        [s.item, s.row, s.width],
        [`float ${s.weighted}`, `float ${s.total}`],
        blockLines(s.epilogue, body, ix),
        inner,
        ix,
      ),
      ");",
    ),
  ];
}
