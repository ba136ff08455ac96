/** The kernels: their prototypes, their files, and their share of the work. */
import { placeOf } from "../diagnostics.ts";
import type { Kernel, KernelParam } from "../ir/kernel.ts";
import { type Program, routinesOf, type Step } from "../ir/llir.ts";
import { spanText } from "../ir/source.ts";
import { cppType } from "./cpp.ts";
import { sizeType } from "./kernels/source.ts";
import { Names } from "./names.ts";
import { workShares } from "./work.ts";

export type KernelView = {
  /** C identifier, as its file declares it. */
  readonly name: string;
  /** `src/kernels/attention_q.cpp` */
  readonly path: string;
  readonly family: string;
  /** `const float* x, float* out, int64_t s` */
  readonly parameters: string;
  /** The definitions that it computes, in order. */
  readonly computes: readonly string[];
  /** Calls written in the forward passes; those in loops count once. */
  readonly calls: number;
  readonly place: string;
  readonly line: string;
  /** `12.5 %` of all work. */
  readonly share: string;
  readonly notes: readonly string[];
  readonly kernel: Kernel;
};

export function viewKernels(program: Program, extension = "cpp"): KernelView[] {
  const files = new Names();
  const computes = new Map<string, Set<string>>();
  const calls = new Map<string, number>();
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.kind === "loop") {
        visit(step.steps);
        continue;
      }
      const known = computes.get(step.kernel) ?? new Set();
      computes.set(step.kernel, known.add(step.computes));
      calls.set(step.kernel, (calls.get(step.kernel) ?? 0) + 1);
    }
  };
  for (const entry of program.entries) for (const { steps } of routinesOf(entry, program)) visit(steps);
  const shares = workShares(program);
  return program.kernels.map((kernel) => ({
    name: kernel.name,
    // Some file systems don't tell `W` from `w`.
    path: `src/kernels/${files.give(kernel.name, kernel.name.toLowerCase())}.${extension}`,
    family: kernel.family,
    parameters: parametersOf(kernel),
    computes: [...(computes.get(kernel.name) ?? [])],
    calls: calls.get(kernel.name) ?? 0,
    place: placeOf(kernel.span).split("/").at(-1)!,
    line: spanText(kernel.span),
    share: `${(100 * (shares.get(kernel.name) ?? 0)).toFixed(1)} %`,
    notes: kernel.notes,
    kernel,
  }));
}

export const parametersOf = (kernel: Kernel): string =>
  kernel.params.map((p) => parameterText(p, kernel)).join(", ");

function parameterText(p: KernelParam, kernel: Kernel): string {
  switch (p.kind) {
    case "pointer":
      return `${p.mutable ? "" : "const "}${cppType(p.dtype)}* ${p.name}`;
    case "size":
      return `${sizeType(kernel)} ${p.name}`;
    case "workspace":
      return `void* ${p.name}`;
    case "dims":
      return `const Dims* ${p.name}`;
    case "check":
      return `lum::IndexCheck* ${p.name}`;
  }
}

export const takes = (program: Program, kind: KernelParam["kind"]): boolean =>
  program.kernels.some((k) => k.params.some((p) => p.kind === kind));
