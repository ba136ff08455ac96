import { renameSync, writeFileSync } from "node:fs";
import type { CommandModule } from "yargs";
import { CompileError } from "../../src/diagnostics.ts";
import { format } from "../../src/parser/format.ts";
import { parse } from "../../src/parser/parse.ts";
import { findModelFile, jsonArgument, readSource } from "../model.ts";
import { printJson, printLine, run } from "../output.ts";

export const fmt: CommandModule<object, { files: string[]; check: boolean; json: boolean }> = {
  command: "fmt <files..>",
  describe: "write files in the one style",
  builder: (y) =>
    jsonArgument(y)
      .positional("files", {
        type: "string",
        array: true,
        demandOption: true,
        describe: ".lum files, or folders that hold one",
      })
      .option("check", {
        type: "boolean",
        default: false,
        describe: "change nothing; fail where a file would change",
      }),
  handler: (args) =>
    run(args.json, () => {
      const changed = args.files.flatMap((path) => formatFile(findModelFile(path), args.check));
      if (args.json) printJson({ changed });
      else
        for (const path of changed) printLine(args.check ? `${path} is not formatted` : `formatted ${path}`);
      if (args.check && changed.length > 0) process.exitCode = 1;
    }),
};

/** The path, if its text is not as the formatter would write it. */
function formatFile(path: string, checkOnly: boolean): string[] {
  const source = readSource(path);
  const { file, diagnostics } = parse(source);
  if (diagnostics.some((d) => d.severity === "error")) throw new CompileError(diagnostics);
  const text = format(file);
  if (text === source.text) return [];
  if (!checkOnly) {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
  return [path];
}
