import type { BinaryOp } from "../op.ts";
import { call } from "../spelling.ts";

export const max: BinaryOp = {
  name: "max",
  arity: 2,
  accepts: "any",
  result: "same",
  cost: 1,
  docs: "the greater of a and b; NaN if either is NaN",
  interpret: () => Math.max,
  cpp: (_, a, b) => call("lum::max", a, b),
  cuda: (_, a, b) => call("lum::max", a, b),
};
