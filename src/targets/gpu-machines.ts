/**
 * GPUs for the cost model, from what their makers publish. Rates are dense (NVIDIA's sheets state tensor cores with
 * sparsity, twice as much), at boost clocks. No sheet gives the bandwidth of the second-level cache, so that all
 * tensors move at the memory's. `launch` is about what a kernel of a captured graph costs and no published figure.
 */
import type { Machine } from "./machines.ts";

type Published = {
  readonly name: string;
  readonly processors: number;
  readonly memory: number;
  /** Multiply-adds of f32 outside of tensor cores, counted as two. */
  readonly f32: number;
  /** What a blocked contraction of f32 runs on: tf32 tensor cores where there are any. */
  readonly contraction: number;
};

const gpu = ({ name, processors, memory, f32, contraction }: Published): Machine => ({
  name,
  threads: processors,
  levels: [{ bytes: Infinity, bytesPerSecond: memory }],
  contractionRate: contraction,
  vectorRate: f32 / 2,
  tile: { m: 64, n: 64 },
  launch: 1.5e-6,
});

/** NVIDIA H100 Tensor Core GPU data sheet, SXM: 67 TFLOPS f32, 989 tf32 with sparsity, 3.35 TB/s; 132 SMs. */
export const h100 = gpu({
  name: "H100 SXM",
  processors: 132,
  memory: 3.35e12,
  f32: 67e12,
  contraction: 494e12,
});

/** NVIDIA H200 Tensor Core GPU data sheet, SXM: as the H100, with 4.8 TB/s. */
export const h200 = gpu({
  name: "H200 SXM",
  processors: 132,
  memory: 4.8e12,
  f32: 67e12,
  contraction: 494e12,
});

/** NVIDIA A100 Tensor Core GPU data sheet, 80 GB SXM: 19.5 TFLOPS f32, 156 tf32, 2039 GB/s; 108 SMs. */
export const a100 = gpu({
  name: "A100 SXM 80 GB",
  processors: 108,
  memory: 2.039e12,
  f32: 19.5e12,
  contraction: 156e12,
});

/** NVIDIA L4 Tensor Core GPU data sheet: 30.3 TFLOPS f32, 120 tf32 with sparsity, 300 GB/s; 58 SMs. */
export const l4 = gpu({ name: "L4", processors: 58, memory: 300e9, f32: 30.3e12, contraction: 60e12 });

/** NVIDIA Ada GPU architecture whitepaper, RTX 4090: 82.6 TFLOPS f32, 82.6 tf32, 1008 GB/s; 128 SMs. */
export const rtx4090 = gpu({
  name: "RTX 4090",
  processors: 128,
  memory: 1.008e12,
  f32: 82.6e12,
  contraction: 82.6e12,
});

/** NVIDIA Ampere GA102 GPU architecture whitepaper, RTX 3090: 35.6 TFLOPS f32, 35.6 tf32, 936 GB/s; 82 SMs. */
export const rtx3090 = gpu({
  name: "RTX 3090",
  processors: 82,
  memory: 0.936e12,
  f32: 35.6e12,
  contraction: 35.6e12,
});

/** NVIDIA HGX B200 figures for one GPU at 1000 W: 80 TFLOPS f32, 2.2 PFLOPS tf32 with sparsity, 8 TB/s; 148 SMs. */
export const b200 = gpu({
  name: "B200",
  processors: 148,
  memory: 8e12,
  f32: 80e12,
  contraction: 1.1e15,
});

/** Apple's announcement of the M2: 10 GPU cores, 3.6 teraflops, 100 GB/s of unified memory. */
export const m2 = gpu({ name: "Apple M2", processors: 10, memory: 100e9, f32: 3.6e12, contraction: 3.6e12 });

/** Apple's announcement of the M4: 10 GPU cores, 120 GB/s. It states no rate of the GPU: the M2's stands in for it. */
export const m4 = gpu({ name: "Apple M4", processors: 10, memory: 120e9, f32: 3.6e12, contraction: 3.6e12 });

export const gpuMachines: readonly Machine[] = [h100, h200, b200, a100, l4, rtx3090, rtx4090, m2, m4];

const parts: ReadonlyMap<string, Machine> = new Map([
  ["sm_80", a100],
  ["sm_86", rtx3090],
  ["sm_89", rtx4090],
  ["sm_90a", h100],
  ["sm_100a", b200],
]);

/** The part that the cost model takes for an architecture of `--arch`: the largest one with published figures here. */
export function gpuOfArch(arch: string): Machine {
  return parts.get(arch) ?? h100;
}
