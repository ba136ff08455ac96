/** Calls of the contraction engine for several products of one left factor. */
import type { Merged } from "../../ir/kernel.ts";
import { ending, lambda, operandLines } from "./contractions.ts";
import { type Indexing, indexText } from "./indices.ts";
import { blockLines } from "./statements.ts";

export function mergedLines({ parts }: Merged, indent: string, ix: Indexing): string[] {
  const [{ m, k, a, workspace }] = parts;
  const size = (v: number | undefined) => (v === undefined ? "1" : indexText(ix.variables[v].size, ix));
  const inner = `${indent}    `;
  const columns = parts.flatMap((p, i) => [
    `${inner}lum::columns(${size(p.n)},`,
    ...ending(operandLines(p.b.form, p.n, k, `${inner}    `, ix), ","),
    ...ending(
      lambda([m, p.n], `float ${p.sum}`, blockLines(p.epilogue, `${inner}        `, ix), `${inner}    `, ix),
      i === parts.length - 1 ? "));" : "),",
    ),
  ]);
  return [
    ...blockLines([...a.perItem, ...parts.flatMap((p) => p.b.perItem)], indent, ix),
    `${indent}lum::gemm_merged(${size(m)}, ${size(k)},`,
    ...ending(operandLines(a.form, m, k, inner, ix), ","),
    `${inner}${workspace},`,
    ...columns,
  ];
}
