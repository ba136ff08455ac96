/** From the words of a command to a model: its file, settings, weights. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Argv } from "yargs";
import { CompileError, diagnostic } from "../src/diagnostics.ts";
import type { SourceFile } from "../src/ir/source.ts";
import { parse } from "../src/parser/parse.ts";

/** A `.lum` file, or the only one of a folder. */
export function findModelFile(path: string): string {
  if (!existsSync(path))
    throw new CompileError([diagnostic("LUM5101", undefined, { path, reason: "there is no such file" })]);
  if (!statSync(path).isDirectory()) return path;
  const found = readdirSync(path).filter((f) => f.endsWith(".lum"));
  if (found.length === 1) return join(path, found[0]);
  const text = found.length === 0 ? "no .lum file" : `several .lum files: ${found.join(", ")}`;
  throw new CompileError([diagnostic("LUM5102", undefined, { folder: path, found: text })]);
}

export function readSource(path: string): SourceFile {
  try {
    return { path, text: readFileSync(path, "utf8") };
  } catch (error) {
    throw new CompileError([
      diagnostic("LUM5101", undefined, {
        path,
        reason: error instanceof Error ? error.message : String(error),
      }),
    ]);
  }
}

/** `name=value`, several times. */
export function pairs(option: string, given: readonly string[] = []): Map<string, string> {
  const out = new Map<string, string>();
  for (const text of given) {
    const at = text.indexOf("=");
    if (at <= 0)
      throw new CompileError([diagnostic("LUM5104", undefined, { option, text, form: "name=value" })]);
    out.set(text.slice(0, at), text.slice(at + 1));
  }
  return out;
}

export type ModelOptions = { file: string; set?: string[]; dtype?: string; model?: string; json: boolean };

export const jsonArgument = <T>(yargs: Argv<T>) =>
  yargs.option("json", { type: "boolean", default: false, describe: "print results as JSON" });

export const modelArguments = <T>(yargs: Argv<T>) =>
  jsonArgument(yargs)
    .positional("file", {
      type: "string",
      demandOption: true,
      describe: "a .lum file, or a folder that holds one",
    })
    .option("set", { type: "string", array: true, describe: "a model parameter, name=value" })
    .option("dtype", { type: "string", describe: "the model's dtype parameter" })
    .option("model", { type: "string", describe: "which model of the file; the last by default" });

/** `--dtype bf16` sets the parameter that is declared as a dtype. */
export function settingsOf(source: SourceFile, options: ModelOptions): Map<string, string> {
  const set = pairs("set", options.set);
  if (options.dtype === undefined) return set;
  const models = parse(source).file.items.filter((i) => i.kind === "model");
  const model =
    options.model === undefined ? models.at(-1) : models.find((m) => m.name.name === options.model);
  const parameter = model?.params.find((p) => p.type?.element?.name === "dtype");
  if (parameter === undefined)
    throw new CompileError([
      diagnostic("LUM5105", model?.span, { model: model?.name.name ?? "", dtype: options.dtype }),
    ]);
  return set.set(parameter.name.name, options.dtype);
}

/** Weights that lie beside a model file, under the names that checkpoints have. */
export function weightsBeside(file: string): string | undefined {
  const folder = dirname(file);
  const usual = ["model.safetensors", "model.safetensors.index.json"].map((f) => join(folder, f));
  return usual.find((f) => existsSync(f));
}

/** `generated/llama` for `models/llama.lum` and for `models/llama/model.lum`. */
export function outputFolder(file: string, target: string): string {
  const own = basename(file, ".lum");
  return join("generated", `${own === "model" ? basename(dirname(file)) : own}-${target}`);
}
