/**
 * Kernel: one function of the emitted program, in structured form: loops, named values, stores and
 * contractions. Axis atom `i` in any polynomial of a kernel is its variable number i.
 */
import type { Bounds } from "./bounds.ts";
import type { KeySplit, ProductCut } from "./cuts.ts";
import type { DType } from "./dtype.ts";
import type { ContractionSchedule, WinogradTile } from "./plan.ts";
import type { Poly } from "./poly.ts";
import type { Span } from "./source.ts";

export type Family =
  | "elementwise"
  | "reduction"
  | "contraction"
  | "attention"
  | "update"
  | "cumulate"
  | "topk"
  | "custom"
  | "copy";

export type KernelParam =
  | {
      readonly kind: "pointer";
      readonly name: string;
      readonly dtype: DType;
      readonly mutable: boolean;
      readonly shapeText: string;
    }
  /** i64: a dim or a loop variable by its own name, or a user's size. */
  | { readonly kind: "size"; readonly name: string }
  /** `void*`: the packing room of contractions, `gemm_workspace_bytes(threads())` bytes. */
  | { readonly kind: "workspace"; readonly name: string }
  /** `const Dims*`: the call's dims in device memory, so that a captured graph holds for all their values. */
  | { readonly kind: "dims"; readonly name: string }
  /** `lum::IndexCheck*`: where indices from data that are outside are noted. */
  | { readonly kind: "check"; readonly name: string };

/** A loop's counter, an index read from data, or a parameter of a contraction's functions. */
export type Variable = {
  readonly name: string;
  /** 0 <= variable < size. */
  readonly size: Poly;
};

/** A literal array of the model. */
export type Table = { readonly name: string; readonly dtype: DType; readonly values: readonly number[] };

/** Both in range: 0 <= value where `low`, value < below where given. */
export type RangeCheck = {
  readonly value: Poly;
  readonly low: boolean;
  readonly below: Poly | undefined;
};

export type Expr =
  | { readonly kind: "number"; readonly value: number; readonly dtype: DType }
  /** A named value or accumulator. */
  | { readonly kind: "local"; readonly name: string; readonly dtype: DType }
  /** An integer from variables, dims and loop variables. */
  | { readonly kind: "index"; readonly value: Poly; readonly dtype: DType }
  /** Element `at` of a parameter or table. */
  | { readonly kind: "load"; readonly from: string; readonly at: Poly; readonly dtype: DType }
  | { readonly kind: "unary"; readonly fn: string; readonly x: Expr; readonly dtype: DType }
  | {
      readonly kind: "binary";
      readonly fn: string;
      readonly a: Expr;
      readonly b: Expr;
      readonly dtype: DType;
    }
  | {
      readonly kind: "select";
      readonly condition: Expr;
      readonly a: Expr;
      readonly b: Expr;
      readonly dtype: DType;
    }
  | { readonly kind: "cast"; readonly x: Expr; readonly dtype: DType }
  | { readonly kind: "bitcast"; readonly x: Expr; readonly dtype: DType }
  | { readonly kind: "inside"; readonly checks: readonly RangeCheck[]; readonly dtype: "bool" }
  /** An index from data: itself inside 0 <= index < size, else 0, with the fault noted where `what` is given. */
  | {
      readonly kind: "checked";
      readonly x: Expr;
      readonly size: Poly;
      readonly what: string | undefined;
      readonly dtype: "i64";
    };

export type FoldFn = "sum" | "prod" | "max" | "min";

/** How a loop's iterations are run. */
export type Looping =
  | "serial"
  /** Shared out to the threads. */
  | "parallel"
  /** In vector lanes; accumulators folded in it are the loop's reductions. */
  | "simd"
  /** Both: each thread's share is a vector loop. */
  | "parallel simd"
  /** On a GPU: to the threads of the whole grid; nested ones are walked as one. */
  | "grid"
  /** To groups of threads, warps or blocks, that work on one iteration together. */
  | "rows"
  /** To the threads of a group; what is folded in it is combined at its end. */
  | "lanes"
  /** To the threads of a group, each reading what is folded up to its iteration. */
  | "scan"
  /** To blocks, each a tile of two of the nested loops; the others count tiles. */
  | "tiles"
  /** To blocks, whose warps work together: their lanes have neighbouring iterations of one of the nested loops. */
  | "columns";

/** What is read across the lines that are written: a block brings a tile of it on the chip along its own lines. */
export type Exchange = {
  /** Variables: neighbours in what is read so, and in what is written. */
  readonly across: number;
  readonly along: number;
  readonly reads: readonly {
    /** Of the tile in shared memory, element `lane * pitch + row`. */
    readonly name: string;
    readonly from: string;
    readonly at: Poly;
    readonly dtype: DType;
  }[];
  /** Variables: a thread's place on the side that its warp's lanes lie on, and on the other. */
  readonly lane: number;
  readonly row: number;
  /** What else the loops name: the number of a tile, where it starts, the first of a turn's rows. */
  readonly names: {
    readonly tile: string;
    readonly acrossStart: string;
    readonly alongStart: string;
    readonly first: string;
  };
};

