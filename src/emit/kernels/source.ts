/** One kernel as one C++ file. */
import type { Kernel, KernelParam } from "../../ir/kernel.ts";
import { positionOf, withoutComments } from "../../ir/source.ts";
import { cppType } from "../cpp.ts";
import { exprText, localType } from "./expressions.ts";
import type { Indexing } from "./indices.ts";
import { blockLines } from "./statements.ts";
import { wrapLine } from "./wrap.ts";

/** The text of `src/kernels/<name>.cpp`. */
export function kernelSource(kernel: Kernel): string {
  const ix: Indexing = { variables: kernel.variables, bounds: kernel.bounds };
  const body = quiet(blockLines(kernel.body, "    ", ix)).flatMap(wrapLine);
  const text = body.join("\n");
  const headers = runtimeHeadersOf(kernel, text).map((h) => `#include "runtime/${h}"`);
  return [
    ...headComment(kernel),
    '#include "kernels.h"',
    ...headers,
    "",
    "namespace kernels {",
    "",
    ...(/\bi64\b/.test(text) ? ["using lum::i64;", ""] : []),
    ...signature(kernel, text),
    ...tableLines(kernel),
    ...body,
    "}",
    "",
    "}  // namespace kernels",
    "",
  ].join("\n");
}

/** A position that is found and then, as of a range of one, not needed: compilers warn of what is only set. */
function quiet(body: readonly string[]): string[] {
  const text = body.join("\n");
  return body.map((line) => {
    const name = /^ +lum::i32 (\w+) = 0;$/.exec(line)?.[1];
    const mentions = name === undefined ? 0 : text.split(new RegExp(`\\b${name}\\b`)).length - 1;
    return mentions === 2 ? line.replace("lum::", "[[maybe_unused]] lum::") : line;
  });
}

/** The line of the model, where it is, and why the kernel is made as it is. */
export function headComment(kernel: Kernel): string[] {
  const { file, start } = kernel.span;
  const { line } = positionOf(file, start);
  const written = withoutComments(file.text.split("\n")[line - 1] ?? "").trim();
  const name = file.path.split("/").at(-1);
  const lines = [
    `// ${written}`,
    `// ${name}:${line}${kernel.computes === "" ? "" : `, ${kernel.computes}`}. ${kernel.notes.join(" ")}`,
  ];
  return lines.filter((l) => l.trim() !== "//").flatMap((l) => wrapComment(l.trimEnd()));
}

function wrapComment(line: string): string[] {
  if (line.length <= 116) return [line];
  const at = line.lastIndexOf(" ", 116);
  return at <= 3 ? [line] : [line.slice(0, at), ...wrapComment(`// ${line.slice(at + 1)}`)];
}

/** The parameters, of which one that the body can do without (`where(c, x, x)`) has its name in a comment. */
export function signature(kernel: Kernel, body: string, qualifiers = "void"): string[] {
  const parameter = (p: KernelParam): string => {
    const isUsed = new RegExp(`\\b${p.name}\\b`).test(body);
    return `${parameterType(p, kernel)} ${isUsed ? p.name : `/*${p.name}*/`}`;
  };
  const pointers = kernel.params.filter((p) => p.kind === "pointer");
  const rest = kernel.params.filter((p) => p.kind !== "pointer").map(parameter);
  const head = `${qualifiers} ${kernel.name}(`;
  const indent = " ".repeat(head.length);
  const lines = pointers.map((p, i) => {
    const last = i === pointers.length - 1 && rest.length === 0;
    return { text: `${parameter(p)}${last ? ") {" : ","}`, note: p.shapeText };
  });
  const width = Math.max(...lines.map((l) => l.text.length));
  const out = lines.map((l) => `${l.text.padEnd(width)}  // ${l.note}`);
  if (rest.length > 0) out.push(`${rest.join(", ")}) {`);
  return out.map((l, i) => (i === 0 ? head : indent) + l);
}

/** The type of a size that a kernel is given. */
export const sizeType = (kernel: Kernel): string => (kernel.launch?.index === "i32" ? "int" : "lum::i64");

function parameterType(p: KernelParam, kernel: Kernel): string {
  switch (p.kind) {
    case "pointer":
      return `${p.mutable ? "" : "const "}${cppType(p.dtype)}*`;
    case "size":
      return sizeType(kernel);
    case "workspace":
      return "void*";
    case "dims":
      return "const Dims*";
    case "check":
      return "lum::IndexCheck*";
  }
}

/** Inside the function, where their names may be those of other kernels. */
export function tableLines(kernel: Kernel): string[] {
  return kernel.tables.flatMap((t) => {
    const numbers = t.values.map((value) =>
      exprText({ kind: "number", value, dtype: t.dtype }, { variables: [], bounds: kernel.bounds }),
    );
    const rows: string[] = [];
    for (let i = 0; i < numbers.length; i += 12) rows.push(`        ${numbers.slice(i, i + 12).join(", ")},`);
    const constant = /^(f16|bf16|f8)/.test(t.dtype) ? "static const" : "static constexpr";
    return [`    ${constant} ${localType(t.dtype)} ${t.name}[] = {`, ...rows, "    };"];
  });
}

/** Headers by what the text and statements use. */
function runtimeHeadersOf(kernel: Kernel, text: string): string[] {
  const headers = new Set<string>();
  const mathematical =
    /\blum::(?:abs|sqrt|floor|ceil|round|max|min|sign|exp|exp2|expm1|log|log2|log1p|rsqrt|recip|sin|cos|tanh|erf|sigmoid|pow|ranks_above|ranks_below)\b/;
  if (text.includes("lum::gemm")) headers.add("gemm.h");
  if (text.includes("lum::gemm_merged")) headers.add("gemm_merged.h");
  if (text.includes("lum::attention")) headers.add("attention.h");
  if (text.includes("lum::winograd")) headers.add("winograd.h");
  if (text.includes("lum::Patches")) headers.add("gemm_convolution.h");
  if (text.includes("lum::parallel_for")) headers.add("parallel.h");
  if (mathematical.test(text)) headers.add("math.h");
  if (
    /\blum::(?:wrapping_\w+|to_integer<|floor_div|floor_mod|shift_\w+|max<|min<|abs|sign|max|min|pow)/.test(
      text,
    )
  )
    headers.add("integers.h");
  if (text.includes("lum::top_k")) headers.add("top_k.h");
  if (kernel.params.some((p) => p.kind === "check")) headers.add("index_check.h");
  if (text.includes("INFINITY") || text.includes("NAN")) headers.add("math.h");
  headers.add("types.h");
  const sorted = [...headers].sort();
  // Before the others: it quiets clang's remark on loops that it leaves scalar.
  return text.includes("#pragma omp simd") ? ["simd.h", ...sorted] : sorted;
}
