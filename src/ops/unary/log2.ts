import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const log2: UnaryOp = {
  name: "log2",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 8,
  docs: "logarithm to base 2",
  interpret: () => Math.log2,
  cpp: (_, x) => call("lum::log2", x),
  cuda: (t, x) => cudaCall("log2", t, x),
};
