import { mkdirSync } from "node:fs";
import type { CommandModule } from "yargs";
import type { EntrySpec, TypedArray } from "../../src/loader/native.ts";
import { type BuildOptions, buildArguments, buildModel, checkHasWeights, loadModel } from "../build-model.ts";
import { type Call, callOf } from "../call.ts";
import { modelArguments } from "../model.ts";
import { run as guarded, printJson, printLine } from "../output.ts";
import { saveNpy, summarize } from "../tensors.ts";

type RunOptions = BuildOptions & { input?: string[]; dim?: string[]; entry?: string; output?: string };

export const run: CommandModule<object, RunOptions> = {
  command: "run <file>",
  describe: "build if needed, run once, print or save the outputs",
  builder: (y) =>
    buildArguments(modelArguments(y))
      .option("input", { type: "string", array: true, describe: "an input, name=file.npy" })
      .option("dim", {
        type: "string",
        array: true,
        describe: "a dim, name=value; sizes of inputs tell most",
      })
      .option("entry", { type: "string", describe: "which entry; the first by default" })
      .option("output", { type: "string", describe: "folder for the outputs as .npy" })
      .option("threads", { type: "number", describe: "threads a call may use" }),
  handler: (args) =>
    guarded(args.json, async () => {
      let call: Call | undefined;
      const built = await buildModel(args, ({ compilation, weights }) => {
        call = callOf(compilation.program, args);
        checkHasWeights(compilation, weights);
      });
      const { entry, dims, inputs } = call!;
      using model = loadModel(built, { threads: args.threads });
      report(entry, dims, model.run(entry.name, dims, inputs), args);
    }),
};

function report(
  entry: EntrySpec,
  dims: Record<string, number>,
  outputs: { [name: string]: TypedArray },
  args: RunOptions,
): void {
  if (args.output !== undefined) mkdirSync(args.output, { recursive: true });
  const rows = entry.outputs.map((t) => {
    const shape = t.shape(dims);
    const saved = args.output === undefined ? undefined : saveNpy(args.output, t, shape, outputs[t.name]);
    return { name: t.name, dtype: t.dtype, shape, saved, text: summarize(t, outputs[t.name]) };
  });
  if (args.json) printJson({ entry: entry.name, dims, outputs: rows.map(({ text: _, ...r }) => r) });
  else
    for (const r of rows)
      printLine(
        `${r.name}: ${r.dtype}[${r.shape.join(", ")}] ${r.saved === undefined ? r.text : `saved to ${r.saved}`}`,
      );
}
