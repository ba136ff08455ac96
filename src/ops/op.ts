/** What an elementwise operation states of itself. One file per operation in `unary/` and `binary/`. */
import { type DType, isFloat, isInteger } from "../ir/dtype.ts";

/**
 * Element types that an operation takes. Operations see accumulation types only (f64, f32, i64, i32, bool):
 * narrower ones are cast right after the read.
 */
export type Accepts = "float" | "integer" | "number" | "bool" | "any";

export function accepts(rule: Accepts, t: DType): boolean {
  switch (rule) {
    case "float":
      return isFloat(t);
    case "integer":
      return isInteger(t);
    case "number":
      return t !== "bool";
    case "bool":
      return t === "bool";
    case "any":
      return true;
  }
}

type Common = {
  readonly name: string;
  readonly accepts: Accepts;
  /** Type of the result: the operands' own, or bool. */
  readonly result: "same" | "bool";
  /** Time on a vector unit, relative to an addition. */
  readonly cost: number;
  /** One line for the reference pages. */
  readonly docs: string;
};

export type UnaryOp = Common & {
  readonly arity: 1;
  /** The function of the reference interpreter: exact integers, floats in f64. Bools are 0 and 1. */
  readonly interpret: (t: DType) => (x: number) => number;
  /** Text of the expression, given the text of the operand, whose type is `t`. */
  readonly cpp: (t: DType, x: string) => string;
  readonly cuda: (t: DType, x: string) => string;
  readonly metal?: (t: DType, x: string) => string;
};

export type BinaryOp = Common & {
  readonly arity: 2;
  readonly interpret: (t: DType) => (a: number, b: number) => number;
  readonly cpp: (t: DType, a: string, b: string) => string;
  readonly cuda: (t: DType, a: string, b: string) => string;
  readonly metal?: (t: DType, a: string, b: string) => string;
};

export const resultType = (op: UnaryOp | BinaryOp, t: DType): DType => (op.result === "bool" ? "bool" : t);