/** Iterations `length * number` up to the next block's first, or the last of all. */
export type LoopBlock = {
  /** The variable that counts blocks. */
  readonly number: number;
  readonly length: number;
};

/** Iterations of a variable's loop, from `from` to below `to`. */
export type Stretch = { readonly variable: number; readonly from: Poly; readonly to: Poly };

/** A loop's own iterations in a stretch, while the loops around it are in theirs. */
export type LoopGap = { readonly own: Stretch; readonly around: readonly Stretch[] };

export type Stmt =
  | {
      readonly kind: "loop";
      readonly variable: number;
      readonly size: Poly;
      /** Only these of its iterations. */
      readonly block?: LoopBlock;
      /** Iterations that another loop has run. */
      readonly except?: LoopGap;
      /** Of the outermost loop that tiles are cut from. */
      readonly exchange?: Exchange;
      /** Of the outermost loop over columns: the variable that the lanes of a warp count. */
      readonly column?: number;
      readonly how: Looping;
      /** Elementary operations of one iteration, what the threads' shares are measured by. */
      readonly work: Poly;
      readonly body: readonly Stmt[];
    }
  | { readonly kind: "let"; readonly name: string; readonly value: Expr }
  /** Names variable number `variable`, for an index from data or a part of a flattened one. */
  | { readonly kind: "index"; readonly variable: number; readonly value: Expr }
  /** A pointer into a tensor, `from + at`: what an inner loop walks along. */
  | {
      readonly kind: "row";
      readonly name: string;
      readonly from: string;
      readonly at: Poly;
      readonly dtype: DType;
      readonly mutable: boolean;
    }
  | { readonly kind: "accumulator"; readonly name: string; readonly dtype: DType; readonly start: number }
  | { readonly kind: "fold"; readonly name: string; readonly fn: FoldFn; readonly value: Expr }
  /** `at` becomes `position` where `value` is better than `best`: of equals the first. */
  | {
      readonly kind: "pick";
      readonly fn: "argmax" | "argmin";
      readonly best: string;
      readonly at: string;
      readonly value: Expr;
      readonly position: Poly;
    }
  | { readonly kind: "store"; readonly to: string; readonly at: Poly; readonly value: Expr }
  | { readonly kind: "if"; readonly condition: Expr; readonly body: readonly Stmt[] }
  | Contraction
  | Merged
  | Attention
  /** to[at + 0 … count) = positions of the greatest of `size` values; variable `position` runs over them. */
  | {
      readonly kind: "topk";
      readonly to: string;
      readonly at: Poly;
      readonly count: Poly;
      readonly position: number;
      readonly size: Poly;
      readonly lets: readonly Stmt[];
      readonly value: Expr;
      /** What is stored in place of the position: where the candidates are a part of a row, or were found in parts of it. */
      readonly answer?: Expr;
    }
  /** A user's own text, and the sizes that it names. */
  | {
      readonly kind: "text";
      readonly code: string;
      readonly uses?: readonly Poly[];
      /** Blocks and their threads, where the user has given them. */
      readonly geometry?: { readonly grid: Poly; readonly block: Poly };
    };

export type Contraction = {
  readonly kind: "contraction";
  /** Variables. Without a batch it is a single product; an absent m, n or k has extent 1. */
  readonly batch: number | undefined;
  readonly m: number | undefined;
  readonly n: number | undefined;
  readonly k: number | undefined;
  readonly a: Operand;
  readonly b: Operand;
  /** What the epilogue calls the sum. */
  readonly sum: string;
  readonly workspace: string;
  /** Runs once for each (m, n) of each item; stores the result. */
  readonly epilogue: readonly Stmt[];
  /** On a CPU: how the engine walks it, where not by the sizes of the call. */
  readonly schedule?: ContractionSchedule;
  /** On a GPU: its tiles and parts, where its scheduler does not decide. */
  readonly cut?: ProductCut;
  /** On a GPU: the largest extents, which its cut is chosen by. What is alike but for them is another kernel. */
  readonly most?: readonly number[];
  /** On a GPU: each part of the k axis is summed on its own, and the epilogue runs for each of them. */
  readonly split?: { readonly part: number };
};

/** Products with the same rows, depth and left factor, without a batch: columns side by side, each with its own ending. */
export type Merged = {
  readonly kind: "merged";
  readonly parts: readonly Contraction[];
  /** For each of them the number of the one whose tile it follows, because its ending reads what that has stored there. */
  readonly after: readonly (number | undefined)[];
};

/**
 * For each item and row: sums over the keys of e * value and of e, e = exp(score - the row's greatest score). All are
 * variables; an absent one has extent 1.
 */
