import type { DType } from "../../ir/dtype.ts";
import { isFloat } from "../../ir/dtype.ts";
import { wrap } from "../integers.ts";
import type { UnaryOp } from "../op.ts";
import { call, prefix } from "../spelling.ts";

const text = (t: DType, x: string) => (isFloat(t) ? prefix("-", x) : call("lum::wrapping_neg", x));

export const neg: UnaryOp = {
  name: "neg",
  arity: 1,
  accepts: "number",
  result: "same",
  cost: 1,
  docs: "-x; the least integer stays itself",
  interpret: (t) => (isFloat(t) ? (x) => -x : (x) => wrap(0 - x, t)),
  cpp: text,
  cuda: text,
};
