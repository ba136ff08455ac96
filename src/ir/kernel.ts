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
  readonly span: Span;
};
