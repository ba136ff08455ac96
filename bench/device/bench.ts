/** What all parts of a run share: where it runs, with what, and where results go. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { CompileError } from "../../src/diagnostics.ts";
import { findNvcc } from "../../src/emit/cuda/compile.ts";
import { type Compiler, runTool } from "../../src/emit/toolchain.ts";
import { findGpu, type Gpu } from "../../src/search/measure/gpu-device.ts";
import type { GpuCompiler } from "../../src/search/measure/gpu-program.ts";

export const root = join(import.meta.dirname, "../..");

export type Bench = {
  /** Undefined where the kernels run on the CPU, to try the script itself. */
  readonly gpu: Gpu | undefined;
  readonly arch: string;
  readonly compiler: GpuCompiler;
  /** Undefined where there is none with PyTorch, or none is wanted; `noPython` says which. */
  readonly python: string | undefined;
  readonly noPython: string;
  /** Folder of projects, checkpoints and jobs. */
  readonly work: string;
  readonly jobs: number;
  readonly runs: number;
  /** Of the inputs that results are checked on. */
  readonly seed: number;
  /** How kernels are chosen: `direct` or `fast`. */
  readonly search: string;
  readonly prebuilt: boolean;
};

export type BenchOptions = {
  readonly emulate: boolean;
  readonly work: string;
  readonly python: string | undefined;
  readonly runs: number | undefined;
  readonly seed: number;
  readonly search: string;
  readonly prebuilt: boolean;
  /** Architecture to build for where no GPU is asked for. */
  readonly arch: string | undefined;
};

/** Where something is missing without which nothing can be measured: says what. */
export class Missing extends Error {}

export async function openBench(o: BenchOptions): Promise<Bench> {
  const gpu = o.emulate || o.arch !== undefined ? undefined : await findGpu();
  if (!o.emulate && o.arch === undefined && gpu === undefined)
    throw new Missing(
      "no NVIDIA GPU here (nvidia-smi finds none): nothing is measured. `--emulate` tries this script on the CPU, " +
        "`--build-only --arch sm_90a` builds the projects",
    );
  const { python, reason } = await pythonWith(o.python);
  const arch = o.arch ?? gpu?.arch ?? "sm_90a";
  return {
    gpu,
    arch,
    compiler: o.emulate ? { kind: "emulated" } : { kind: "nvcc", nvcc: await nvccHere(), arch },
    python,
    noPython: reason,
    work: o.work,
    jobs: availableParallelism(),
    runs: o.runs ?? (o.emulate ? 2 : 30),
    seed: o.seed,
    search: o.search,
    prebuilt: o.prebuilt,
  };
}

async function nvccHere(): Promise<Compiler> {
  try {
    return await findNvcc(undefined);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new Missing("no nvcc here: put it on the PATH, or name it by CUDACXX");
  }
}

/** A Python that has PyTorch; `none` asks for none. */
async function pythonWith(
  wanted: string | undefined,
): Promise<{ python: string | undefined; reason: string }> {
  if (wanted === "none") return { python: undefined, reason: "not asked for (--python none)" };
  const tried = wanted === undefined ? ["python3", "python"] : [wanted];
  const reasons: string[] = [];
  for (const python of tried) {
    const { code, output } = await runTool(python, ["-c", "import torch; print(torch.__version__)"]);
    if (code === 0) return { python, reason: "" };
    reasons.push(`${python}: ${output.trim().split("\n").at(-1) ?? "does not run"}`);
  }
  return { python: undefined, reason: `no Python with PyTorch (${reasons.join("; ")})` };
}
