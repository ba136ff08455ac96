import type { UnaryOp } from "../op.ts";
import { roundToEven } from "../special-functions.ts";
import { call, cudaCall } from "../spelling.ts";

export const round: UnaryOp = {
  name: "round",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 1,
  docs: "nearest integer, halves to the even one",
  interpret: () => roundToEven,
  cpp: (_, x) => call("lum::round", x),
  cuda: (t, x) => cudaCall("rint", t, x),
};
