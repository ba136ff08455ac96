import type { DType } from "../../ir/dtype.ts";
import { isFloat } from "../../ir/dtype.ts";
import { wide } from "../integers.ts";
import type { BinaryOp } from "../op.ts";
import { call, infix } from "../spelling.ts";

const text = (t: DType, a: string, b: string) =>
  isFloat(t) ? infix(a, "-", b) : call("lum::wrapping_sub", a, b);

const long = wide(
  (a, b) => a - b,
  (a, b) => a - b,
);

export const sub: BinaryOp = {
  name: "sub",
  arity: 2,
  accepts: "number",
  result: "same",
  cost: 1,
  docs: "a - b; integers wrap",
  interpret: (t) => (isFloat(t) ? (a, b) => a - b : t === "i32" ? (a, b) => (a - b) | 0 : long),
  cpp: text,
  cuda: text,
};
