/** Measured times of plans on this machine's GPU: the sum of their kernels', each timed once and kept. */
import { availableParallelism } from "node:os";
import { CompileError, diagnostic } from "../../diagnostics.ts";
import { findNvcc, nvccFlags } from "../../emit/cuda/compile.ts";
import { sha256 } from "../../emit/object-cache.ts";
import type { Plan } from "../../ir/plan.ts";
import { scheduleCuda } from "../../lower/schedule-cuda.ts";
import { cudaArchOf, type Permission } from "../../targets/cuda.ts";
import type { KernelCall } from "./calls.ts";
import type { TimingDatabase, TimingKey } from "./database.ts";
import { type GpuCall, gpuCallsOf } from "./gpu-calls.ts";
import { findGpu, type Gpu } from "./gpu-device.ts";
import { type GpuHarnessOptions, timeGpuCalls } from "./gpu-harness.ts";
import type { GpuCompiler } from "./gpu-program.ts";
import type { Dims, Measurer } from "./measure.ts";

export type GpuMeasureOptions = {
  readonly database: TimingDatabase;
  /** What is compiled for; the GPU's own where it is left out. */
  readonly arch?: string;
  readonly allow?: readonly Permission[];
  /** nvcc. */
  readonly compiler?: string;
  readonly jobs?: number;
  readonly cache?: string;
  readonly runs?: number;
  /** Kernels compiled of those that no timing is known of. */
  readonly onProgress?: (done: number, total: number) => void;
};

/** Where and with what kernels are timed. */
export type GpuPlace = {
  readonly compiler: GpuCompiler;
  readonly arch: string;
  /** Of the database's keys: compiler with its flags, device with its driver and toolkit. */
  readonly flags: string;
  readonly machine: string;
};

/** Throws LUM5010 where there is no GPU that code for `arch` runs on, LUM5009 where there is no nvcc. */
export async function createGpuMeasurer(o: GpuMeasureOptions): Promise<Measurer> {
  const gpu = await findGpu();
  const arch = o.arch ?? gpu?.arch;
  if (gpu === undefined || arch === undefined)
    throw missing(o.arch, "there is no NVIDIA GPU here (nvidia-smi finds none)");
  if (arch !== gpu.arch) throw missing(arch, `this machine's GPU, ${gpu.name}, is ${gpu.arch}`);
  const nvcc = await findNvcc(o.compiler);
  return measurerAt(gpuPlace(gpu, { kind: "nvcc", nvcc, arch }, arch), o);
}

const missing = (arch: string | undefined, reason: string): CompileError =>
  new CompileError([diagnostic("LUM5010", undefined, { arch: arch ?? "a GPU", reason })]);

/** A timing holds for this device, driver, toolkit and flags only. */
export function gpuPlace(gpu: Gpu, compiler: GpuCompiler, arch: string): GpuPlace {
  const identity = compiler.kind === "nvcc" ? compiler.nvcc.identity : "emulated";
  const toolkit = /V(\d[\d.]*)/.exec(identity)?.[1] ?? identity;
  return {
    compiler,
    arch,
    flags: sha256([identity, ...nvccFlags(arch)].join("\n")).slice(0, 16),
    machine: `${gpu.name}, driver ${gpu.driver}, CUDA ${toolkit}`,
  };
}

export function measurerAt(place: GpuPlace, o: GpuMeasureOptions): Measurer {
  const { compiler, flags, machine } = place;
  let [timed, known] = [0, 0];
  const keyOf = (c: GpuCall): TimingKey => ({ kernel: c.hash, form: c.form, flags, machine });
  const options: GpuHarnessOptions = {
    compiler,
    jobs: o.jobs ?? availableParallelism(),
    cache: o.cache,
    runs: o.runs ?? 11,
    onProgress: o.onProgress,
  };

  const gpuCalls = async (wanted: readonly GpuCall[]): Promise<number[]> => {
    const found = new Map<string, number>();
    const missing = new Map<string, GpuCall>();
    for (const c of wanted) {
      const id = `${c.hash} ${c.form}`;
      if (found.has(id) || missing.has(id)) continue;
      const seconds = o.database.find(keyOf(c));
      if (seconds === undefined) missing.set(id, c);
      else found.set(id, seconds);
    }
    known += found.size;
    if (missing.size > 0) {
      const list = [...missing.values()];
      const seconds = await timeGpuCalls(list, options);
      o.database.keep(list.map((c, i) => [keyOf(c), seconds[i]] as const));
      list.forEach((c, i) => {
        found.set(`${c.hash} ${c.form}`, seconds[i]);
      });
      timed += missing.size;
    }
    return wanted.map((c) => found.get(`${c.hash} ${c.form}`)!);
  };

  const plans = async (all: readonly Plan[], points: readonly Dims[]): Promise<number[][]> => {
    const lists = all.map((plan) => {
      const program = scheduleCuda(plan, [], cudaArchOf(place.arch, o.allow));
      return points.map((dims) => gpuCallsOf(program, dims));
    });
    const seconds = await gpuCalls(lists.flat(2));
    let next = 0;
    return lists.map((byPoint) =>
      byPoint.map((list) => list.reduce((sum, c) => sum + c.runs * seconds[next++], 0)),
    );
  };
  const isGpuCall = (c: KernelCall): c is GpuCall => "dims" in c;
  const calls = (wanted: readonly KernelCall[]): Promise<number[]> => gpuCalls(wanted.filter(isGpuCall));
  return { plans, calls, counts: () => ({ timed, known }) };
}
