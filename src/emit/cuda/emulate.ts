/**
 * Compiles an emitted CUDA project for the CPU: its sources as C++ with LUM_SIMT, over the layer in
 * `templates/cuda/simt/`, which runs every thread of a block as a fiber.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { CompileError, diagnostic } from "../../diagnostics.ts";
import { archFlags, hostArch } from "../arch.ts";
import type { Compiled, CompileOptions } from "../compile.ts";
import { compileUnits, type Unit } from "../compile-units.ts";
import { sha256 } from "../object-cache.ts";
import { templatePath } from "../template.ts";
import { findCompiler, runTool } from "../toolchain.ts";

export type EmulateOptions = Omit<CompileOptions, "arch"> & {
  /** Every access of a kernel is checked: bounds, alignment, races in shared memory. Several times slower. */
  readonly checked?: boolean;
};

const simt = templatePath("cuda/simt");

/** Compiles the project in `dir` into `dir/build`. Throws LUM5001, 5002, 5006 or 5007. */
export async function emulateProject(dir: string, options: EmulateOptions = {}): Promise<Compiled> {
  const arch = hostArch();
  const compiler = await findCompiler(options.compiler, archFlags(arch), arch);
  const objects = join(dir, "build", "objects");
  mkdirSync(objects, { recursive: true });
  const id = basename(readdirSync(join(dir, "include"))[0], ".h");
  const { jobs, cache, onProgress } = options;
  const base = [
    "-std=c++17",
    "-O1",
    "-fPIC",
    "-fvisibility=hidden",
    ...archFlags(arch),
    ...(options.flags ?? []),
  ];
  const emulated = [
    ...base,
    `-I${simt}`,
    "-DLUM_SIMT",
    `-DLUM_SIMT_VERSION=${headersHash()}`,
    "-Wno-unknown-pragmas",
  ];
  // The sanitizer's calls are answered by the layer itself (access.cpp).
  const watch =
    options.checked === true ? ["-fsanitize=thread", "--param", "tsan-instrument-func-entry-exit=0"] : [];

  const object = (source: string): string => join(objects, `${source.replaceAll("/", "_")}.o`);
  const unitsOf = (sources: readonly string[]): Unit[] =>
    sources.map((source) => ({ source, object: object(source) }));
  const kernels = unitsOf(sourcesIn(dir, "src/kernels", ".cu"));
  const host = unitsOf([...sourcesIn(dir, "src", ".cu"), ...sourcesIn(dir, "src/runtime", ".cpp")]);
  const layer = sourcesIn(simt, ".", ".cpp").map((source) => ({
    source: basename(source),
    object: object(`simt/${basename(source)}`),
  }));
  const programs = options.programs === true ? unitsOf(programSources) : [];
  const common = { compiler, jobs, cache, onProgress };
  const counts = [
    await compileUnits(dir, kernels, { ...common, flags: [...emulated, ...watch, "-x", "c++"] }),
    await compileUnits(dir, host, { ...common, flags: [...emulated, "-x", "c++"] }),
    await compileUnits(dir, programs, { ...common, flags: base }),
    await compileUnits(simt, layer, {
      ...common,
      flags: [...base, "-O2", `-I${simt}`, "-DLUM_SIMT", `-DLUM_SIMT_VERSION=${headersHash()}`],
    }),
  ];

  const library = join(dir, "build", `lib${id}.so`);
  const inputs = [...kernels, ...host, ...layer].map((u) => u.object);
  await link(compiler.path, library, ["-shared", ...inputs, "-pthread", "-ldl", "-Wl,-z,nodelete"]);
  const program = async (source: string, name: string): Promise<string> => {
    const path = join(dir, "build", name);
    await link(compiler.path, path, [
      object(source),
      object("src/program.cpp"),
      library,
      "-Wl,-rpath,$ORIGIN",
    ]);
    return path;
  };
  return {
    library,
    programs:
      options.programs === true
        ? {
            run: await program("src/main.cpp", id),
            verify: await program("verify.cpp", `${id}_verify`),
            bench: await program("bench.cpp", `${id}_bench`),
          }
        : undefined,
    compiled: counts.reduce((sum, c) => sum + c.compiled, 0),
    reused: counts.reduce((sum, c) => sum + c.reused, 0),
    together: Math.max(...counts.map((c) => c.together)),
  };
}

const programSources = ["src/program.cpp", "src/main.cpp", "verify.cpp", "bench.cpp"];

const sourcesIn = (dir: string, folder: string, ending: string): string[] =>
  readdirSync(join(dir, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => relative(".", join(folder, name)));

/** Of the layer's headers, which lie outside of the project that the cache looks through. */
const headersHash = (): string =>
  `0x${sha256(
    sourcesIn(simt, ".", ".h")
      .map((name) => readFileSync(join(simt, name), "utf8"))
      .join("\n"),
  ).slice(0, 8)}`;

async function link(compiler: string, output: string, args: readonly string[]): Promise<void> {
  const result = await runTool(compiler, [...args, "-o", output]);
  if (result.code === 0) return;
  const parameters = { compiler, file: output, output: result.output };
  throw new CompileError([diagnostic("LUM5002", undefined, parameters)]);
}
