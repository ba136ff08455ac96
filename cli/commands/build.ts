import type { CommandModule } from "yargs";
import { type BuildOptions, type Built, buildArguments, buildModel, loadModel } from "../build-model.ts";
import { modelArguments } from "../model.ts";
import { printDiagnostics, printJson, printLine, run, seconds } from "../output.ts";

export const build: CommandModule<object, BuildOptions> = {
  command: "build <file>",
  describe: "compile a model into a standalone project",
  builder: (y) =>
    buildArguments(modelArguments(y)).option("compile", {
      type: "boolean",
      default: true,
      describe: "run the C++ compiler; --no-compile writes the sources only",
    }),
  handler: (args) =>
    run(args.json, async () => {
      const built = await buildModel({ ...args, programs: true });
      if (built.compiled !== undefined && built.weights !== undefined) loadModel(built).close();
      if (args.json) printJson(summary(built));
      else {
        printDiagnostics(built.compilation.warnings, false);
        report(built);
      }
    }),
};

function summary(b: Built) {
  return {
    model: b.compilation.hlir.name,
    folder: b.dir,
    changed: b.changed,
    kernels: b.compilation.program.kernels.length,
    arenaBytes: b.compilation.program.arenaBytes,
    compiled: b.compiled,
    milliseconds: b.times,
    notes: b.notes,
  };
}

function report(b: Built): void {
  for (const note of b.notes) printLine(note);
  const { program } = b.compilation;
  printLine(
    `${program.name}: ${program.kernels.length} kernels, ${b.changed.length} files written to ${b.dir} in ${seconds(b.times.lumc)}`,
  );
  if (b.compiled === undefined) return;
  const { compiled, reused, library } = b.compiled;
  printLine(
    `compiled ${compiled} files, ${reused} from the cache, in ${seconds(b.times.compiler)}: ${library}`,
  );
}
