import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const floor: UnaryOp = {
  name: "floor",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 1,
  docs: "greatest integer that is not above x",
  interpret: () => Math.floor,
  cpp: (_, x) => call("lum::floor", x),
  cuda: (t, x) => cudaCall("floor", t, x),
};
