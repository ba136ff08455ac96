import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const exp2: UnaryOp = {
  name: "exp2",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 7,
  docs: "2 to the power x",
  interpret: () => (x) => 2 ** x,
  cpp: (_, x) => call("lum::exp2", x),
  cuda: (t, x) => cudaCall("exp2", t, x),
};
