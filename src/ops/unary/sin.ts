import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const sin: UnaryOp = {
  name: "sin",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 12,
  docs: "sine of x in radians",
  interpret: () => Math.sin,
  cpp: (_, x) => call("lum::sin", x),
  cuda: (t, x) => cudaCall("sin", t, x),
};
