/** One program for many kernels of a GPU: written, compiled in parallel, linked, run; timed by events. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CompileError, diagnostic } from "../../diagnostics.ts";
import { cppType } from "../../emit/cpp.ts";
import { engineHeaders } from "../../emit/cuda/kernel-source.ts";
import { sizeType } from "../../emit/kernels/source.ts";
import { runtimeFiles } from "../../emit/runtime-files.ts";
import { templateText } from "../../emit/template.ts";
import { runTool } from "../../emit/toolchain.ts";
import type { Kernel, KernelParam } from "../../ir/kernel.ts";
import { dimValues, type GpuCall, launchText } from "./gpu-calls.ts";
import { buildProgram, type GpuCompiler } from "./gpu-program.ts";
import { workFolder } from "./work-folder.ts";

export type GpuHarnessOptions = {
  readonly compiler: GpuCompiler;
  readonly jobs: number;
  /** Of the objects; "" keeps none. */
  readonly cache?: string;
  /** Launches of each call that are counted. */
  readonly runs: number;
  readonly onProgress?: (done: number, total: number) => void;
};

/** Median seconds of each call. Throws LUM4503 where the program fails. */
export async function timeGpuCalls(calls: readonly GpuCall[], o: GpuHarnessOptions): Promise<number[]> {
  const kernels = [...new Map(calls.map((c) => [c.kernel.name, c])).values()];
  const dir = workFolder("gpu");
  try {
    const sources = writeSources(dir, kernels);
    const program = await buildProgram(dir, sources, o);
    const place = new Map(kernels.map((c, i) => [c.kernel.name, i]));
    writeFileSync(
      join(dir, "calls"),
      calls.map((c) => `${place.get(c.kernel.name)} ${listed(c)}\n`).join(""),
    );
    const { code, output } = await runTool(program, [join(dir, "calls"), String(o.runs)], dir);
    const seconds = output.trim().split("\n").map(Number);
    if (code === 0 && seconds.length === calls.length && seconds.every((s) => s > 0)) return seconds;
    const reason =
      code === 0 ? `printed ${output.slice(0, 200)}` : `ended with code ${code}: ${output.slice(-300)}`;
    throw new CompileError([diagnostic("LUM4503", undefined, { program: "its program", reason })]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Their paths in `dir`. */
export function writeSources(dir: string, kernels: readonly GpuCall[]): string[] {
  const files = new Map<string, string>([
    ["src/measured.h", tableOf(kernels.map((c) => c.kernel))],
    ["src/main.cu", templateText("measure/gpu.cu")],
    ...kernels.map((c) => [`src/kernels/${c.kernel.name}.cu`, c.source] as const),
  ]);
  for (const [name, text] of runtimeFiles(["cuda", "cpu"], files.values()))
    if (name.endsWith(".h") || name.endsWith(".cuh")) files.set(`src/runtime/${name}`, text);
  for (const folder of ["include", "src/kernels", "src/runtime"])
    mkdirSync(join(dir, folder), { recursive: true });
  for (const [path, text] of files) writeFileSync(join(dir, path), text);
  return [...files.keys()].filter((path) => path.endsWith(".cu"));
}

function listed(c: GpuCall): string {
  const { sizes, buffers } = c;
  const parts = buffers.map((b) => `${b.dtype} ${b.bytes} ${b.mutable ? 1 : 0} ${b.same ?? -1}`);
  const dims = dimValues(c);
  return [dims.length, ...dims, sizes.length, ...sizes, buffers.length, ...parts].join(" ");
}

/** Every kernel behind one signature, with its launch. */
function tableOf(kernels: readonly Kernel[]): string {
  return [
    "#pragma once",
    "",
    ...engineHeaders(kernels).map((header) => `#include "runtime/${header}"`),
    '#include "runtime/index_check.cuh"',
    '#include "runtime/launch.cuh"',
    '#include "runtime/types.cuh"',
    "",
    "struct Dims;",
    "",
    "namespace kernels {",
    "",
    ...kernels.map((k) => `__global__ void ${k.name}(${k.params.map((p) => parameter(p, k)).join(", ")});`),
    "",
    "}  // namespace kernels",
    "",
    "struct Place {",
    "    void* const* p;",
    "    const lum::i64* s;",
    "    const Dims* d;",
    "    lum::IndexCheck* c;",
    "    lum::i64 most;",
    "    cudaStream_t stream;",
    "};",
    "using Measured = cudaError_t (*)(const Place& at);",
    "constexpr lum::i64 within(lum::i64 blocks, lum::i64 most) { return blocks < most ? blocks : most; }",
    "constexpr Measured measured[] = {",
    ...kernels.map(wrapper),
    "};",
    "",
  ].join("\n");
}

function wrapper(k: Kernel): string {
  let [pointers, sizes] = [0, 0];
  const args = k.params.map((p) => {
    if (p.kind === "pointer") return `static_cast<${pointerType(p)}>(at.p[${pointers++}])`;
    if (p.kind === "size") return `at.s[${sizes++}]`;
    return p.kind === "dims" ? "at.d" : "at.c";
  });
  const [blocks, threads, ...shared] = launchText(k).split(", ");
  const launch = `within(${blocks}, at.most), ${threads}, ${shared.join(", ")}, at.stream`;
  return `    [](const Place& at) { return lum::launch(kernels::${k.name}, ${[launch, ...args].join(", ")}); },`;
}

const pointerType = (p: KernelParam & { kind: "pointer" }): string =>
  `${p.mutable ? "" : "const "}${cppType(p.dtype)}*`;

function parameter(p: KernelParam, kernel: Kernel): string {
  if (p.kind === "pointer") return pointerType(p);
  if (p.kind === "size") return sizeType(kernel);
  return p.kind === "dims" ? "const Dims*" : "lum::IndexCheck*";
}
