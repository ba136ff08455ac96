/**
 * What an expression of `.lum` stands for while a model is elaborated.
 *
 * A tensor value may still depend on index variables: inside `h[n, o] = …`, `x[n]` is a row for every n. Its
 * node then has one leading axis per variable, in the order the variables were made, before the axes that the
 * value itself has (`rank` of them). Every operation works on the value's own axes and carries the variables
 * along, so a `fn` written for a row can be applied inside index notation.
 */
import type * as Ast from "../../ir/ast.ts";
import type { DType } from "../../ir/dtype.ts";
import type { Node, Shape } from "../../ir/hlir.ts";
import { atom, type Poly } from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import type { Scope } from "./scope.ts";

export type IndexVar = {
  readonly name: string;
  /** Name of its atom, unique in the model: `n#3`. */
  readonly id: string;
  /** Order of making; leading axes of nodes are sorted by it. */
  readonly order: number;
  low: Poly;
  /** undefined until inferred. */
  size: Poly | undefined;
  /** Where its range was stated or inferred from. */
  origin: { text: string; span: Span } | undefined;
  readonly span: Span;
};

export const varAtom = (v: IndexVar): Poly => atom({ kind: "loop", name: v.id });

export type TensorValue = {
  readonly kind: "tensor";
  readonly node: Node;
  readonly vars: readonly IndexVar[];
  /** The type it is rounded to when it is stored; the node itself may be of the wider accumulation type. */
  readonly dtype: DType;
};

/** A state, or the part of it at `at` (polynomials over index variables and loop variables): `k[l]`. */
export type StateValue = { readonly kind: "state"; readonly cell: string; readonly at: readonly Poly[] };

export type FnValue = { readonly kind: "fn"; readonly item: Ast.FnItem; readonly scope: Scope };
export type LayerValue = {
  readonly kind: "layer";
  readonly item: Ast.LayerItem;
  readonly scope: Scope;
  /** Set once the compile-time parameters are given. */
  readonly statics: ReadonlyMap<string, Value> | undefined;
  readonly prefix: { readonly text: Ast.StringLiteral } | undefined;
};
export type KernelValue = { readonly kind: "kernel"; readonly item: Ast.KernelItem; readonly scope: Scope };
export type BuiltinValue = { readonly kind: "builtin"; readonly name: string };

export type Value =
  /** Compile-time integer, size, or an index expression. */
  | { readonly kind: "int"; readonly value: Poly }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "dtype"; readonly value: DType }
  | { readonly kind: "list"; readonly values: readonly Value[] }
  | TensorValue
  | StateValue
  | FnValue
  | LayerValue
  | KernelValue
  | BuiltinValue
  /** Its definition failed; uses stay silent. */
  | { readonly kind: "poison" };

/** The value's own axes. */
export const ownShape = (t: TensorValue): Shape => t.node.shape.slice(t.vars.length);

export function describe(v: Value): string {
  switch (v.kind) {
    case "int":
      return `the integer ${v.value.key.replace(/#\d+/g, "")}`;
    case "float":
    case "bool":
      return `${v.kind === "float" ? "the number" : "the truth value"} ${v.value}`;
    case "string":
      return `the string "${v.value}"`;
    case "dtype":
      return `the dtype ${v.value}`;
    case "list":
      return `a list of ${v.values.length}`;
    case "tensor":
      return `a tensor ${typeText(v.dtype, ownShape(v))}`;
    case "state":
      return `the state \`${v.cell}\``;
    case "fn":
      return `the fn \`${v.item.name.name}\``;
    case "layer":
      return v.statics === undefined || v.item.statics.length === 0
        ? `the layer \`${v.item.name.name}\``
        : `the layer \`${v.item.name.name}\`, still to be applied to tensors`;
    case "kernel":
      return `the kernel \`${v.item.name.name}\``;
    case "builtin":
      return `the builtin \`${v.name}\``;
    case "poison":
      return "a value that could not be made";
  }
}

export const typeText = (dtype: DType, shape: Shape): string => `${dtype}${shapeText(shape)}`;
export const shapeText = (shape: Shape): string =>
  `[${shape.map((p) => p.key.replace(/#\d+/g, "")).join(", ")}]`;
