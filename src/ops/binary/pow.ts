import { isFloat } from "../../ir/dtype.ts";
import { integerPower } from "../integers.ts";
import type { BinaryOp } from "../op.ts";
import { call, cudaCall } from "../spelling.ts";

/** As C has it: a power of 1 and a zeroth power are 1 whatever the other operand, which JavaScript denies to NaN. */
const real = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;

export const pow: BinaryOp = {
  name: "pow",
  arity: 2,
  accepts: "number",
  result: "same",
  cost: 20,
  docs: "a to the power b; integers wrap, and a negative exponent truncates 1 / a^-b",
  interpret: (t) =>
    isFloat(t) ? real : (a, b) => Number(integerPower(BigInt(a), BigInt(b), t === "i32" ? 32 : 64)),
  cpp: (_, a, b) => call("lum::pow", a, b),
  cuda: (t, a, b) => (isFloat(t) ? cudaCall("pow", t, a, b) : call("lum::pow", a, b)),
};
