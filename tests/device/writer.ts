/** CUDA kernels of many programs in one translation unit for a real device: memory that both sides see. */
import { libraryFlags, nvccFlags } from "../../src/emit/cuda/compile.ts";
import { templatePath } from "../../src/emit/template.ts";
import { cudaWriter } from "../cuda/emit/writer.ts";
import type { Writer } from "../emit/run-kernels.ts";

export function deviceWriter(nvcc: string, arch: string): Writer {
  const emulated = cudaWriter({ checked: false });
  return {
    ...emulated,
    tool: { path: nvcc, flags: ["-x", "cu", ...nvccFlags(arch), "-O1"] },
    flags: [`-I${templatePath("cuda")}`],
    link: libraryFlags(nvcc),
    objects: () => [],
    runtime: emulated.runtime.replace("cudaMalloc(&data", "cudaMallocManaged(&data"),
  };
}
