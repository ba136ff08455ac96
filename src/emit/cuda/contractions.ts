/** Matrix products of CUDA kernels: tiles over the grid, each by one call of the engine. */

import type { Contraction, Kernel, Operand, OperandForm, Stmt, Tiling } from "../../ir/kernel.ts";
import { coresFor, typeOf } from "../../lower/schedule-cuda/tiles.ts";
import { cppType } from "../cpp.ts";
import { ending, lambda, operandLines } from "../kernels/contractions.ts";
import { type Indexing, indexText, indexType, lastIndex } from "../kernels/indices.ts";
import { blockLines } from "../kernels/statements.ts";
import { untaken } from "../names.ts";

export const contractionLines =
  (kernel: Kernel) =>
  (s: Contraction, indent: string, ix: Indexing): string[] => {
    const tiling = kernel.launch?.tiling;
    if (tiling === undefined) throw new Error(`${kernel.name} has no tiling`);
    const name = namesBeside(kernel, ix);
    const size = (v: number | undefined) => sizeText(v, ix);
    const streamed = tiling.engine === "skinny";
    if (streamed && s.batch === undefined && s.split === undefined) {
      const perItem = blockLines(distinct([...s.a.perItem, ...s.b.perItem]), indent, ix);
      return [...perItem, ...callLines(s, tiling, undefined, undefined, indent, ix)];
    }
    const inner = `${indent}    `;
    const perItem = blockLines(distinct([...s.a.perItem, ...s.b.perItem]), inner, ix);
    const work = name(streamed ? "share" : "tile");
    const range = s.split === undefined ? undefined : name("range");
    const call = callLines(s, tiling, work, range, inner, ix);
    const counter = streamed ? "item" : "batch";
    const number = s.batch === undefined ? undefined : ix.variables[s.batch].name;
    const head = streamed
      ? `lum::Shares<${indexType(ix)}> ${work}(${batchText(s.batch, s.split, ix)})`
      : `lum::Tiles<${tiling.rows}, ${tiling.columns}, ${indexType(ix)}> ${work}(${batchText(s.batch, s.split, ix)}, ${size(s.m)}, ${size(s.n)})`;
    return [
      `${indent}for (${head}; ${work}.next();) {`,
      ...partLines(s.split, `${work}.${counter}`, { item: number, range, of: size(s.k) }, tiling, inner, ix),
      ...(number === undefined || s.split !== undefined
        ? []
        : mentioned(
            number,
            [...perItem, ...call],
            `${inner}const ${indexType(ix)} ${number} = ${work}.${counter};`,
          )),
      ...perItem,
      ...call,
      `${indent}}`,
    ];
  };

export const sizeText = (v: number | undefined, ix: Indexing): string =>
  v === undefined ? "1" : indexText(ix.variables[v].size, ix);

type Split = { readonly part: number } | undefined;

/** Items of the batch, each as often as it has parts. */
export function batchText(batch: number | undefined, split: Split, ix: Indexing): string {
  const items = sizeText(batch, ix);
  if (split === undefined) return items;
  const parts = sizeText(split.part, ix);
  if (batch === undefined) return parts;
  return /^\w+$/.test(items) ? `${items} * ${parts}` : `(${items}) * ${parts}`;
}

/** The item and the part that a tile is of, and the part's range of the summed axis. */
export function partLines(
  split: Split,
  number: string,
  names: { readonly item: string | undefined; readonly range: string | undefined; readonly of: string },
  tiling: Tiling,
  indent: string,
  ix: Indexing,
): string[] {
  if (split === undefined) return [];
  const part = ix.variables[split.part].name;
  const { item, range, of } = names;
  return [
    ...(item === undefined
      ? [`${indent}const ${indexType(ix)} ${part} = ${number};`]
      : [
          `${indent}const ${indexType(ix)} ${item} = ${number} / ${tiling.parts};`,
          `${indent}const ${indexType(ix)} ${part} = ${number} % ${tiling.parts};`,
        ]),
    `${indent}const lum::SplitK<${indexType(ix)}> ${range}(${of}, ${tiling.parts}, ${part}, ${tiling.partStep});`,
  ];
}

/** Names that nothing in the kernel has. */
export function namesBeside(kernel: Kernel, ix: Indexing): (wanted: string) => string {
  const taken = new Set([...ix.variables.map((v) => v.name), ...kernel.params.map((p) => p.name)]);
  return (wanted) => untaken(wanted, taken);
}

/** The call of the engine; for a part of the sum with the operands as it sees them. */
export function callLines(
  s: Contraction,
  tiling: Tiling,
  work: string | undefined,
  range: string | undefined,
  indent: string,
  ix: Indexing,
): string[] {
  const deeper = `${indent}    `;
  const inParts = tiling.engine === "mma" ? coresFor(typeOf(s.a), typeOf(s.b)).inParts : undefined;
  const factor = (side: "a" | "b", outer: number | undefined): string[] => {
    const whole = factorLines(s[side], outer, s.k, deeper, ix);
    const lines = inParts === side ? within("lum::in_two_parts", whole) : whole;
    return ending(range === undefined ? lines : within(`${range}.of`, lines), ",");
  };
  const depth = range === undefined ? sizeText(s.k, ix) : `${range}.length`;
  const extents = [sizeText(s.m, ix), sizeText(s.n, ix), depth].join(", ");
  const engine = tiling.engine === "skinny" ? "skinny" : "gemm_tile";
  const shape = work === undefined ? tiling.shape + lastIndex(ix) : tiling.shape;
  return [
    `${indent}lum::${engine}<${shape}>(${work === undefined ? "" : `${work}, `}${extents},`,
    ...factor("a", s.m),
    ...factor("b", s.n),
    ...ending(
      lambda([s.m, s.n], `float ${s.sum}`, blockLines(s.epilogue, `${deeper}    `, ix), deeper, ix),
      ");",
    ),
  ];
}

/** The operand as an argument; a comment stays before it. */
function within(fn: string, lines: readonly string[]): string[] {
  const at = lines.findIndex((l) => !l.trimStart().startsWith("//"));
  return ending(
    lines.map((l, i) => (i === at ? l.replace(/^( *)/, `$1${fn}(`) : l)),
    ")",
  );
}

export const mentioned = (name: string, lines: readonly string[], line: string): string[] =>
  new RegExp(`\\b${name}\\b`).test(lines.join("\n")) ? [line] : [];

/** Both factors may name the same parts of the batch item: each is declared once. */
export function distinct(body: readonly Stmt[]): Stmt[] {
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
  if (form.kind === "packed" || form.kind === "filters")
    throw new Error(`a factor in the form ${form.kind} is the CPU's`);
  if (form.kind === "strided" || form.kind === "patches") return operandLines(form, outer, k, indent, ix);
  const lines = operandLines(form, outer, k, indent, ix);
  return lines
    .map((l) => l.replace("lum::Lambda{[=]", `lum::computed<${elementOf(form)}>([=]`))
    .map((l, i) => (i === lines.length - 1 ? l.replace(/\}$/, ")") : l));
}

/** What a computed factor's elements are: floats, as the engine sums them. */
const elementOf = (_: OperandForm & { kind: "computed" }): string => cppType("f32");
