import { writeFileSync } from "node:fs";
import type { CommandModule } from "yargs";
import { CompileError, diagnostic } from "../../src/diagnostics.ts";
import { hostArch } from "../../src/emit/arch.ts";
import { explainModel } from "../../src/explain/explain.ts";
import { pageHtml } from "../../src/explain/page.ts";
import { reportText } from "../../src/explain/text.ts";
import type { Measurer } from "../../src/search/measure/measure.ts";
import {
  type BuildOptions,
  bucketsOf,
  checkAllowed,
  gpuArchOf,
  machineFor,
  searchArguments,
  searchOf,
} from "../build-model.ts";
import { withMeasurer } from "../measuring.ts";
import { findModelFile, type ModelOptions, modelArguments, readSource, settingsOf } from "../model.ts";
import { printJson, printLine, progressDone, run, transient } from "../output.ts";

type ExplainOptions = ModelOptions &
  Pick<
    BuildOptions,
    | "target"
    | "arch"
    | "allow"
    | "search"
    | "searchMemory"
    | "seed"
    | "bucket"
    | "machine"
    | "measure"
    | "jobs"
    | "compiler"
  > & {
    html?: string;
  };

export const explain: CommandModule<object, ExplainOptions> = {
  command: "explain <file>",
  describe: "which kernel computes each line, what it costs, and what was not chosen",
  builder: (y) =>
    searchArguments(modelArguments(y))
      .option("arch", {
        type: "string",
        describe: "with --target cuda: what to compile for, sm_90a by default",
      })
      .option("measure", {
        type: "boolean",
        default: false,
        describe: "search as build --measure does, and tell measured times beside the estimates",
      })
      .option("jobs", { type: "number", describe: "compilers at a time; one per processor by default" })
      .option("compiler", { type: "string", describe: "C++ compiler for --measure" })
      .option("html", { type: "string", describe: "write it as a page into this file" }),
  handler: (args) =>
    run(args.json, async () => {
      if (args.target === "metal")
        throw new CompileError([diagnostic("LUM5103", undefined, { target: args.target })]);
      checkAllowed(args);
      const source = readSource(findModelFile(args.file));
      const search = searchOf(args.measure && args.search === "direct" ? { ...args, search: "fast" } : args);
      const explain = (measure?: Measurer) =>
        explainModel(source, {
          set: settingsOf(source, args),
          model: args.model,
          buckets: bucketsOf(args.bucket),
          search: search && { ...search, measure },
          target: args.target === "cuda" ? "cuda" : "cpu",
          machine: machineFor(args),
          onProgress: transient,
        });
      const { jobs, compiler, allow } = args;
      const place = args.target === "cuda" ? { gpu: gpuArchOf(args).name } : { arch: hostArch() };
      const explained = await (args.measure
        ? withMeasurer({ jobs, compiler, allow, ...place }, explain)
        : explain()
      ).finally(progressDone);
      if (args.html !== undefined) writePage(args.html, pageHtml(explained));
      if (args.json) printJson(explained.report);
      else if (args.html === undefined) printLine(reportText(explained.report));
      else printLine(`${explained.report.model} explained in ${args.html}`);
    }),
};

function writePage(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CompileError([diagnostic("LUM5003", undefined, { path, reason })]);
  }
}
