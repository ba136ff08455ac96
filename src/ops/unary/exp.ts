import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const exp: UnaryOp = {
  name: "exp",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 8,
  docs: "e to the power x",
  interpret: () => Math.exp,
  cpp: (_, x) => call("lum::exp", x),
  cuda: (t, x) => cudaCall("exp", t, x),
};
