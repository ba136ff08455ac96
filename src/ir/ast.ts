/**
 * Ast: what was written, nothing inferred. Every node carries the span of its text; a child's span lies
 * within its parent's. Comments are kept apart, in `File.comments`, for the formatter.
 */
import type { SourceFile, Span } from "./source.ts";

export type Ident = { readonly name: string; readonly span: Span };
export type StringLiteral = { readonly value: string; readonly span: Span };

export type Comment = { readonly text: string; readonly span: Span };

export type File = {
  readonly source: SourceFile;
  readonly imports: readonly Import[];
  readonly items: readonly Item[];
  readonly comments: readonly Comment[];
  readonly span: Span;
};

/** `import { rope, attention as attend } from "std/nn"` */
export type Import = {
  readonly names: readonly { readonly name: Ident; readonly alias: Ident | undefined }[];
  readonly from: StringLiteral;
  readonly span: Span;
};

export type Item = FnItem | LayerItem | ModelItem | KernelItem | Define;

/** `fn silu(x) = x * sigmoid(x)` or `fn f(x: [.., d], eps = 1e-5) -> [.., d] { … return … }` */
export type FnItem = {
  readonly kind: "fn";
  readonly name: Ident;
  readonly params: readonly Param[];
  readonly result: TypeExpr | undefined;
  readonly body: Body;
  readonly span: Span;
};

/** A `fn` with weights: `layer Linear(in, out)(x: [..., in]) -> [..., out] { weight … return … }` */
export type LayerItem = {
  readonly kind: "layer";
  readonly name: Ident;
  /** Compile-time parameters. */
  readonly statics: readonly Param[];
  /** Tensor parameters. */
  readonly params: readonly Param[];
  readonly result: TypeExpr | undefined;
  readonly body: Body;
  readonly span: Span;
};

export type ModelItem = {
  readonly kind: "model";
  readonly name: Ident;
  readonly params: readonly Param[];
  /** Declarations, definitions and entries in written order. */
  readonly body: readonly Statement[];
  readonly span: Span;
};

/**
 * `kernel name(x: f32[n]) -> f32[n] { reference relu(x)  cpu """…"""  cuda grid(n / 256) block(256) """…""" }`
 * The source of a target is the body of a function whose parameters are the arguments, the sizes that the
 * types bind, and `out`.
 */
export type KernelItem = {
  readonly kind: "kernel";
  readonly name: Ident;
  readonly params: readonly Param[];
  readonly result: TypeExpr;
  readonly reference: Expr;
  readonly sources: readonly KernelSource[];
  readonly span: Span;
};

export type KernelSource = {
  readonly target: Ident;
  readonly grid: readonly Expr[];
  readonly block: readonly Expr[];
  readonly code: StringLiteral;
  readonly span: Span;
};

/** `x`, `x: f32[s, d]`, `eps = 1e-5`, `T: dtype = bf16` */
export type Param = {
  readonly name: Ident;
  readonly type: TypeExpr | undefined;
  readonly default: Expr | undefined;
  readonly span: Span;
};

/** A body is a block that ends in `return`, or one expression after `=`. */
export type Body =
  | { readonly kind: "expr"; readonly value: Expr; readonly span: Span }
  | { readonly kind: "block"; readonly statements: readonly Statement[]; readonly span: Span };

/**
 * `f32[s, 4]`, `[s, hidden]` (dtype free), `T[...]`, `f32` (scalar), `dtype`, `int`, `float`, `bool`, `string`, `size`.
 * `element` is undefined where only the shape is stated; `shape` where no bracket was written.
 */
export type TypeExpr = {
  readonly element: Ident | undefined;
  readonly shape: readonly DimExpr[] | undefined;
  readonly span: Span;
};

/** A size, or `...` for any leading axes. */
export type DimExpr =
  | { readonly kind: "size"; readonly value: Expr; readonly span: Span }
  | { readonly kind: "rest"; readonly span: Span };

export type Statement =
  | DimDecl
  | InputDecl
  | WeightDecl
  | StateDecl
  | Define
  | Output
  | Update
  | Return
  | If
  | For
  | Scan
  | Emit
  | Tap
  | Entry;

/** `dim s in 1..max_len` : both ends as in `Range`, but the upper end is included. */
export type DimDecl = {
  readonly kind: "dim";
  readonly name: Ident;
  readonly low: Expr;
  readonly high: Expr;
  readonly span: Span;
};

/** `input x: f32[batch, 784], mask: bool[batch]` */
export type InputDecl = {
  readonly kind: "input";
  readonly items: readonly { readonly name: Ident; readonly type: TypeExpr; readonly span: Span }[];
  readonly span: Span;
};

/** `weight wq: T[n, k] from "q_proj.weight", bq: T[n]` ; without `from` the checkpoint name is the tensor's own. */
export type WeightDecl = {
  readonly kind: "weight";
  readonly items: readonly {
    readonly name: Ident;
    readonly type: TypeExpr;
    readonly from: StringLiteral | undefined;
    readonly span: Span;
  }[];
  readonly span: Span;
};

/** `state k, v: T[layers, max_len, heads, head_dim]` ; zero at create unless `= init`. */
export type StateDecl = {
  readonly kind: "state";
  readonly names: readonly Ident[];
  readonly type: TypeExpr;
  readonly init: Expr | undefined;
  readonly span: Span;
};

/** Left side: a name, possibly with index variables `h[n, o in 0..8]`. */
export type Target = {
  readonly name: Ident;
  /** undefined: whole tensor. */
  readonly indices: readonly IndexTarget[] | undefined;
  readonly span: Span;
};

