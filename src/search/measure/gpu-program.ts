/** A folder of .cu sources as a program: for a GPU, or over the SIMT layer where there is none. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { CompileError, diagnostic } from "../../diagnostics.ts";
import { archFlags, hostArch } from "../../emit/arch.ts";
import { compileUnits, type Unit } from "../../emit/compile-units.ts";
import { libraryFlags, nvccFlags } from "../../emit/cuda/compile.ts";
import { sha256 } from "../../emit/object-cache.ts";
import { templatePath } from "../../emit/template.ts";
import { type Compiler, findCompiler, runTool } from "../../emit/toolchain.ts";

export type GpuCompiler =
  | { readonly kind: "nvcc"; readonly nvcc: Compiler; readonly arch: string }
  | { readonly kind: "emulated" };

export type ProgramOptions = {
  readonly compiler: GpuCompiler;
  readonly jobs: number;
  /** Of the objects; "" keeps none. */
  readonly cache?: string;
  readonly onProgress?: (done: number, total: number) => void;
};

/** Compiles `sources` in `dir`, which include from `dir/src`, side by side, and links them. Throws LUM5002. */
export async function buildProgram(
  dir: string,
  sources: readonly string[],
  o: ProgramOptions,
): Promise<string> {
  const program = join(dir, "program");
  mkdirSync(join(dir, "objects"), { recursive: true });
  const units = sources.map((source) => ({ source, object: objectIn(dir, source) }));
  const common = { jobs: o.jobs, cache: o.cache, onProgress: o.onProgress };
  if (o.compiler.kind === "nvcc") {
    const { nvcc, arch } = o.compiler;
    await compileUnits(dir, units, { ...common, compiler: nvcc, flags: nvccFlags(arch) });
    await link(nvcc.path, program, [...units.map((u) => u.object), ...libraryFlags(nvcc.path)]);
    return program;
  }
  const arch = hostArch();
  const compiler = await findCompiler(undefined, archFlags(arch), arch);
  const layer = layerUnits(dir);
  const flags = ["-std=c++17", "-O2", "-DLUM_SIMT", `-DLUM_SIMT_VERSION=${headersHash()}`, `-I${simt}`];
  await compileUnits(dir, units, {
    ...common,
    compiler,
    flags: [...flags, "-Isrc", "-Wno-unknown-pragmas", "-x", "c++"],
  });
  await compileUnits(simt, layer, { jobs: o.jobs, cache: o.cache, compiler, flags });
  await link(compiler.path, program, [...units, ...layer].map((u) => u.object).concat("-pthread", "-ldl"));
  return program;
}

const simt = templatePath("cuda/simt");

const objectIn = (dir: string, source: string): string =>
  join(dir, "objects", `${source.replaceAll("/", "_")}.o`);

const layerUnits = (dir: string): Unit[] =>
  readdirSync(simt)
    .filter((name) => name.endsWith(".cpp"))
    .map((source) => ({ source, object: objectIn(dir, `simt/${basename(source)}`) }));

/** Of the layer's headers, which the cache of objects doesn't see. */
const headersHash = (): string => {
  const headers = readdirSync(simt).filter((name) => name.endsWith(".h"));
  return `0x${sha256(headers.map((name) => readFileSync(join(simt, name), "utf8")).join("\n")).slice(0, 8)}`;
};

async function link(compiler: string, program: string, args: readonly string[]): Promise<void> {
  const { code, output } = await runTool(compiler, [...args, "-o", program]);
  if (code !== 0)
    throw new CompileError([diagnostic("LUM5002", undefined, { compiler, file: program, output })]);
}
