import type { UnaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

export const sqrt: UnaryOp = {
  name: "sqrt",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 4,
  docs: "square root",
  interpret: () => Math.sqrt,
  cpp: (_, x) => call("lum::sqrt", x),
  cuda: (t, x) => cudaCall("sqrt", t, x),
};