/** In `=` each index is a new variable, perhaps with a range; in `:=` it may be any index expression or slice. */
export type IndexTarget = {
  readonly value: Expr;
  readonly range: RangeExpr | undefined;
  /** Set for a slice, `k[0..n, ..] := …`; `value` is then its low end. */
  readonly slice?: RangeExpr;
  readonly span: Span;
};

/** `h[n, o] = …`, `y = …`, `values, indices = top_k(x, 8)` (several targets, none with indices). */
export type Define = {
  readonly kind: "define";
  readonly targets: readonly Target[];
  readonly value: Expr;
  readonly span: Span;
};

/** `output logits[n, o] = …`, or `output logits` for a tensor defined before. */
export type Output = {
  readonly kind: "output";
  readonly target: Target;
  readonly value: Expr | undefined;
  readonly span: Span;
};

/** `k_cache[pos + t, h, d] := k[t, h, d]` writes state in place. */
export type Update = {
  readonly kind: "update";
  readonly target: Target;
  readonly value: Expr;
  readonly span: Span;
};

export type Return = { readonly kind: "return"; readonly values: readonly Expr[]; readonly span: Span };

/** Compile-time condition. `otherwise` of an `else if` holds one If. */
export type If = {
  readonly kind: "if";
  readonly condition: Expr;
  readonly then: readonly Statement[];
  readonly otherwise: readonly Statement[] | undefined;
  readonly span: Span;
};

/** `for l in 0..layers prefix "model.layers.{l}" { … }` */
export type For = {
  readonly kind: "for";
  readonly variable: Ident;
  readonly range: RangeExpr;
  readonly prefix: StringLiteral | undefined;
  readonly body: readonly Statement[];
  readonly span: Span;
};

/** `scan t in 0..s with S = init, c = c0 { … emit o[t, d] = … }` */
export type Scan = {
  readonly kind: "scan";
  readonly variable: Ident;
  readonly range: RangeExpr;
  readonly carried: readonly { readonly name: Ident; readonly init: Expr }[];
  readonly body: readonly Statement[];
  readonly span: Span;
};

export type Emit = {
  readonly kind: "emit";
  readonly target: Target;
  readonly value: Expr;
  readonly span: Span;
};

export type Tap = { readonly kind: "tap"; readonly names: readonly Ident[]; readonly span: Span };

/** `entry decode { dim … input … }` : one callable function of the model. */
export type Entry = {
  readonly kind: "entry";
  readonly name: Ident;
  readonly body: readonly Statement[];
  readonly span: Span;
};

/** `low..high`, the upper end excluded; an end left out means the axis' own. */
export type RangeExpr = {
  readonly low: Expr | undefined;
  readonly high: Expr | undefined;
  readonly span: Span;
};

export type BinaryOp =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "^"
  | "@"
  | "<"
  | "<="
  | ">"
  | ">="
  | "=="
  | "!="
  | "and"
  | "or";

export type ReduceName = "sum" | "max" | "min" | "prod" | "mean" | "any" | "all" | "argmax" | "argmin";

export type Expr =
  | { readonly kind: "int"; readonly value: number; readonly span: Span }
  | { readonly kind: "float"; readonly value: number; readonly span: Span }
  | { readonly kind: "bool"; readonly value: boolean; readonly span: Span }
  | { readonly kind: "string"; readonly value: string; readonly span: Span }
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | { readonly kind: "unary"; readonly op: "-" | "not"; readonly operand: Expr; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly op: BinaryOp;
      /** Span of the operator itself, where size errors point. */
      readonly opSpan: Span;
      readonly left: Expr;
      readonly right: Expr;
      readonly span: Span;
    }
  /** `x as f32` */
  | { readonly kind: "cast"; readonly operand: Expr; readonly dtype: Ident; readonly span: Span }
  /** `x'` swaps the last two axes. */
  | { readonly kind: "transpose"; readonly operand: Expr; readonly span: Span }
  /** `sum(i, r in 0..3) body` */
  | {
      readonly kind: "reduce";
      readonly op: ReduceName;
      readonly binders: readonly Binder[];
      readonly body: Expr;
      readonly span: Span;
    }
  /** `x[i, 0..n, ..., j else 0]` */
  | {
      readonly kind: "index";
      readonly base: Expr;
      readonly indices: readonly IndexArg[];
      readonly otherwise: Expr | undefined;
      readonly span: Span;
    }
  /** `f(a, b, axis = 1)`; a layer is called twice, `Linear(8, 4) prefix "fc" (x)`. */
  | {
      readonly kind: "call";
      readonly callee: Expr;
      readonly args: readonly Arg[];
      readonly span: Span;
    }
  /** `Linear(8, 4) prefix "fc"` */
  | { readonly kind: "prefix"; readonly callee: Expr; readonly prefix: StringLiteral; readonly span: Span }
  /** `[1, 2, 3]` */
  | { readonly kind: "array"; readonly elements: readonly Expr[]; readonly span: Span }
  /** `if c then a else b`, the condition known at compile time. */
  | {
      readonly kind: "choose";
      readonly condition: Expr;
      readonly then: Expr;
      readonly otherwise: Expr;
      readonly span: Span;
    };

export type ExprOf<K extends Expr["kind"]> = Extract<Expr, { kind: K }>;

export type Binder = { readonly name: Ident; readonly range: RangeExpr | undefined; readonly span: Span };

export type IndexArg =
  | { readonly kind: "at"; readonly value: Expr; readonly span: Span }
  | { readonly kind: "slice"; readonly range: RangeExpr; readonly span: Span }
  | { readonly kind: "rest"; readonly span: Span };

export type Arg = { readonly name: Ident | undefined; readonly value: Expr; readonly span: Span };
