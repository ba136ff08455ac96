/** Matrix products of CUDA kernels: tiles over the grid, each by one call of the engine. */
import type { Contraction, Kernel, Operand, OperandForm } from "../../ir/kernel.ts";
import { cppType } from "../cpp.ts";
import { ending, lambda, operandLines } from "../kernels/contractions.ts";
import { type Indexing, indexText } from "../kernels/indices.ts";
import { blockLines } from "../kernels/statements.ts";

export const contractionLines =
  (kernel: Kernel) =>
  (s: Contraction, indent: string, ix: Indexing): string[] => {
    const tiling = kernel.launch?.tiling;
    if (tiling === undefined) throw new Error(`${kernel.name} has no tiling`);
    const size = (v: number | undefined) => (v === undefined ? "1" : indexText(ix.variables[v].size, ix));
    const extents = [s.m, s.n, s.k].map(size).join(", ");
    const inner = `${indent}    `;
    const perItem = blockLines(distinct([...s.a.perItem, ...s.b.perItem]), inner, ix);
    const operands = [
      ...ending(factorLines(s.a, s.m, s.k, `${inner}    `, ix), ","),
      ...ending(factorLines(s.b, s.n, s.k, `${inner}    `, ix), ","),
      ...ending(
        lambda(
          [s.m, s.n],
          `float ${s.sum}`,
          blockLines(s.epilogue, `${inner}        `, ix),
          `${inner}    `,
          ix,
        ),
        ");",
      ),
    ];
    const item = s.batch === undefined ? undefined : ix.variables[s.batch].name;
    if (tiling.engine === "skinny") {
      if (item === undefined) {
        const shallow = (line: string) => line.replace(/^ {4}/, "");
        return [
          ...perItem.map(shallow),
          `${indent}lum::skinny<${tiling.shape}>(${extents},`,
          ...operands.map(shallow),
        ];
      }
      return [
        `${indent}for (i64 ${item} = 0; ${item} < ${size(s.batch)}; ++${item}) {`,
        ...perItem,
        `${inner}lum::skinny<${tiling.shape}>(${extents},`,
        ...operands,
        `${indent}}`,
      ];
    }
    const names = new Set([...ix.variables.map((v) => v.name), ...kernel.params.map((p) => p.name)]);
    const tile = names.has("tile") ? "tile_" : "tile";
    const counts = [size(s.batch), size(s.m), size(s.n)].join(", ");
    return [
      `${indent}for (lum::Tiles<${tiling.rows}, ${tiling.columns}> ${tile}(${counts}); ${tile}.next();) {`,
      ...(item === undefined
        ? []
        : mentioned(item, [...perItem, ...operands], `${inner}const i64 ${item} = ${tile}.batch;`)),
      ...perItem,
      `${inner}lum::gemm_tile<${tiling.shape}>(${tile}, ${extents},`,
      ...operands,
      `${indent}}`,
    ];
  };

export const mentioned = (name: string, lines: readonly string[], line: string): string[] =>
  new RegExp(`\\b${name}\\b`).test(lines.join("\n")) ? [line] : [];

/** Both factors may name the same parts of the batch item: each is declared once. */
export function distinct(body: readonly Contraction["epilogue"][number][]) {
  const seen = new Set<string>();
  return body.filter((s) => {
    const key = s.kind === "index" ? `index ${s.variable}` : s.kind === "let" ? `let ${s.name}` : undefined;
    if (key === undefined) return true;
    const known = seen.has(key);
    seen.add(key);
    return !known;
  });
}

export function factorLines(
  o: Operand,
  outer: number | undefined,
  k: number | undefined,
  indent: string,
  ix: Indexing,
): string[] {
  const { form } = o;
  if (form.kind === "packed" || form.kind === "patches" || form.kind === "filters")
    throw new Error(`a factor in the form ${form.kind} is the CPU's`);
  if (form.kind === "strided") return operandLines(form, outer, k, indent, ix);
  const lines = operandLines(form, outer, k, indent, ix);
  return lines
    .map((l) => l.replace("lum::Lambda{[=]", `lum::computed<${elementOf(form)}>([=]`))
    .map((l, i) => (i === lines.length - 1 ? l.replace(/\}$/, ")") : l));
}

/** What a computed factor's elements are: floats, as the engine sums them. */
const elementOf = (_: OperandForm & { kind: "computed" }): string => cppType("f32");
