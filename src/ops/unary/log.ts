import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const log: UnaryOp = {
  name: "log",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 8,
  docs: "natural logarithm",
  interpret: () => Math.log,
  cpp: (_, x) => call("lum::log", x),
  cuda: (t, x) => cudaCall("log", t, x),
};
