/**
 * Compiles an emitted project without CMake: one object per source, as many at a time as asked, each under a key of
 * everything that it depends on, so that an equal kernel of any model is compiled once.
 */
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CompileError, diagnostic } from "../diagnostics.ts";
import { type Arch, archFlags, archOf, hostArch, languageFlags } from "./arch.ts";
import { type Counts, compileUnits } from "./compile-units.ts";
import { type Compiler, findCompiler, runTool } from "./toolchain.ts";

export type CompileOptions = {
  readonly arch?: Arch | string;
  /** Name or path; CXX, g++, clang++ or c++ if left out. */
  readonly compiler?: string;
  /** The program, the self-test and the benchmark too, not only the library. */
  readonly programs?: boolean;
  /** Compilers at a time. */
  readonly jobs?: number;
  /** Where objects are kept; "" keeps none. */
  readonly cache?: string;
  /** More flags, for compiling and linking: sanitizers. */
  readonly flags?: readonly string[];
  readonly onProgress?: (done: number, total: number, file: string) => void;
};

export type Compiled = Counts & {
  readonly library: string;
  /** Where asked for. */
  readonly programs: { readonly run: string; readonly verify: string; readonly bench: string } | undefined;
};

/** Compiles the project in `dir` into `dir/build`. Throws LUM5001, 5002, 5005, 5006 or 5007. */
export async function compileProject(dir: string, options: CompileOptions = {}): Promise<Compiled> {
  const arch = archOf(options.arch ?? hostArch());
  const compiler = await findCompiler(options.compiler, archFlags(arch), arch);
  const flags = [...objectFlags(arch, compiler), ...(options.flags ?? [])];
  const build = join(dir, "build");
  const objects = join(build, "objects");
  mkdirSync(objects, { recursive: true });
  const id = basename(readdirSync(join(dir, "include"))[0], ".h");
  const object = (source: string): string =>
    join(objects, `${source.replaceAll("/", "_").replace(/\.cpp$/, "")}.o`);
  const sources =
    options.programs === true ? [...librarySources(dir), ...programSources] : librarySources(dir);
  const units = sources.map((source) => ({ source, object: object(source) }));
  const { jobs, cache, onProgress } = options;
  const counts = await compileUnits(dir, units, { compiler, flags, jobs, cache, onProgress });

  const linkFlags = [...archFlags(arch), ...compiler.threads, ...(options.flags ?? [])];
  const library = join(build, `lib${id}.${process.platform === "darwin" ? "dylib" : "so"}`);
  await link(compiler, library, ["-shared", ...linkFlags, ...librarySources(dir).map(object)]);
  const program = async (source: string, name: string): Promise<string> => {
    const path = join(build, name);
    const inputs = [object(source), object("src/program.cpp"), library];
    await link(compiler, path, [...linkFlags, ...inputs, "-Wl,-rpath,$ORIGIN"]);
    return path;
  };
  const programs =
    options.programs === true
      ? {
          run: await program("src/main.cpp", id),
          verify: await program("verify.cpp", `${id}_verify`),
          bench: await program("bench.cpp", `${id}_bench`),
        }
      : undefined;
  return { library, programs, ...counts };
}

/** What every source of a project is compiled with. */
export const objectFlags = (arch: Arch, compiler: Compiler): string[] => [
  "-std=c++17",
  "-O3",
  "-DNDEBUG",
  "-fPIC",
  "-fvisibility=hidden",
  ...archFlags(arch),
  ...languageFlags,
  ...compiler.threads,
];

const programSources = ["src/program.cpp", "src/main.cpp", "verify.cpp", "bench.cpp"];

function librarySources(dir: string): string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(join(dir, folder))
      .filter((name) => name.endsWith(".cpp"))
      .sort()
      .map((name) => `${folder}/${name}`);
  return ["src/model.cpp", "src/interface.cpp", ...inFolder("src/runtime"), ...inFolder("src/kernels")];
}

async function link(compiler: Compiler, output: string, args: readonly string[]): Promise<void> {
  const made = `${output}.${process.pid}`;
  const isElfLibrary = args[0] === "-shared" && process.platform !== "darwin";
  // Unloading would pull the code from under OpenMP's waiting threads.
  const elf = isElfLibrary ? [`-Wl,-soname,${basename(output)}`, "-Wl,-z,nodelete"] : [];
  const result = await runTool(compiler.path, [...args, ...elf, "-o", made], dirname(output));
  if (result.code !== 0) {
    rmSync(made, { force: true });
    const parameters = { compiler: compiler.path, file: output, output: result.output };
    throw new CompileError([diagnostic("LUM5002", undefined, parameters)]);
  }
  renameSync(made, output);
}
