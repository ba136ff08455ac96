/** Compiles an emitted CUDA project with nvcc, without CMake: objects by the same cache as the CPU's. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { CompileError, diagnostic } from "../../diagnostics.ts";
import type { Compiled, CompileOptions } from "../compile.ts";
import { compileUnits, type Unit } from "../compile-units.ts";
import { type Compiler, runTool } from "../toolchain.ts";

/** nvcc by the name given, CUDACXX, CUDA_HOME, the path, or where the toolkit is usually put. Throws LUM5009. */
export async function findNvcc(wanted: string | undefined): Promise<Compiler> {
  const home = process.env.CUDA_HOME ?? process.env.CUDA_PATH;
  const onPath = (process.env.PATH ?? "").split(delimiter).map((dir) => join(dir, "nvcc"));
  const usual = [
    ...(process.env.CUDACXX ? [process.env.CUDACXX] : []),
    ...(home === undefined ? [] : [join(home, "bin/nvcc")]),
    ...onPath,
    "/usr/local/cuda/bin/nvcc",
  ];
  for (const path of wanted === undefined ? usual : [wanted]) {
    if (!existsSync(path)) continue;
    const version = await runTool(path, ["--version"]);
    if (version.code === 0) return { path, identity: version.output, threads: [] };
  }
  const looked = wanted ?? "CUDACXX, CUDA_HOME, the path and /usr/local/cuda";
  throw new CompileError([diagnostic("LUM5009", undefined, { looked })]);
}

/** What every source of a project is compiled with, for an architecture such as `sm_90a`. */
export const nvccFlags = (arch: string): string[] => [
  "-std=c++17",
  "-O3",
  "-DNDEBUG",
  `-arch=${arch}`,
  "-Werror=all-warnings",
  // It takes an assignment to a [[nodiscard]] type for a call whose result is dropped.
  "-diag-suppress=2810",
  "-Xcompiler=-fPIC,-fvisibility=hidden,-Wall,-Wextra,-Werror",
];

/** The Python packages' toolkit has its libraries in `lib`, where its nvcc doesn't look. */
export const libraryFlags = (nvcc: string): string[] => {
  const lib = join(dirname(nvcc), "../lib");
  return existsSync(join(lib, "libcudart_static.a")) ? [`-L${lib}`] : [];
};

/** Compiles the project in `dir` into `dir/build`. Throws LUM5002 or 5009. */
export async function compileCuda(
  dir: string,
  options: Omit<CompileOptions, "arch"> & { readonly arch: string },
): Promise<Compiled> {
  const compiler = await findNvcc(options.compiler);
  const objects = join(dir, "build", "objects");
  mkdirSync(objects, { recursive: true });
  const id = basename(readdirSync(join(dir, "include"))[0], ".h");
  const { jobs, cache, onProgress, arch } = options;
  const units = (sources: readonly string[]): Unit[] =>
    sources.map((source) => ({ source, object: join(objects, `${source.replaceAll("/", "_")}.o`) }));
  const library = units([
    ...sourcesIn(dir, "src", ".cu"),
    ...sourcesIn(dir, "src/runtime", ".cpp"),
    ...sourcesIn(dir, "src/kernels", ".cu"),
  ]);
  const shared = units(["src/program.cpp"]);
  const mains = units(["src/main.cpp", "verify.cpp", "bench.cpp"]);
  const all = options.programs === true ? [...library, ...shared, ...mains] : library;
  const counts = await compileUnits(dir, all, { compiler, flags: nvccFlags(arch), jobs, cache, onProgress });
  const path = join(dir, "build", `lib${id}.so`);
  await link(compiler, path, ["-shared", ...library.map((u) => u.object)]);
  if (options.programs !== true) return { library: path, programs: undefined, ...counts };
  const [run, verify, bench] = await Promise.all(
    [id, `${id}_verify`, `${id}_bench`].map(async (name, i) => {
      const program = join(dir, "build", name);
      await link(compiler, program, [mains[i].object, shared[0].object, path, "-Xlinker=-rpath=$ORIGIN"]);
      return program;
    }),
  );
  return { library: path, programs: { run, verify, bench }, ...counts };
}

const sourcesIn = (dir: string, folder: string, ending: string): string[] =>
  readdirSync(join(dir, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`);

async function link(compiler: Compiler, output: string, args: readonly string[]): Promise<void> {
  const result = await runTool(compiler.path, [...args, ...libraryFlags(compiler.path), "-o", output]);
  if (result.code === 0) return;
  const parameters = { compiler: compiler.path, file: output, output: result.output };
  throw new CompileError([diagnostic("LUM5002", undefined, parameters)]);
}
