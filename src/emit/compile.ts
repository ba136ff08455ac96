/**
 * Compiles an emitted project without CMake: one object per source, as many at a time as asked, each under a key of
 * everything that it depends on, so that an equal kernel of any model is compiled once.
 */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { CompileError, diagnostic } from "../diagnostics.ts";
import { type Arch, archFlags, archOf, hostArch, languageFlags } from "./arch.ts";
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

export type Compiled = {
  readonly library: string;
  /** Where asked for. */
  readonly programs: { readonly run: string; readonly verify: string; readonly bench: string } | undefined;
  /** Objects compiled now, and those found in the cache. */
  readonly compiled: number;
  readonly reused: number;
};

export const defaultCache = (): string =>
  join(process.env.LUMC_CACHE ?? process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "lumc", "objects");

type Unit = { readonly source: string; readonly object: string };

/** Compiles the project in `dir` into `dir/build`. Throws LUM5001, 5002, 5005, 5006 or 5007. */
export async function compileProject(dir: string, options: CompileOptions = {}): Promise<Compiled> {
  const arch = archOf(options.arch ?? hostArch());
  const compiler = await findCompiler(options.compiler, archFlags(arch), arch);
  const flags = [
    "-std=c++17",
    "-O3",
    "-DNDEBUG",
    "-fPIC",
    "-fvisibility=hidden",
    ...archFlags(arch),
    ...languageFlags,
    ...compiler.threads,
    ...(options.flags ?? []),
  ];
  const build = join(dir, "build");
  const objects = join(build, "objects");
  mkdirSync(objects, { recursive: true });
  const id = basename(readdirSync(join(dir, "include"))[0], ".h");
  const object = (source: string): string =>
    join(objects, `${source.replaceAll("/", "_").replace(/\.cpp$/, "")}.o`);
  const sources =
    options.programs === true ? [...librarySources(dir), ...programSources] : librarySources(dir);
  const counts = await compileAll(
    dir,
    sources.map((source) => ({ source, object: object(source) })),
    { ...options, compiler, flags },
  );

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

const programSources = ["src/program.cpp", "src/main.cpp", "verify.cpp", "bench.cpp"];

function librarySources(dir: string): string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(join(dir, folder))
      .filter((name) => name.endsWith(".cpp"))
      .sort()
      .map((name) => `${folder}/${name}`);
  return ["src/model.cpp", "src/interface.cpp", ...inFolder("src/runtime"), ...inFolder("src/kernels")];
}

type Build = Omit<CompileOptions, "compiler"> & {
  readonly compiler: Compiler;
  readonly flags: readonly string[];
};

async function compileAll(dir: string, units: readonly Unit[], build: Build) {
  const cache = build.cache ?? defaultCache();
  const waiting = [...units];
  let [compiled, reused, done] = [0, 0, 0];
  const failures: CompileError[] = [];
  const worker = async (): Promise<void> => {
    for (let unit = waiting.shift(); unit !== undefined && failures.length === 0; unit = waiting.shift()) {
      const kept = cache === "" ? undefined : join(cache, `${keyOf(dir, unit.source, build)}.o`);
      if (kept !== undefined && existsSync(kept)) {
        copyAtomically(kept, unit.object);
        reused++;
      } else {
        try {
          await compileOne(dir, unit, build);
        } catch (error) {
          if (!(error instanceof CompileError)) throw error;
          failures.push(error);
          return;
        }
        if (kept !== undefined) keep(unit.object, kept);
        compiled++;
      }
      build.onProgress?.(++done, units.length, unit.source);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, build.jobs ?? 2) }, worker));
  if (failures.length > 0) throw new CompileError(failures.flatMap((f) => f.diagnostics));
  return { compiled, reused };
}

async function compileOne(dir: string, unit: Unit, build: Build): Promise<void> {
  const made = `${unit.object}.${process.pid}`;
  const args = [...build.flags, "-Iinclude", "-Isrc", "-c", unit.source, "-o", relative(dir, made)];
  const result = await runTool(build.compiler.path, args, dir);
  if (result.code !== 0) {
    rmSync(made, { force: true });
    throw new CompileError([
      diagnostic("LUM5002", undefined, {
        compiler: build.compiler.path,
        file: join(dir, unit.source),
        output: result.output.split("\n").slice(0, 40).join("\n"),
      }),
    ]);
  }
  renameSync(made, unit.object);
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

const include = /^\s*#\s*include\s+"([^"]+)"/gm;

/** A hash over compiler, flags, the source, and every file of the project that it includes. */
function keyOf(dir: string, source: string, build: Build): string {
  const hash = createHash("sha256");
  hash.update(`${build.compiler.identity}\n${build.flags.join(" ")}\n`);
  const seen = new Set<string>();
  const add = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const whole = readFileSync(join(dir, path), "utf8");
    const text = path === "src/kernels/kernels.h" ? prototypeIn(whole, source) : whole;
    hash.update(`${text.length}\n${text}`);
    for (const [, name] of text.matchAll(include)) {
      const found = [join(dirname(path), name), join("src", name), join("include", name)].find((p) =>
        existsSync(join(dir, p)),
      );
      if (found !== undefined) add(found);
    }
  };
  add(source);
  return hash.digest("hex");
}

/** What a kernel sees of the list of all kernels: its own prototype. It may be the same in another model. */
function prototypeIn(text: string, source: string): string {
  const isKernel = source.startsWith("src/kernels/");
  if (!isKernel) return text;
  const name = basename(source, ".cpp");
  const own = (line: string): boolean =>
    line.startsWith("#") || line.toLowerCase().startsWith(`void ${name}(`);
  return text.split("\n").filter(own).join("\n");
}

function copyAtomically(from: string, to: string): void {
  const made = `${to}.${process.pid}`;
  copyFileSync(from, made);
  renameSync(made, to);
}

/** Into the cache; a cache that can't be written is no reason to fail. */
function keep(object: string, kept: string): void {
  try {
    mkdirSync(dirname(kept), { recursive: true });
    copyAtomically(object, kept);
  } catch {
    return;
  }
}
