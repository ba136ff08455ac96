import type { UnaryOp } from "../op.ts";
import { call } from "../spelling.ts";

export const sign: UnaryOp = {
  name: "sign",
  arity: 1,
  accepts: "number",
  result: "same",
  cost: 2,
  docs: "-1, 0 or 1 as x is negative, zero or positive; NaN stays NaN",
  interpret: () => Math.sign,
  cpp: (_, x) => call("lum::sign", x),
  cuda: (_, x) => call("lum::sign", x),
};