export type Attention = {
  readonly kind: "attention";
  readonly item: number | undefined;
  readonly row: number | undefined;
  readonly key: number | undefined;
  readonly depth: number | undefined;
  readonly width: number | undefined;
  /** So many consecutive items have the same keys and values. */
  readonly group: Poly;
  /** Elements (row, depth), (key, depth) and (width, key). */
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
  /** Keys that a row can have a score above -infinity for, where the mask says so. */
  readonly seen: { readonly lets: readonly Stmt[]; readonly begin: Poly; readonly end: Poly } | undefined;
  /** What the score calls the product of query and key. */
  readonly dot: string;
  readonly score: { readonly lets: readonly Stmt[]; readonly value: Expr };
  /** What the epilogue calls the two sums. */
  readonly weighted: string;
  readonly total: string;
  readonly workspace: string;
  /** Runs once for each (row, width) of each item; stores the result. */
  readonly epilogue: readonly Stmt[];
  /** On a GPU: the parts of its keys, where its scheduler does not decide. */
  readonly keySplit?: KeySplit;
  /** On a GPU: the largest extents, as of a product. */
  readonly most?: readonly number[];
  /**
   * On a GPU: an item is `group` items of the model, whose rows are rows of one. `seen` is of a row of theirs, which is
   * variable `row`.
   */
  readonly packed?: { readonly row: number | undefined };
  /** On a GPU: each part of the keys on its own; the epilogue runs for each of them, and knows the greatest score. */
  readonly split?: { readonly part: number; readonly greatest: string };
};

/** Element (outer, k): outer is m for a and n for b. */
export type Operand = {
  /** Indices and values that depend on the batch item alone. */
  readonly perItem: readonly Stmt[];
  readonly form: OperandForm;
};

export type OperandForm =
  | {
      readonly kind: "strided";
      readonly from: string;
      readonly dtype: DType;
      readonly offset: Poly;
      readonly outerStride: Poly;
      readonly kStride: Poly;
    }
  /** 3x3 filters in Winograd's transform, made ahead of time; the other factor is patches at stride 1. */
  | { readonly kind: "filters"; readonly from: string; readonly tile: WinogradTile }
  /** Panels made ahead of time. */
  | { readonly kind: "packed"; readonly from: string; readonly dtype: DType; readonly side: "a" | "b" }
  | {
      readonly kind: "patches";
      readonly from: string;
      readonly dtype: DType;
      readonly offset: Poly;
      readonly height: Poly;
      readonly width: Poly;
      readonly kernelHeight: Poly;
      readonly kernelWidth: Poly;
      readonly strides: readonly [number, number];
      readonly dilations: readonly [number, number];
      readonly pads: readonly [number, number];
      readonly outWidth: Poly;
    }
  /** Computed as it is read. */
  | { readonly kind: "computed"; readonly lets: readonly Stmt[]; readonly value: Expr };

export type Tiling = {
  /** Tensor cores, multiply-adds in f32, or few rows against a streamed right factor. */
  readonly engine: "mma" | "tf32" | "fma" | "skinny" | "attention";
  readonly rows: number;
  readonly columns: number;
  readonly threads: number;
  /** The engine's shape, and the shared memory that it takes, in C++. */
  readonly shape: string;
  readonly shared: string;
  /** Parts that the summed axis, or the keys, are split into; each is a tile's work. */
  readonly parts: number;
  /** Parts end at multiples of it. */
  readonly partStep: number;
  /** Tiles at the largest sizes. */
  readonly blocks: number;
};

/** Elements of a row in a block's shared memory, a place for each: what several loops read of a tensor, or leave there. */
export type StagedRow = {
  readonly name: string;
  readonly dtype: DType;
  /** Bytes from the start of all of them, and as many as there are, multiples of 16. */
  readonly offset: number;
  readonly bytes: number;
};

/** How a GPU runs a kernel. The grid is fixed, so every kernel is right for any number of blocks. */
export type Launch = {
  /** Blocks that the largest sizes have work for. */
  readonly blocks: number;
  readonly threads: number;
  /** How a matrix product is cut. */
  readonly tiling: Tiling | undefined;
  /** Who works on a row together. */
  readonly group: "warp" | "block";
  /** What stays in shared memory of a row. */
  readonly staged?: readonly StagedRow[];
  /** The type of its indices and of the sizes that it is given. */
  readonly index: "i32" | "i64";
  /** Sizes that the kernel reads from the call's dims: its own name, and the dim's. */
  readonly dims: readonly { readonly name: string; readonly dim: string }[];
};

export type Kernel = {
  /** C identifier from the definition. */
  readonly name: string;
  readonly params: readonly KernelParam[];
  readonly family: Family;
  /** The definition, `attention.q`. */
  readonly computes: string;
  /** What was chosen and why, a sentence each. */
  readonly notes: readonly string[];
  readonly variables: readonly Variable[];
  readonly tables: readonly Table[];
  readonly body: readonly Stmt[];
  /** How a GPU runs it. */
  readonly launch?: Launch;
  /** What is known of dims, loop variables and the kernel's variables. */
  readonly bounds: Bounds;
  readonly span: Span;
};
