import type { UnaryOp } from "../op.ts";
import { call, cudaCall, infix, literal } from "../spelling.ts";

export const rsqrt: UnaryOp = {
  name: "rsqrt",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 5,
  docs: "1 / sqrt(x)",
  interpret: () => (x) => 1 / Math.sqrt(x),
  cpp: (t, x) => infix(literal(1, t), "/", call("lum::sqrt", x)),
  cuda: (t, x) => cudaCall("rsqrt", t, x),
};
