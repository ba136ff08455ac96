/** What `build`, `run`, `generate`, `verify` and `bench` share: a model compiled into a folder, ready to be called. */
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { Argv } from "yargs";
import { CompileError, diagnostic } from "../src/diagnostics.ts";
import { archOf, hostArch } from "../src/emit/arch.ts";
import { type Compiled, compileProject } from "../src/emit/compile.ts";
import { compileCuda } from "../src/emit/cuda/compile.ts";
import { emulateProject } from "../src/emit/cuda/emulate.ts";
import { writeProject } from "../src/emit/write.ts";
import { type Bucket, bucketText, parseBucket } from "../src/ir/bucket.ts";
import type { SourceFile } from "../src/ir/source.ts";
import { NativeModel } from "../src/loader/native.ts";
import { modelSpec } from "../src/loader/spec.ts";
import {
  type Compilation,
  compile,
  compileLocked,
  compileSearched,
  type SearchedBucket,
} from "../src/pipeline.ts";
import { cudaMachine } from "../src/search/cost-cuda.ts";
import { type Lock, lockName, readLock, setAside } from "../src/search/lock-file.ts";
import type { Measurer } from "../src/search/measure/measure.ts";
import { type SaturateLimits, usualLimits } from "../src/search/saturate.ts";
import type { Progress, Searched, SearchOptions } from "../src/search/search.ts";
import { machineHere, machineOf, readCalibration } from "../src/targets/calibrated.ts";
import {
  type CudaArch,
  cudaArchOf,
  defaultCudaArch,
  type Permission,
  permissions,
} from "../src/targets/cuda.ts";
import { type CudaPart, cudaPartOf, cudaParts, figuresOf } from "../src/targets/cuda-parts.ts";
import { genericCpu, type Machine } from "../src/targets/machines.ts";
import { openCheckpoint } from "../src/weights/checkpoint.ts";
import { matchWeights } from "../src/weights/match.ts";
import { requiredTensors } from "../src/weights/required.ts";
import { withMeasurer } from "./measuring.ts";
import {
  findModelFile,
  type ModelOptions,
  outputFolder,
  readSource,
  settingsOf,
  weightsBeside,
} from "./model.ts";
import { percent, printDiagnostics, progress, progressDone, transient } from "./output.ts";

export type BuildOptions = ModelOptions & {
  target: string;
  arch?: string;
  allow?: Permission[];
  weights?: string;
  out?: string;
  jobs?: number;
  compiler?: string;
  compile?: boolean;
  locked?: boolean;
  force?: boolean;
  threads?: number;
  search?: string;
  seed?: number;
  searchMemory?: number;
  machine?: string;
  measure?: boolean;
  bucket?: string[];
  /** Compile a project for a GPU so that it runs on this machine's CPU. */
  emulate?: boolean;
  /** The project's own program, self-test and benchmark too. */
  programs?: boolean;
};

export const searchArguments = <T>(y: Argv<T>) =>
  y
    .option("target", { choices: ["cpu", "cuda", "metal"], default: "cpu", describe: "what to compile for" })
    .option("allow", {
      choices: permissions,
      array: true,
      describe: "with --target cuda: what may be less exact; tf32: tensor cores for products of f32",
    })
    .option("search", {
      type: "string",
      default: "direct",
      describe:
        "how kernels are chosen: direct; fast, of 600 plans for each bucket; or a number of seconds, of 400 plans for each of them, however long that takes",
    })
    .option("search-memory", {
      type: "number",
      describe:
        "megabytes that the search's rules may take, 1024 by default; then it goes on with what they found",
    })
    .option("bucket", {
      type: "string",
      array: true,
      describe: "values of dims to plan on their own: s=1 or s=2..16, once for each; none",
    })
    .option("seed", { type: "number", default: 1, describe: "of the search's random steps" })
    .option("machine", {
      type: "string",
      default: "here",
      describe: `whose costs decide: for cpu here, generic, or a file of doctor --calibrate; for cuda the part of --arch, or ${cudaParts.map((p) => p.name).join(", ")}`,
    });

