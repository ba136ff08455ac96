import { mkdirSync } from "node:fs";
import type { CommandModule } from "yargs";
import { CompileError, diagnostic } from "../../src/diagnostics.ts";
import type { LEntry, Program } from "../../src/ir/llir.ts";
import type { NativeModel, TypedArray } from "../../src/loader/native.ts";
import { type BuildOptions, buildArguments, buildModel, loadModel } from "../build-model.ts";
import { dimValues } from "../dims.ts";
import { modelArguments, pairs } from "../model.ts";
import { run as guarded, printJson, printLine } from "../output.ts";
import { asInput, loadNpy, saveNpy, summarize } from "../tensors.ts";

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
      const built = await buildModel(args);
      const { program } = built.compilation;
      const entry = pickEntry(program, args.entry);
      const given = readInputs(entry, pairs("input", args.input));
      const stated = statedDims(args.dim);
      const shapes = new Map([...given].map(([name, a]) => [name, a.shape]));
      const lows = new Map(program.dims.map((d) => [d.name, d.low]));
      const dims = dimValues(entry, stated, shapes, lows);
      using model = loadModel(built, { threads: args.threads });
      const spec = model.spec.entries.find((e) => e.name === entry.name)!;
      const inputs = Object.fromEntries(spec.inputs.map((t) => [t.name, asInput(t, given.get(t.name)!)]));
      report(model, entry.name, dims, model.run(entry.name, dims, inputs), args);
    }),
};

export function pickEntry(program: Program, name: string | undefined): LEntry {
  const found = name === undefined ? program.entries[0] : program.entries.find((e) => e.name === name);
  if (found !== undefined) return found;
  const known = program.entries.map((e) => e.name).join(", ");
  throw new CompileError([
    diagnostic("LUM6004", undefined, { call: program.name, name: `entry ${name}`, known }),
  ]);
}

export function statedDims(given: readonly string[] | undefined): Map<string, number> {
  return new Map(
    [...pairs("dim", given)].map(([name, text]) => {
      const value = Number(text);
      if (!Number.isSafeInteger(value) || text.trim() === "")
        throw new CompileError([
          diagnostic("LUM5104", undefined, { option: "dim", text: `${name}=${text}`, form: "name=integer" }),
        ]);
      return [name, value];
    }),
  );
}

export function readInputs(entry: LEntry, files: ReadonlyMap<string, string>) {
  const known = entry.inputs.map((i) => i.name);
  for (const name of files.keys())
    if (!known.includes(name))
      throw new CompileError([diagnostic("LUM6201", undefined, { name, known: known.join(", ") || "none" })]);
  return new Map(
    entry.inputs.map((i) => {
      const path = files.get(i.name);
      if (path === undefined) throw new CompileError([diagnostic("LUM6202", undefined, { name: i.name })]);
      return [i.name, loadNpy(path)];
    }),
  );
}

function report(
  model: NativeModel,
  entryName: string,
  dims: Record<string, number>,
  outputs: { [name: string]: TypedArray },
  args: RunOptions,
): void {
  const spec = model.spec.entries.find((e) => e.name === entryName)!;
  if (args.output !== undefined) mkdirSync(args.output, { recursive: true });
  const rows = spec.outputs.map((t) => {
    const shape = t.shape(dims);
    const saved = args.output === undefined ? undefined : saveNpy(args.output, t, shape, outputs[t.name]);
    return { name: t.name, dtype: t.dtype, shape, saved, text: summarize(t, outputs[t.name]) };
  });
  if (args.json) printJson({ entry: entryName, dims, outputs: rows.map(({ text: _, ...r }) => r) });
  else
    for (const r of rows)
      printLine(
        `${r.name}: ${r.dtype}[${r.shape.join(", ")}] ${r.saved === undefined ? r.text : `saved to ${r.saved}`}`,
      );
}
