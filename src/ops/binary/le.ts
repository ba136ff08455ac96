import type { BinaryOp } from "../op.ts";
import { infix } from "../spelling.ts";

export const le: BinaryOp = {
  name: "le",
  arity: 2,
  accepts: "any",
  result: "bool",
  cost: 1,
  docs: "a not above b; false if either is NaN",
  interpret: () => (a, b) => (a <= b ? 1 : 0),
  cpp: (_, a, b) => infix(a, "<=", b),
  cuda: (_, a, b) => infix(a, "<=", b),
};
