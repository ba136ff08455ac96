/** The kernels' texts, and the numbers that their checks of indices go by. */
import type { Program } from "../../ir/llir.ts";
import { cudaKernelSource } from "./kernel-source.ts";

/** A checked read or write: which kernel, and what the model says of it. */
export type Site = { readonly kernel: string; readonly what: string };

export type CudaKernelText = { readonly name: string; readonly text: string };

export function kernelTexts(program: Program): {
  readonly texts: readonly CudaKernelText[];
  readonly sites: readonly Site[];
} {
  const sites: Site[] = [];
  const texts = program.kernels.map((kernel) => {
    const numberOf = (what: string): number => {
      const known = sites.findIndex((s) => s.kernel === kernel.name && s.what === what);
      return known >= 0 ? known : sites.push({ kernel: kernel.name, what }) - 1;
    };
    return { name: kernel.name, text: cudaKernelSource(kernel, numberOf) };
  });
  return { texts, sites };
}
