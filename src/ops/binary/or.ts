import type { BinaryOp } from "../op.ts";
import { infix } from "../spelling.ts";

export const or: BinaryOp = {
  name: "or",
  arity: 2,
  accepts: "bool",
  result: "same",
  cost: 1,
  docs: "true where at least one of a and b is true",
  interpret: () => (a, b) => a | b,
  cpp: (_, a, b) => infix(a, "||", b),
  cuda: (_, a, b) => infix(a, "||", b),
};
