import type { UnaryOp } from "../op.ts";
import { prefix } from "../spelling.ts";

export const not: UnaryOp = {
  name: "not",
  arity: 1,
  accepts: "bool",
  result: "same",
  cost: 1,
  docs: "true where x is false",
  interpret: () => (x) => (x === 0 ? 1 : 0),
  cpp: (_, x) => prefix("!", x),
  cuda: (_, x) => prefix("!", x),
};