export const buildArguments = <T>(y: Argv<T>) =>
  searchArguments(y)
    .option("arch", {
      type: "string",
      describe: "cpu: x86-64-v3, x86-64-v4, native or aarch64; cuda: sm_80, sm_86, sm_89, sm_90a or sm_100a",
    })
    .option("weights", { type: "string", describe: "a .safetensors file, an index of shards, or a folder" })
    .option("out", {
      type: "string",
      describe: "folder of the project; generated/<model>-<target> by default",
    })
    .option("jobs", { type: "number", describe: "compilers at a time; one per processor by default" })
    .option("compiler", { type: "string", describe: "C++ compiler; CXX, g++ or clang++ by default" })
    .option("emulate", {
      type: "boolean",
      default: false,
      describe: "with --target cuda: run the kernels on this machine's CPU, each access checked",
    })
    .option("measure", {
      type: "boolean",
      default: false,
      describe: "search, and time the best candidates on this machine: their kernels, then whole programs",
    })
    .option("locked", {
      type: "boolean",
      default: false,
      describe: "take the choices of lumc.lock.json, without a search",
    })
    .option("force", {
      type: "boolean",
      default: false,
      describe: "write over files that were changed by hand",
    });

export type Built = {
  readonly file: string;
  readonly dir: string;
  readonly compilation: Compilation & {
    readonly searched?: Searched;
    readonly searchedBuckets?: readonly SearchedBucket[];
  };
  readonly weights: string | undefined;
  readonly compiled: Compiled | undefined;
  readonly changed: readonly string[];
  /** Milliseconds: text to files, and the C++ compiler. */
  readonly times: { readonly lumc: number; readonly compiler: number };
  /** Remarks about the checkpoint: conversions, tensors that are not used. */
  readonly notes: readonly string[];
};

/** What is asked of the planned model before anything is written or compiled; what it throws ends the build. */
export type BeforeCompiling = (planned: {
  readonly compilation: Compilation;
  readonly weights: string | undefined;
}) => void;

export async function buildModel(options: BuildOptions, before: BeforeCompiling = () => {}): Promise<Built> {
  if (options.target === "metal")
    throw new CompileError([diagnostic("LUM5103", undefined, { target: options.target })]);
  const isCuda = options.target === "cuda";
  if (options.emulate && !isCuda)
    throw new CompileError([diagnostic("LUM5011", undefined, { target: options.target })]);
  checkAllowed(options);
  const start = performance.now();
  const file = findModelFile(options.file);
  const source = readSource(file);
  const arch = isCuda ? gpuArchOf(options).name : archOf(options.arch ?? hostArch());
  const dir = options.out ?? outputFolder(file, options.target);
  const locked = lockIn(dir, options);
  const weights = options.weights ?? weightsBeside(file);
  const compilation = await planned(source, options, arch, locked.lock, (c) =>
    before({ compilation: c, weights }),
  );
  before({ compilation, weights });
  const notes = [...locked.notes, ...(weights === undefined ? [] : checkWeights(compilation, weights))];
  if (locked.lock !== undefined) checkLock(compilation, locked.lock);
  const changed = writeProject(compilation.files, dir, { force: options.force });
  const written = performance.now();
  const compiled = options.compile === false ? undefined : await compiledIn(resolve(dir), arch, options);
  const times = { lumc: written - start, compiler: performance.now() - written };
  return { file, dir, compilation, weights, compiled, changed, times, notes };
}

/** Throws LUM5012 where something is allowed that the target has no use for. */
export function checkAllowed({ target, allow = [] }: Pick<BuildOptions, "target" | "allow">): void {
  if (allow.length > 0 && target !== "cuda")
    throw new CompileError([diagnostic("LUM5012", undefined, { allowed: allow.join(" "), target })]);
}

/** Compiled for the target, or where asked for, a project for a GPU for this machine's CPU. */
function compiledIn(dir: string, arch: string, options: BuildOptions): Promise<Compiled> {
  const common = {
    compiler: options.compiler,
    programs: options.programs,
    jobs: options.jobs ?? availableParallelism(),
    onProgress: (done: number, total: number, unit: string) => progress("compiling", done, total, unit),
  };
  if (options.target !== "cuda") return compileProject(dir, { ...common, arch });
  if (options.emulate) return emulateProject(dir, { ...common, checked: true });
  return compileCuda(dir, { ...common, arch });
}

/** What is compiled for: `--arch`, or what the GPU is that `--machine` names. */
export function gpuArchOf({
  arch,
  allow,
  machine = "here",
}: Pick<BuildOptions, "arch" | "allow" | "machine">) {
  return cudaArchOf(arch ?? cudaPartOf(machine)?.arch ?? defaultCudaArch, allow);
}

