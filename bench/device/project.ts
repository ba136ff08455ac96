/** Projects that lumc writes for the workloads, compiled for the device or for the emulation. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Compiled } from "../../src/emit/compile.ts";
import { compileCuda } from "../../src/emit/cuda/compile.ts";
import { emulateProject } from "../../src/emit/cuda/emulate.ts";
import { runTool } from "../../src/emit/toolchain.ts";
import { writeProject } from "../../src/emit/write.ts";
import { type Bucket, parseBucket } from "../../src/ir/bucket.ts";
import { type ModelSpec, NativeModel } from "../../src/loader/native.ts";
import { modelSpec } from "../../src/loader/spec.ts";
import { type Compilation, type CompileOptions, compile, compileSearched } from "../../src/pipeline.ts";
import { cudaMachine } from "../../src/search/cost-cuda.ts";
import { cudaArchOf } from "../../src/targets/cuda.ts";
import type { Bench } from "./bench.ts";
import type { Spread } from "./workload.ts";

export type Project = {
  readonly dir: string;
  readonly spec: ModelSpec;
  readonly library: string;
  readonly programs: NonNullable<Compiled["programs"]>;
};

export type Wanted = {
  /** Path of the model file. */
  readonly model: string;
  readonly set: Readonly<Record<string, string | number>>;
  readonly buckets: readonly string[];
};

/** Folder and compilation of each project of this run. */
const made = new Map<string, Promise<Project>>();

export function projectOf(wanted: Wanted, bench: Bench): Promise<Project> {
  const name = [
    basename(wanted.model, ".lum"),
    ...Object.entries(wanted.set).map(([k, v]) => `${k}${String(v).replace(/[^\w.]/g, "_")}`),
  ].join("-");
  const dir = join(bench.work, "projects", name);
  const found = made.get(dir) ?? build(wanted, dir, bench);
  made.set(dir, found);
  return found;
}

async function build(wanted: Wanted, dir: string, bench: Bench): Promise<Project> {
  const compilation = await planned(wanted, bench);
  mkdirSync(dir, { recursive: true });
  writeProject(compilation.files, dir, { force: true });
  const compiled = bench.prebuilt ? prebuilt(dir, compilation) : await compiledIn(dir, bench);
  // The cache keeps what is worth keeping: what is carried to another machine stays small.
  rmSync(join(dir, "build/objects"), { recursive: true, force: true });
  return {
    dir,
    spec: modelSpec(compilation.program),
    library: compiled.library,
    programs: compiled.programs!,
  };
}

function compiledIn(dir: string, bench: Bench): Promise<Compiled> {
  const { jobs, arch, compiler } = bench;
  if (compiler.kind === "emulated") return emulateProject(dir, { jobs, programs: true });
  return compileCuda(dir, { jobs, arch, compiler: compiler.nvcc.path, programs: true });
}

/** What `--build-only` left in the folder. */
function prebuilt(dir: string, compilation: Compilation): Pick<Compiled, "library" | "programs"> {
  const { prefix } = modelSpec(compilation.program);
  const at = (name: string) => join(dir, "build", name);
  const library = at(`lib${prefix}.so`);
  if (!existsSync(library)) throw new Error(`${library} is not there: build without --prebuilt`);
  return {
    library,
    programs: { run: at(prefix), verify: at(`${prefix}_verify`), bench: at(`${prefix}_bench`) },
  };
}

function planned(wanted: Wanted, bench: Bench): Promise<Compilation> | Compilation {
  const source = { path: wanted.model, text: readFileSync(wanted.model, "utf8") };
  const options: CompileOptions = {
    set: new Map(Object.entries(wanted.set).map(([k, v]) => [k, String(v)])),
    target: "cuda",
    arch: bench.arch,
    buckets: wanted.buckets.map((text): Bucket => parseBucket(text)!),
  };
  if (bench.search === "direct") return compile(source, options);
  return compileSearched(source, { ...options, search: { machine: cudaMachine(cudaArchOf(bench.arch)) } });
}

export const opened = (p: Project, weights?: string): NativeModel =>
  new NativeModel(p.library, p.spec, { weights, cache: "" });

export type Found = {
  readonly device: Spread;
  readonly kernels: readonly (Spread & { readonly kernel: string; readonly calls: number })[];
};

/** What the project's own program measures. */
export async function benchProgram(p: Project, args: readonly (string | number)[]): Promise<Found> {
  const { code, output } = await runTool(p.programs.bench, ["--json", ...args.map(String)]);
  const line = output.split("\n").find((l) => l.startsWith("{"));
  if (code !== 0 || line === undefined) throw new Error(`${p.programs.bench}: ${output.trim().slice(-600)}`);
  const { device, kernels } = JSON.parse(line);
  return { device, kernels };
}

export const dimWords = (option: string, dims: Readonly<Record<string, number>>): string[] =>
  Object.entries(dims).flatMap(([name, value]) => [option, `${name}=${value}`]);
