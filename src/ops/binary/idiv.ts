import { isFloat } from "../../ir/dtype.ts";
import { floorDivide, wrap } from "../integers.ts";
import type { BinaryOp } from "../op.ts";
import { call } from "../spelling.ts";

export const idiv: BinaryOp = {
  name: "idiv",
  arity: 2,
  accepts: "number",
  result: "same",
  cost: 20,
  docs: "floor(a / b), towards minus infinity; an integer divided by 0 gives 0",
  interpret: (t) => (isFloat(t) ? (a, b) => Math.floor(a / b) : (a, b) => wrap(floorDivide(a, b), t)),
  cpp: (_, a, b) => call("lum::floor_div", a, b),
  cuda: (_, a, b) => call("lum::floor_div", a, b),
};
