import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const expm1: UnaryOp = {
  name: "expm1",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 10,
  docs: "exp(x) - 1, precise near 0",
  interpret: () => Math.expm1,
  cpp: (_, x) => call("lum::expm1", x),
  cuda: (t, x) => cudaCall("expm1", t, x),
};
