import type { CommandModule } from "yargs";
import { explainPlan } from "../../src/explain.ts";
import { compile } from "../../src/pipeline.ts";
import { findModelFile, type ModelOptions, modelArguments, readSource, settingsOf } from "../model.ts";
import { printJson, printLine, run } from "../output.ts";

export const explain: CommandModule<object, ModelOptions> = {
  command: "explain <file>",
  describe: "which kernel computes each line, and what it has to move and compute",
  builder: (y) => modelArguments(y),
  handler: (args) =>
    run(args.json, () => {
      const source = readSource(findModelFile(args.file));
      const { plan } = compile(source, { set: settingsOf(source, args), model: args.model });
      const lines = explainPlan(plan);
      if (args.json) printJson({ kernels: lines });
      else
        for (const k of lines) {
          printLine(`${k.place}  ${k.source}`);
          printLine(
            `    ${k.computes}: ${k.family}${k.fused.length === 0 ? "" : `, with ${k.fused.join(", ")}`}`,
          );
          printLine(`    ${k.work}`);
        }
    }),
};
