/** One program for many kernels: written, compiled in parallel, linked, run. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CompileError, diagnostic } from "../../diagnostics.ts";
import { type Arch, archFlags } from "../../emit/arch.ts";
import { objectFlags } from "../../emit/compile.ts";
import { compileUnits } from "../../emit/compile-units.ts";
import { cppType } from "../../emit/cpp.ts";
import { runtimeFiles } from "../../emit/runtime-files.ts";
import { templateText } from "../../emit/template.ts";
import { type Compiler, runTool } from "../../emit/toolchain.ts";
import type { Kernel, KernelParam } from "../../ir/kernel.ts";
import type { KernelCall } from "./calls.ts";
import { workFolder } from "./work-folder.ts";

export type HarnessOptions = {
  readonly arch: Arch;
  readonly compiler: Compiler;
  readonly threads: number;
  readonly jobs: number;
  /** Of the objects; "" keeps none. */
  readonly cache?: string;
  /** Medians of each call, of which the least counts, and seconds of each. */
  readonly rounds: number;
  readonly budget: number;
  readonly onProgress?: (done: number, total: number) => void;
};

/** Seconds of each call. Throws LUM4503 where the program fails. */
export async function timeCalls(calls: readonly KernelCall[], o: HarnessOptions): Promise<number[]> {
  const kernels = [...new Map(calls.map((c) => [c.kernel.name, c])).values()];
  const dir = workFolder("kernels");
  try {
    const program = await buildProgram(dir, kernels, o);
    const place = new Map(kernels.map((c, i) => [c.kernel.name, i]));
    const list = calls.map((c) => `${place.get(c.kernel.name)} ${listed(c)}\n`).join("");
    writeFileSync(join(dir, "calls"), list);
    const args = [join(dir, "calls"), o.threads, o.rounds, o.budget].map(String);
    const { code, output } = await runTool(program, args, dir);
    const seconds = output.trim().split("\n").map(Number);
    if (code === 0 && seconds.length === calls.length && seconds.every((s) => s > 0)) return seconds;
    const reason =
      code === 0 ? `printed ${output.slice(0, 200)}` : `ended with code ${code}: ${output.slice(-300)}`;
    throw new CompileError([diagnostic("LUM4503", undefined, { program: "its program", reason })]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function buildProgram(dir: string, kernels: readonly KernelCall[], o: HarnessOptions): Promise<string> {
  const files = new Map<string, string>([
    ["src/kernels/kernels.h", prototypes(kernels.map((c) => c.kernel))],
    ["src/measured.h", table(kernels.map((c) => c.kernel))],
    ["src/main.cpp", templateText("measure/main.cpp")],
    ...kernels.map((c) => [`src/kernels/${c.kernel.name}.cpp`, c.source] as const),
  ]);
  for (const [name, text] of runtimeFiles(["cpu"], files.values())) files.set(`src/runtime/${name}`, text);
  for (const folder of ["include", "src/kernels", "src/runtime", "objects"])
    mkdirSync(join(dir, folder), { recursive: true });
  for (const [path, text] of files) writeFileSync(join(dir, path), text);
  const sources = [...files.keys()].filter((path) => path.endsWith(".cpp"));
  const units = sources.map((source) => ({
    source,
    object: join(dir, "objects", source.replaceAll("/", "_").replace(/cpp$/, "o")),
  }));
  const flags = objectFlags(o.arch, o.compiler);
  const { compiler, jobs, cache, onProgress } = o;
  await compileUnits(dir, units, { compiler, flags, jobs, cache, onProgress });
  const program = join(dir, "measure");
  const inputs = units.map((u) => u.object);
  const link = [...archFlags(o.arch), ...compiler.threads, ...inputs, "-o", program];
  const { code, output } = await runTool(compiler.path, link, dir);
  if (code !== 0)
    throw new CompileError([
      diagnostic("LUM5002", undefined, { compiler: compiler.path, file: program, output }),
    ]);
  return program;
}

function listed({ sizes, buffers }: KernelCall): string {
  const parts = buffers.map((b) => `${b.dtype} ${b.bytes} ${b.copies} ${b.mutable ? 1 : 0} ${b.same ?? -1}`);
  return [sizes.length, ...sizes, buffers.length, ...parts].join(" ");
}

const prototypes = (kernels: readonly Kernel[]): string =>
  [
    "#pragma once",
    "",
    '#include "runtime/index_check.h"',
    '#include "runtime/types.h"',
    "",
    "namespace kernels {",
    "",
    ...kernels.map((k) => `void ${k.name}(${k.params.map(parameter).join(", ")});`),
    "",
    "}  // namespace kernels",
    "",
  ].join("\n");

/** Every kernel behind one signature. */
function table(kernels: readonly Kernel[]): string {
  const wrapper = (k: Kernel): string => {
    let [pointers, sizes] = [0, 0];
    const args = k.params.map((p) => {
      if (p.kind === "pointer") return `static_cast<${pointerType(p)}>(p[${pointers++}])`;
      if (p.kind === "size") return `s[${sizes++}]`;
      return p.kind === "workspace" ? "w" : "c";
    });
    return `    [](void* const* p, const lum::i64* s, void* w, lum::IndexCheck* c) { (void)p, (void)s, (void)w, (void)c; kernels::${k.name}(${args.join(", ")}); },`;
  };
  return [
    "#pragma once",
    "",
    '#include "kernels/kernels.h"',
    "",
    "using Measured = void (*)(void* const* p, const lum::i64* s, void* w, lum::IndexCheck* c);",
    "constexpr Measured measured[] = {",
    ...kernels.map(wrapper),
    "};",
    "",
  ].join("\n");
}

const pointerType = (p: KernelParam & { kind: "pointer" }): string =>
  `${p.mutable ? "" : "const "}${cppType(p.dtype)}*`;

function parameter(p: KernelParam): string {
  if (p.kind === "pointer") return pointerType(p);
  if (p.kind === "size") return "lum::i64";
  return p.kind === "workspace" ? "void*" : "lum::IndexCheck*";
}
