/** One kernel as one .cu file. */
import type { Kernel, Launch, Table, Tiling } from "../../ir/kernel.ts";
import { floatBits, isNarrowFloat } from "../../lower/float-formats.ts";
import { namesOf } from "../../lower/schedule-cuda/stages.ts";
import { literal } from "../../ops/spelling.ts";
import { cppType } from "../cpp.ts";
import { localType } from "../kernels/expressions.ts";
import type { Dialect, Indexing } from "../kernels/indices.ts";
import { headComment, signature } from "../kernels/source.ts";
import { wrapLine } from "../kernels/wrap.ts";
import { attentionLines } from "./attention.ts";
import { contractionLines } from "./contractions.ts";
import { bodyLines, loopLines } from "./loops.ts";
import { mergedLines } from "./merged.ts";

/** Numbers for the reads that a kernel checks, by their text. */
export type Sites = (what: string) => number;

/** The text of `src/kernels/<name>.cu`. */
export function cudaKernelSource(kernel: Kernel, sites: Sites): string {
  const index = kernel.launch?.index === "i32" ? "int" : "i64";
  const dialect: Dialect = {
    index,
    taken: namesOf(kernel),
    loop: loopLines(kernel),
    contraction: contractionLines(kernel),
    merged: mergedLines(kernel),
    attention: attentionLines(kernel),
    site: (what) => `/*${what.replaceAll("*/", "* /")}*/ ${sites(what)}`,
  };
  const ix: Indexing = { variables: kernel.variables, bounds: kernel.bounds, dialect };
  const read = (dim: string): string => (index === "i64" ? `dims->${dim}` : `static_cast<int>(dims->${dim})`);
  const dims = (kernel.launch?.dims ?? []).map((d) => `    const ${index} ${d.name} = ${read(d.dim)};`);
  const body = [...dims, ...stagedLines(kernel), ...bodyLines(kernel, "    ", ix)].flatMap(wrapLine);
  const text = body.join("\n");
  const head = `__global__ void __launch_bounds__(${kernel.launch?.threads ?? 256})`;
  return [
    ...headComment(kernel),
    '#include "kernels.h"',
    ...headersOf(kernel, text).map((h) => `#include "runtime/${h}"`),
    "",
    "namespace kernels {",
    "",
    ...(/\bi64\b/.test(text) ? ["using lum::i64;", ""] : []),
    ...kernel.tables.flatMap(tableLines),
    ...signature(kernel, text, head),
    ...body,
    "}",
    "",
    "}  // namespace kernels",
    "",
  ].join("\n");
}

/** Shared memory of a block in which its warps meet: of each what it has folded or picked, and where. */
export const meetingBytes = (launch: Launch): number => 16 * (launch.threads / 32);

/** The same where every thread has a column of its own. */
export const columnBytes = (launch: Launch): number => 16 * launch.threads;

/** Where rows stay in shared memory, behind that. */
const stagedLines = ({ launch }: Kernel): string[] =>
  (launch?.staged ?? []).map((s) => {
    const type = cppType(s.dtype);
    return `    ${type}* const ${s.name} = lum::shared<${type}>(${meetingBytes(launch!) + s.offset});`;
  });

function tableLines(t: Table): string[] {
  const numbers = t.values.map((value) => elementText(value, t));
  const rows: string[] = [];
  for (let i = 0; i < numbers.length; i += 12) rows.push(`    ${numbers.slice(i, i + 12).join(", ")},`);
  return [`__device__ const ${localType(t.dtype)} ${t.name}[] = {`, ...rows, "};", ""];
}

/** A number that memory of the device can be initialized with: narrow floats as their bits. */
const elementText = (value: number, t: Table): string =>
  isNarrowFloat(t.dtype) ? `{0x${floatBits(value, t.dtype).toString(16)}}` : literal(value, t.dtype);

const headers: readonly (readonly [RegExp, string])[] = [
  [/\blum::(?:global_\w+|lane|thread|threads|grid|block|warps?)\(/, "loops.cuh"],
  [/\blum::(?:warp|block)_reduce<|\blum::(?:Sum|Product|Max|Min)[>,]/, "rows.cuh"],
  [/\blum::(?:warp|block)_pick</, "picks.cuh"],
  [/\blum::columns_(?:reduce|pick)</, "columns.cuh"],
  [/\blum::(?:Vector|load_vector)</, "vector.cuh"],
  [/\blum::Tiles</, "tiles.cuh"],
  [/\blum::MmaShape</, "gemm_mma.cuh"],
  [/\blum::FmaShape</, "gemm_fma.cuh"],
  [/\blum::skinny</, "gemv.cuh"],
  [/\blum::attention_tile</, "attention.cuh"],
  [/\blum::top_k</, "top_k.cuh"],
  [/\blum::cumulate</, "cumulate.cuh"],
  [
    /\blum::(?:wrapping_\w+|to_integer<|floor_div|floor_mod|shift_\w+|max[<(]|min[<(]|abs|sign|pow)/,
    "integers.cuh",
  ],
  [
    /\blum::(?:abs|sqrt|floor|ceil|round|max|min|sign|exp|exp2|expm1|log|log2|log1p|rsqrt|recip|sin|cos|tanh|erf|sigmoid|pow|ranks_above|ranks_below)\b/,
    "math.cuh",
  ],
  [/\b(?:INFINITY|NAN)\b/, "math.cuh"],
];

const engines: Readonly<Record<Tiling["engine"], string>> = {
  fma: "gemm_fma.cuh",
  mma: "gemm_mma.cuh",
  tf32: "gemm_mma.cuh",
  skinny: "gemv.cuh",
  attention: "attention.cuh",
};

/** Headers whose shapes the launches of kernels name. */
export function engineHeaders(kernels: readonly Kernel[]): string[] {
  const used = new Set(kernels.map((k) => k.launch?.tiling?.engine));
  return [
    ...new Set(
      Object.entries(engines).flatMap(([engine, header]) =>
        used.has(engine as Tiling["engine"]) ? [header] : [],
      ),
    ),
  ];
}

function headersOf(kernel: Kernel, text: string): string[] {
  const found = new Set(headers.filter(([use]) => use.test(text)).map(([, name]) => name));
  if (kernel.params.some((p) => p.kind === "check")) found.add("index_check.cuh");
  found.add("types.cuh");
  return [...found].sort();
}
