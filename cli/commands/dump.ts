import type { CommandModule } from "yargs";
import { printHlir } from "../../src/ir/hlir-print.ts";
import { printLlir } from "../../src/ir/llir-print.ts";
import { printPlan } from "../../src/ir/plan-print.ts";
import { astText } from "../../src/ir/print-ast.ts";
import { parse } from "../../src/parser/parse.ts";
import { compile, front } from "../../src/pipeline.ts";
import { dumpEGraph, egraphText } from "../../src/search/egraph-text.ts";
import { findModelFile, type ModelOptions, modelArguments, readSource, settingsOf } from "../model.ts";
import { printDiagnostics, printJson, printLine, run } from "../output.ts";

const stages = ["ast", "hlir", "egraph", "plan", "llir"] as const;
type Stage = (typeof stages)[number];

export const dump: CommandModule<object, ModelOptions & { stage: Stage }> = {
  command: "dump <file>",
  describe: "print what one stage of the compiler made",
  builder: (y) =>
    modelArguments(y).option("stage", { choices: stages, demandOption: true, describe: "which stage" }),
  handler: (args) =>
    run(args.json, async () => {
      const source = readSource(findModelFile(args.file));
      if (args.stage === "egraph") {
        const { hlir } = front(source, { set: settingsOf(source, args), model: args.model });
        const dumped = await dumpEGraph(hlir);
        if (args.json) printJson(dumped);
        else printLine(egraphText(dumped));
        return;
      }
      const text = textOf(source, { ...args, stage: args.stage });
      if (args.json) printJson({ stage: args.stage, text });
      else printLine(text);
    }),
};

type TextStage = Exclude<Stage, "egraph">;

function textOf(source: ReturnType<typeof readSource>, args: ModelOptions & { stage: TextStage }): string {
  const options = { set: settingsOf(source, args), model: args.model };
  switch (args.stage) {
    case "ast": {
      const { file, diagnostics } = parse(source);
      printDiagnostics(diagnostics, args.json);
      return astText(file);
    }
    case "hlir":
      return printHlir(front(source, options).hlir);
    case "plan":
      return printPlan(compile(source, options).plan);
    case "llir":
      return printLlir(compile(source, options).program);
  }
}
