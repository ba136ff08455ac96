/** Kernel: one function of the emitted program, in structured form. */
import type { DType } from "./dtype.ts";
import type { Span } from "./source.ts";

export type KernelParam =
  | {
      readonly kind: "pointer";
      readonly name: string;
      readonly dtype: DType;
      readonly mutable: boolean;
      readonly shapeText: string;
    }
  /** i64 */
  | { readonly kind: "size"; readonly name: string };

export type Kernel = {
  /** C identifier from the definition. */
  readonly name: string;
  readonly params: readonly KernelParam[];
  /** The family that it came from: elementwise, reduction, contraction, update, … */
  readonly family: string;
  /**
   * Its function takes one more parameter after `params`, `void* workspace`: packing room for the threads of a
   * contraction (runtime/gemm.h), allocated once at create for the number of threads. No `Argument` stands for it.
   */
  readonly usesWorkspace: boolean;
  /**
   * It reads or writes at indices that come from data: its function takes one last parameter
   * `lum::IndexCheck& indices` (runtime/index_check.h), which is not in `params` and has no `Argument`.
   */
  readonly checksIndices: boolean;
  readonly span: Span;
};
