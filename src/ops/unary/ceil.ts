import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const ceil: UnaryOp = {
  name: "ceil",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 1,
  docs: "least integer that is not below x",
  interpret: () => Math.ceil,
  cpp: (_, x) => call("lum::ceil", x),
  cuda: (t, x) => cudaCall("ceil", t, x),
};