/** Plans that the search costs in a second of `--search SECONDS`, whatever the machine, so that it finds the same everywhere. */
const evaluationsPerSecond = 400;

function planned(
  source: SourceFile,
  options: BuildOptions,
  arch: string,
  locked: Locked | undefined,
  before: (c: Compilation) => void,
): Promise<Built["compilation"]> | Built["compilation"] {
  const common = {
    set: settingsOf(source, options),
    model: options.model,
    target: options.target === "cuda" ? ("cuda" as const) : ("cpu" as const),
    arch,
    allow: options.allow,
    buckets: bucketsOf(options.bucket),
  };
  if (locked !== undefined) return compileLocked(source, common, locked);
  const search = searchOf(
    options.measure && options.search === "direct" ? { ...options, search: "fast" } : options,
  );
  if (search === undefined) return compile(source, common);
  // Measuring compiles kernels: whatever is wrong with the command is found before, of the direct plan.
  if (options.measure) before(compile(source, common));
  const searched = (measure?: Measurer) =>
    compileSearched(source, { ...common, search: { ...search, measure } });
  const place = options.target === "cuda" ? { arch: undefined, gpu: arch } : { arch: archOf(arch) };
  const programSeconds = Number(options.search) || undefined;
  const found = options.measure
    ? withMeasurer({ ...options, ...place, programSeconds }, searched)
    : searched();
  return found.finally(progressDone);
}

/** What `--search` and `--seed` ask for; undefined for the direct plan. */
export function searchOf({
  search = "direct",
  seed,
  searchMemory,
  ...target
}: Pick<BuildOptions, "search" | "searchMemory" | "seed" | "target" | "arch" | "allow" | "machine">):
  | SearchOptions
  | undefined {
  if (search === "direct" || search === "0") return undefined;
  const seconds = search === "fast" ? undefined : Number(search);
  if (seconds !== undefined && !(seconds > 0))
    throw new CompileError([
      diagnostic("LUM5104", undefined, { option: "search", text: search, form: "direct, fast or seconds" }),
    ]);
  const evaluations = seconds === undefined ? undefined : Math.ceil(seconds * evaluationsPerSecond);
  const onProgress = (p: Progress): void =>
    transient(`searching ${p.evaluated}/${p.most}, ${percent(1 - p.share)} under the direct plan`);
  return { evaluations, seed, onProgress, limits: limitsFor(searchMemory), machine: machineFor(target) };
}

/** What the rules may take. Where they have filled their memory, that is said once, whatever the number of buckets. */
function limitsFor(megabytes = usualLimits.memoryBytes / 2 ** 20): SaturateLimits {
  if (!(megabytes > 0))
    throw new CompileError([
      diagnostic("LUM5104", undefined, {
        option: "search-memory",
        text: String(megabytes),
        form: "megabytes",
      }),
    ]);
  let isTold = false;
  const onReached: SaturateLimits["onReached"] = (limit) => {
    if (limit !== "memory" || isTold) return;
    isTold = true;
    progressDone();
    printDiagnostics([diagnostic("LUM4004", undefined, { megabytes: String(megabytes) })], false);
  };
  return { ...usualLimits, memoryBytes: megabytes * 2 ** 20, onReached };
}

/** What the cost model knows of the machine that is compiled for. */
export function machineFor({
  target,
  arch,
  allow,
  machine = "here",
}: Pick<BuildOptions, "target" | "arch" | "allow" | "machine">): Machine {
  if (target === "cuda") return gpuMachine(gpuArchOf({ arch, allow, machine }), cudaPartOf(machine));
  if (machine === "here") return machineHere(undefined, (d) => printDiagnostics([d], false));
  if (machine === "generic") return genericCpu;
  const { found, problem } = readCalibration(machine);
  if (found !== undefined) return machineOf(found);
  const form = "here, generic or a file that `lumc doctor --calibrate` wrote";
  if (problem !== undefined) printDiagnostics([problem], false);
  throw new CompileError([diagnostic("LUM5104", undefined, { option: "machine", text: machine, form })]);
}

function gpuMachine(code: CudaArch, part: CudaPart | undefined): Machine {
  if (part === undefined) return cudaMachine(code);
  const { levels, vectorRate } = part.machine;
  return { ...cudaMachine(figuresOf(part, code)), levels, vectorRate };
}

