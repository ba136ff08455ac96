import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const log1p: UnaryOp = {
  name: "log1p",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 10,
  docs: "log(1 + x), precise near 0",
  interpret: () => Math.log1p,
  cpp: (_, x) => call("lum::log1p", x),
  cuda: (t, x) => cudaCall("log1p", t, x),
};
