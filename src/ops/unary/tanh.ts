import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const tanh: UnaryOp = {
  name: "tanh",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 12,
  docs: "hyperbolic tangent",
  interpret: () => Math.tanh,
  cpp: (_, x) => call("lum::tanh", x),
  cuda: (t, x) => cudaCall("tanh", t, x),
};
