import { isFloat } from "../../ir/dtype.ts";
import { wrap } from "../integers.ts";
import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const abs: UnaryOp = {
  name: "abs",
  arity: 1,
  accepts: "number",
  result: "same",
  cost: 1,
  docs: "x without its sign; the least integer stays itself",
  interpret: (t) => (isFloat(t) ? Math.abs : (x) => wrap(Math.abs(x), t)),
  cpp: (_, x) => call("lum::abs", x),
  cuda: (t, x) => (isFloat(t) ? cudaCall("fabs", t, x) : call("lum::abs", x)),
};
