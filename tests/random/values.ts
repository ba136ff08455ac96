/** An expression of a random program. */
import type { DType } from "../../src/ir/dtype.ts";
import type { Facts } from "./facts.ts";

export type Expr = {
  /** A name, a number, a read, a call or something in parentheses. */
  readonly text: string;
  readonly dtype: DType;
  readonly facts: Facts;
  /**
   * What decides when it is known: data; an index variable by itself; index arithmetic; the variable of a `for`;
   * nothing but numbers, whose type follows the other operand.
   */
  readonly from: "tensor" | "variable" | "index" | "loop" | "number";
};

/** The weakest of what two operands come from. */
export const fromBoth = (a: Expr, b: Expr): Expr["from"] => {
  if (a.from === "tensor" || b.from === "tensor") return "tensor";
  return a.from === "number" && b.from === "number" ? "number" : "index";
};
