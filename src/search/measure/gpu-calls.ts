/** The kernel calls of a program for a GPU: beside text, sizes and buffers a timing depends on the launch and the dims. */
import { cudaKernelSource } from "../../emit/cuda/kernel-source.ts";
import { sharedBytes } from "../../emit/cuda/view.ts";
import { sha256 } from "../../emit/object-cache.ts";
import { runtimeFiles } from "../../emit/runtime-files.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Program } from "../../ir/llir.ts";
import { callsOf, type KernelCall, type NamedKernel } from "./calls.ts";

export type GpuCall = KernelCall & {
  /** Of the dims that the kernel reads from device memory, in order. */
  readonly dims: readonly number[];
};

export function gpuCallsOf(program: Program, dims: ReadonlyMap<string, number>): GpuCall[] {
  return callsOf(program, dims, named).map((c) => {
    const values = (c.kernel.launch?.dims ?? []).map((d) => dims.get(d.dim) ?? 0);
    return { ...c, dims: values, form: `${c.form} dims ${values.join(" ")} launch ${launchText(c.kernel)}` };
  });
}

/** Blocks that there is work for, threads, and bytes of shared memory in C++. */
export const launchText = (k: Kernel): string => {
  if (k.launch === undefined) throw new Error(`${k.name} has no launch`);
  return `${k.launch.blocks}, ${k.launch.threads}, ${sharedBytes(k)}`;
};

/** Under a name made of its text, with the dims that it reads as a struct of its own: the same in any model. */
function named(kernel: Kernel): NamedKernel {
  const fields = (kernel.launch?.dims ?? []).map((d) => d.dim);
  const dims =
    fields.length === 0 ? [] : [`struct Dims { std::int64_t ${[...new Set(fields)].join(", ")}; };`];
  const bare = (name: string): string =>
    cudaKernelSource({ ...kernel, name }, () => 0)
      .replace(/^(\/\/.*\n)*/, "")
      .replace(/[ \t]+\/\/ \[.*$/gm, "")
      .replace('#include "kernels.h"\n', ["#include <cstdint>", ...dims, ""].join("\n"));
  const text = bare("measured");
  const runtime = [...runtimeFiles(["cuda", "cpu"], [text]).values()];
  const hash = sha256([text, ...runtime, launchText(kernel)].join("\n"));
  // The launch counts too: the table of kernels has one for each name.
  const name = `k${sha256(`${text}\n${launchText(kernel)}`).slice(0, 16)}`;
  return { kernel: { ...kernel, name }, source: bare(name), hash };
}

/** The struct's fields as the kernel's source declares them: without repetition. */
export const dimValues = (c: GpuCall): number[] => {
  const byName = new Map((c.kernel.launch?.dims ?? []).map((d, i) => [d.dim, c.dims[i]]));
  return [...byName.values()];
};
