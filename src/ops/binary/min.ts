import type { BinaryOp } from "../op.ts";
import { call } from "../spelling.ts";

export const min: BinaryOp = {
  name: "min",
  arity: 2,
  accepts: "any",
  result: "same",
  cost: 1,
  docs: "the smaller of a and b; NaN if either is NaN",
  interpret: () => Math.min,
  cpp: (_, a, b) => call("lum::min", a, b),
  cuda: (_, a, b) => call("lum::min", a, b),
};