export function bucketsOf(texts: readonly string[] | undefined): Bucket[] | undefined {
  if (texts === undefined) return undefined;
  if (texts.length === 1 && texts[0] === "none") return [];
  return texts.map((text) => {
    const bucket = parseBucket(text);
    if (bucket !== undefined) return bucket;
    throw new CompileError([
      diagnostic("LUM5104", undefined, { option: "bucket", text, form: "dim=1 or dim=2..16" }),
    ]);
  });
}

/** Everything that is wrong with a checkpoint, in one report. */
function checkWeights(compilation: Compilation, location: string): readonly string[] {
  const checkpoint = openCheckpoint(location);
  if (!checkpoint.ok) throw new CompileError([checkpoint.problem]);
  const match = matchWeights(requiredTensors(compilation.hlir), checkpoint.value);
  if (match.problems.length > 0) throw new CompileError(match.problems);
  return match.notes;
}

export function checkHasWeights({ hlir, program }: Compilation, weights: string | undefined): void {
  if (program.weights.length > 0 && weights === undefined)
    throw new CompileError([diagnostic("LUM6208", undefined, { model: hlir.name })]);
}

type Locked = { readonly lock: Lock; readonly text: string; readonly path: string };

/** The lock that `--locked` asks for. A damaged one is put aside, whether it is asked for or only in the way. */
function lockIn(dir: string, options: BuildOptions): { lock?: Locked; notes: readonly string[] } {
  const path = join(dir, lockName);
  const read = readLock(path);
  if (read.kind === "damaged") {
    const found = diagnostic("LUM4001", undefined, {
      lock: path,
      reason: read.reason,
      aside: setAside(path),
    });
    if (options.locked === true) throw new CompileError([found]);
    return { notes: [found.message] };
  }
  if (options.locked !== true) return { notes: [] };
  if (read.kind === "none") throw new CompileError([diagnostic("LUM4002", undefined, { lock: path })]);
  if (read.kind === "other version") throw notFitting(path, `it is of form ${read.version}`);
  const [allowed, asked] = [read.lock.allow ?? [], options.allow ?? []].map((list) => list.join(" "));
  if (allowed !== asked)
    throw notFitting(path, `it was built with ${allowText(allowed)}, this build has ${allowText(asked)}`);
  const wanted = bucketsOf(options.bucket)?.map(bucketText).join(" ");
  const stated = read.lock.plans
    .slice(1)
    .map((p) => p.bucket)
    .join(" ");
  if (wanted !== undefined && wanted !== stated)
    throw notFitting(
      path,
      `it has plans for ${stated || "no bucket"}, --bucket asks for ${wanted || "none"}`,
    );
  return { lock: { lock: read.lock, text: read.text, path }, notes: [] };
}

const allowText = (allowed: string): string => (allowed === "" ? "no --allow" : `--allow ${allowed}`);

const notFitting = (lock: string, difference: string) =>
  new CompileError([diagnostic("LUM5106", undefined, { lock, difference })]);

/** The choices were taken; all that follows from them must be as the lock says. */
function checkLock(compilation: Compilation, { text, path }: Locked): void {
  const made = compilation.files.get(lockName)!;
  if (text !== made) throw notFitting(path, firstDifference(text, made));
}

function firstDifference(a: string, b: string): string {
  const [left, right] = [a.split("\n"), b.split("\n")];
  const at = left.findIndex((line, i) => line !== right[i]);
  return `line ${at + 1} says ${left[at]?.trim() ?? "nothing"}, the build makes ${right[at]?.trim() ?? "nothing"}`;
}

/** The compiled model in memory; weights are converted once, with progress, into a file beside the build. */
export function loadModel(built: Built, options: { threads?: number; timings?: boolean } = {}): NativeModel {
  if (built.compiled === undefined) throw new Error("the project was not compiled");
  checkHasWeights(built.compilation, built.weights);
  const verb = built.compilation.program.device === "cuda" ? "copying" : "packing";
  return new NativeModel(built.compiled.library, modelSpec(built.compilation.program), {
    weights: built.weights,
    cache: join(built.dir, "build", "weights.packed"),
    threads: options.threads,
    timings: options.timings,
    onProgress: (done, total, tensor) => progress(`${verb} weights`, done, total, tensor),
  });
}
