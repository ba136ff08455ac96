import { wide } from "../integers.ts";
import type { BinaryOp } from "../op.ts";
import { call } from "../spelling.ts";

const long = wide(
  () => Number.NaN,
  (a, b) => (b < 0n || b > 63n ? 0n : a << b),
);

export const shl: BinaryOp = {
  name: "shl",
  arity: 2,
  accepts: "integer",
  result: "same",
  cost: 1,
  docs: "a shifted left by b bits; 0 where b is negative or at least the width",
  interpret: (t) => (t === "i32" ? (a, b) => (b < 0 || b > 31 ? 0 : a << b) : long),
  cpp: (_, a, b) => call("lum::shift_left", a, b),
  cuda: (_, a, b) => call("lum::shift_left", a, b),
};
