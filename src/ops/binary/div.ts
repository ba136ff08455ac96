import type { BinaryOp } from "../op.ts";
import { infix } from "../spelling.ts";

export const div: BinaryOp = {
  name: "div",
  arity: 2,
  accepts: "float",
  result: "same",
  cost: 4,
  docs: "a / b; integers divide with idiv",
  interpret: () => (a, b) => a / b,
  cpp: (_, a, b) => infix(a, "/", b),
  cuda: (_, a, b) => infix(a, "/", b),
};
