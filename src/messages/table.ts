/** Every message of lumc, by code: LUM1xxx syntax, 2xxx names, types and shapes, 3xxx lowering, 4xxx search, 5xxx emit and toolchain, 6xxx run time. */
import { commandMessages } from "./command.ts";
import { emitMessages } from "./emit.ts";
import { loweringMessages } from "./lowering.ts";
import { measureMessages } from "./measure.ts";
import { runtimeMessages } from "./runtime.ts";
import { searchMessages } from "./search.ts";
import { semanticMessages } from "./semantic.ts";
import { syntaxMessages } from "./syntax.ts";
import { weightMessages } from "./weights.ts";

export const messages = {
  ...syntaxMessages,
  ...semanticMessages,
  ...loweringMessages,
  ...searchMessages,
  ...emitMessages,
  ...runtimeMessages,
  ...weightMessages,
  ...commandMessages,
  ...measureMessages,
};
