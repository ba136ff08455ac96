/** NVIDIA's GPUs by the names that `--machine` knows: whose published figures the costs are of, whatever is compiled for. */
import { CompileError, diagnostic } from "../diagnostics.ts";
import { type CudaArch, cudaArchOf } from "./cuda.ts";
import { a100, b200, h100, h200, l4, rtx3090, rtx4090 } from "./gpu-machines.ts";
import type { Machine } from "./machines.ts";

export type CudaPart = {
  readonly name: string;
  /** Its own architecture. */
  readonly arch: string;
  readonly machine: Machine;
  /** What the architecture's figures in cuda.ts are not of this part. */
  readonly figures?: Partial<CudaArch>;
};

export const cudaParts: readonly CudaPart[] = [
  { name: "a100", arch: "sm_80", machine: a100 },
  { name: "rtx3090", arch: "sm_86", machine: rtx3090 },
  { name: "rtx4090", arch: "sm_89", machine: rtx4090 },
  {
    // NVIDIA L4 Tensor Core GPU data sheet: 242 TFLOPS of 16 bits with sparsity; Ada whitepaper, AD104: 48 MB.
    name: "l4",
    arch: "sm_89",
    machine: l4,
    figures: {
      multiprocessors: 58,
      l2Bytes: 48 << 20,
      memoryBytesPerSecond: 300e9,
      f32Rate: 30.3e12,
      tf32Rate: 60e12,
      halfRate: 121e12,
    },
  },
  { name: "h100", arch: "sm_90a", machine: h100 },
  { name: "h200", arch: "sm_90a", machine: h200, figures: { memoryBytesPerSecond: 4.8e12 } },
  { name: "b200", arch: "sm_100a", machine: b200 },
];

/** Undefined for `here` and `generic`, which are the part of the architecture. Throws LUM5104 where there is none. */
export function cudaPartOf(name: string): CudaPart | undefined {
  if (name === "here" || name === "generic") return undefined;
  const found = cudaParts.find((p) => p.name === name.toLowerCase());
  if (found !== undefined) return found;
  const form = ["here", ...cudaParts.map((p) => p.name)].join(", ");
  throw new CompileError([diagnostic("LUM5104", undefined, { option: "machine", text: name, form })]);
}

/** The part as the code for an architecture finds it: its rates, with what that code may use. */
export function figuresOf(part: CudaPart, code: CudaArch): CudaArch {
  const { figures, machine } = part;
  const own = { ...cudaArchOf(part.arch), ...(figures && { part: machine.name, ...figures }) };
  const { name, f8, allowed } = code;
  const sharedBytesPerBlock = Math.min(own.sharedBytesPerBlock, code.sharedBytesPerBlock);
  return { ...own, name, f8, sharedBytesPerBlock, ...(allowed === undefined ? {} : { allowed }) };
}
