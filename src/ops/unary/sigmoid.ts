import type { UnaryOp } from "../op.ts";
import { sigmoid as logistic } from "../special-functions.ts";
import { call } from "../spelling.ts";

export const sigmoid: UnaryOp = {
  name: "sigmoid",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 10,
  docs: "1 / (1 + exp(-x)), without overflow",
  interpret: () => logistic,
  cpp: (_, x) => call("lum::sigmoid", x),
  cuda: (_, x) => call("lum::sigmoid", x),
};
