/**
 * Llir: the program as it will be written out: kernels, and for each entry the calls in order over buffers
 * whose places in memory are fixed. What a kernel does inside is `kernel.ts`.
 */
import type { Bounds } from "./bounds.ts";
import type { Bucket } from "./bucket.ts";
import type { DType } from "./dtype.ts";
import type { Dim, Shape } from "./hlir.ts";
import type { Kernel } from "./kernel.ts";
import type { WinogradTile } from "./plan.ts";
import type { Poly } from "./poly.ts";
import type { Span } from "./source.ts";

export type Program = {
  /** Name of the model as written, `Llama`. */
  readonly name: string;
  readonly dims: readonly Dim[];
  readonly bounds: Bounds;
  readonly weights: readonly WeightSlot[];
  readonly states: readonly StateSlot[];
  readonly entries: readonly LEntry[];
  /** Each distinct kernel once, in order of first call. */
  readonly kernels: readonly Kernel[];
  /** Where the kernels run; undefined: on the CPU. */
  readonly device?: "cuda" | "metal";
  /** Bytes of the one arena that holds all temporaries of all entries, with scratch of the kernels. */
  readonly arenaBytes: number;
};

/** How a weight lies in memory when the kernels read it. */
export type Layout =
  /** Row-major as in the checkpoint. */
  | { readonly kind: "stored" }
  /** Micro-panels for contractions, made once from the stored tensor seen as a [rows, columns] matrix with k along `alongColumns ? columns : rows`. */
  | { readonly kind: "packed"; readonly n: Poly; readonly k: Poly; readonly kContiguous: boolean }
  /** Winograd's transform of the 3x3 filters that the slot `of` would hold. */
  | {
      readonly kind: "filters";
      readonly tile: WinogradTile;
      readonly of: string;
      readonly outputs: number;
      readonly channels: number;
    };

export type WeightSlot = {
  /** C identifier, `attention_wq`. */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Checkpoint name in pieces, as in Hlir. */
  readonly source: readonly (string | Poly)[];
  /** The rolled loops around it; empty: one tensor. Its slot has one pointer per iteration. */
  readonly loops: readonly { readonly variable: string; readonly low: number; readonly high: number }[];
  readonly layout: Layout;
  readonly span: Span;
};

export type StateSlot = {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly init: number;
  readonly span: Span;
};

export type LEntry = {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: Shape; readonly dtype: DType }[];
  /** Written by the kernels straight into memory that the caller gives. */
  readonly outputs: readonly { readonly name: string; readonly shape: Shape; readonly dtype: DType }[];
  readonly taps: readonly { readonly name: string; readonly shape: Shape; readonly dtype: DType }[];
  /** Dims that appear in it, in declaration order: the arguments of a call. */
  readonly dims: readonly string[];
  /** What a call runs whose dims are in no bucket. */
  readonly temporaries: readonly Temporary[];
  readonly steps: readonly Step[];
  /** What it runs otherwise: the first whose bucket the dims are in. */
  readonly variants: readonly Variant[];
};

/** The steps of an entry for some values of its dims. */
export type Variant = Routine & { readonly bucket: Bucket };

export type Routine = {
  /** Undefined: for all values that no bucket has. */
  readonly bucket: Bucket | undefined;
  /** Of the dims and loops while it runs. */
  readonly bounds: Bounds;
  readonly temporaries: readonly Temporary[];
  readonly steps: readonly Step[];
};

/** Everything that a call of an entry may run, the general steps first. */
export const routinesOf = (e: LEntry, p: Program): readonly Routine[] => [
  { bucket: undefined, bounds: p.bounds, temporaries: e.temporaries, steps: e.steps },
  ...e.variants,
];

/** A tensor in the arena. */
export type Temporary = {
  /** C identifier from the definition, `attention_q`; unique in its entry. */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Bytes from the start of the arena, a multiple of 64. */
  readonly offset: number;
  /** Bytes at the largest values of the dims. */
  readonly bytes: number;
};

/** What a pointer argument points at. */
export type Place =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "output"; readonly name: string }
  | { readonly kind: "tap"; readonly name: string }
  | { readonly kind: "temporary"; readonly name: string }
  | { readonly kind: "state"; readonly name: string }
  /** For a weight of a loop: the pointer of the current iteration. */
  | { readonly kind: "weight"; readonly name: string }
  /** Bytes of scratch at this offset in the arena. */
  | { readonly kind: "scratch"; readonly offset: number; readonly bytes: number };

export type Argument =
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "size"; readonly value: Poly };

export type Step =
  | {
      readonly kind: "call";
      /** Name of a kernel of the program. */
      readonly kernel: string;
      /** One per pointer and size parameter of the kernel, in order; what the model holds for all kernels goes without. */
      readonly args: readonly Argument[];
      /** The definition that this call computes, `attention.q`. */
      readonly computes: string;
      /** Number of the node that the kernel was chosen for; copies between kernels have none. */
      readonly root?: number;
      readonly span: Span;
    }
  | {
      readonly kind: "loop";
      readonly variable: string;
      readonly low: Poly;
      readonly high: Poly;
      readonly steps: readonly Step[];
    };
