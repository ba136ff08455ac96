import { isFloat } from "../../ir/dtype.ts";
import { floorModulo } from "../integers.ts";
import type { BinaryOp } from "../op.ts";
import { call } from "../spelling.ts";

export const mod: BinaryOp = {
  name: "mod",
  arity: 2,
  accepts: "number",
  result: "same",
  cost: 22,
  docs: "a - b * floor(a / b), with the sign of b; an integer modulo 0 is itself, a float NaN",
  interpret: (t) => (isFloat(t) ? (a, b) => (b === 0 ? Number.NaN : floorModulo(a, b)) : floorModulo),
  cpp: (_, a, b) => call("lum::floor_mod", a, b),
  cuda: (_, a, b) => call("lum::floor_mod", a, b),
};
