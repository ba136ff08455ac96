import type { CommandModule } from "yargs";
import { checkHlir } from "../../src/ir/hlir-check.ts";
import { elaborate } from "../../src/lower/elaborate/elaborate.ts";
import { findModelFile, type ModelOptions, modelArguments, readSource, settingsOf } from "../model.ts";
import { printDiagnostics, printLine, run } from "../output.ts";

export const check: CommandModule<object, ModelOptions> = {
  command: "check <file>",
  describe: "report every mistake in a model",
  builder: (y) => modelArguments(y),
  handler: (args) =>
    run(args.json, () => {
      const source = readSource(findModelFile(args.file));
      const { hlir, diagnostics } = elaborate(source, { set: settingsOf(source, args), model: args.model });
      if (hlir !== undefined) checkHlir(hlir, "elaborate");
      printDiagnostics(diagnostics, args.json);
      if (hlir === undefined) process.exitCode = 1;
      else if (!args.json) printLine(`${source.path}: ${hlir.name} is fine`);
    }),
};
