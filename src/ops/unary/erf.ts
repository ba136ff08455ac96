import type { UnaryOp } from "../op.ts";
import { erf as errorFunction } from "../special-functions.ts";
import { call, cudaCall } from "../spelling.ts";

export const erf: UnaryOp = {
  name: "erf",
  arity: 1,
  accepts: "float",
  result: "same",
  cost: 14,
  docs: "error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x",
  interpret: () => errorFunction,
  cpp: (_, x) => call("lum::erf", x),
  cuda: (t, x) => cudaCall("erf", t, x),
};
