/** Calls of the contraction engine for several products of one left factor. */
import type { Contraction, Merged } from "../../ir/kernel.ts";
import { ending, lambda, operandLines } from "./contractions.ts";
import { type Indexing, indexText } from "./indices.ts";
import { blockLines } from "./statements.ts";

export function mergedLines({ parts, after }: Merged, indent: string, ix: Indexing): string[] {
  const [{ m, k, a, workspace }] = parts;
  const size = (v: number | undefined) => (v === undefined ? "1" : indexText(ix.variables[v].size, ix));
  const inner = `${indent}    `;
  const columns = (p: Contraction, at: string): string[] => [
    `${at}lum::columns(${size(p.n)},`,
    ...ending(operandLines(p.b.form, p.n, k, `${at}    `, ix), ","),
    ...ending(
      lambda([m, p.n], `float ${p.sum}`, blockLines(p.epilogue, `${at}        `, ix), `${at}    `, ix),
      ")",
    ),
  ];
  const lists = parts.flatMap((p, i) => {
    if (after[i] !== undefined) return [];
    const following = parts.filter((_, j) => after[j] === i);
    if (following.length === 0) return [columns(p, inner)];
    const chain = [p, ...following].map((x) => columns(x, `${inner}    `));
    return [[`${inner}lum::in_turn(`, ...separated(chain, ")")]];
  });
  return [
    ...blockLines([...a.perItem, ...parts.flatMap((p) => p.b.perItem)], indent, ix),
    `${indent}lum::gemm_merged(${size(m)}, ${size(k)},`,
    ...ending(operandLines(a.form, m, k, inner, ix), ","),
    `${inner}${workspace},`,
    ...separated(lists, ");"),
  ];
}

/** Arguments with commas between them and `end` behind the last. */
const separated = (all: readonly string[][], end: string): string[] =>
  all.flatMap((lines, i) => ending(lines, i === all.length - 1 ? end : ","));
