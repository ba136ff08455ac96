import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const cos: UnaryOp = {
  name: "cos",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 12,
  docs: "cosine of x in radians",
  interpret: () => Math.cos,
  cpp: (_, x) => call("lum::cos", x),
  cuda: (t, x) => cudaCall("cos", t, x),
};
