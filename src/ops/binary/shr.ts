import { wide } from "../integers.ts";
import type { BinaryOp } from "../op.ts";
import { call } from "../spelling.ts";

const long = wide(
  () => Number.NaN,
  (a, b) => a >> (b < 0n || b > 63n ? 63n : b),
);

export const shr: BinaryOp = {
  name: "shr",
  arity: 2,
  accepts: "integer",
  result: "same",
  cost: 1,
  docs: "a shifted right by b bits, keeping the sign; only the sign where b is negative or at least the width",
  interpret: (t) => (t === "i32" ? (a, b) => a >> (b < 0 || b > 31 ? 31 : b) : long),
  cpp: (_, a, b) => call("lum::shift_right", a, b),
  cuda: (_, a, b) => call("lum::shift_right", a, b),
};
