import { wide } from "../integers.ts";
import type { BinaryOp } from "../op.ts";
import { infix } from "../spelling.ts";

// Number.NaN sends every pair to the exact branch: bits above the 32nd are lost in JavaScript's own operator.
const long = wide(
  () => Number.NaN,
  (a, b) => a & b,
);

export const bitand: BinaryOp = {
  name: "bitand",
  arity: 2,
  accepts: "integer",
  result: "same",
  cost: 1,
  docs: "bitwise and",
  interpret: (t) => (t === "i32" ? (a, b) => a & b : long),
  cpp: (_, a, b) => infix(a, "&", b),
  cuda: (_, a, b) => infix(a, "&", b),
};
