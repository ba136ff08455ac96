import type { UnaryOp } from "../op.ts";
import { infix, literal } from "../spelling.ts";

export const recip: UnaryOp = {
  name: "recip",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 4,
  docs: "1 / x",
  interpret: () => (x) => 1 / x,
  cpp: (t, x) => infix(literal(1, t), "/", x),
  cuda: (t, x) => infix(literal(1, t), "/", x),
};
