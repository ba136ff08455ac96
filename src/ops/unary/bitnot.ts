import type { UnaryOp } from "../op.ts";
import { prefix } from "../spelling.ts";

export const bitnot: UnaryOp = {
  name: "bitnot",
  arity: 1,
  accepts: "integer",
  result: "same",
  cost: 1,
  docs: "every bit inverted, -x - 1",
  interpret: () => (x) => -x - 1,
  cpp: (_, x) => prefix("~", x),
  cuda: (_, x) => prefix("~", x),
};
