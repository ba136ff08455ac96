import type { BinaryOp } from "../op.ts";
import { infix } from "../spelling.ts";

export const and: BinaryOp = {
  name: "and",
  arity: 2,
  accepts: "bool",
  result: "same",
  cost: 1,
  docs: "true where both of a and b are true",
  interpret: () => (a, b) => a & b,
  cpp: (_, a, b) => infix(a, "&&", b),
  cuda: (_, a, b) => infix(a, "&&", b),
};
