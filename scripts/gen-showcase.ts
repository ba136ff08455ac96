/** Writes the showcase projects, sources only, as a visitor reads them first: generated/cpu and generated/cuda. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writeProject } from "../src/emit/write.ts";
import { type CompileOptions, compile } from "../src/pipeline.ts";

export type Showcase = {
  readonly target: "cpu" | "cuda";
  readonly folder: string;
  /** Its files, for a default architecture that does not depend on the machine. */
  readonly files: () => ReadonlyMap<string, string>;
};

const projectOf = (model: string, options: CompileOptions) => (): ReadonlyMap<string, string> => {
  const path = fileURLToPath(new URL(`../examples/${model}`, import.meta.url));
  return compile({ path, text: readFileSync(path, "utf8") }, options).files;
};

const folderOf = (name: string): string => fileURLToPath(new URL(`../generated/${name}`, import.meta.url));

/** On a GPU a large model in bf16 with a routine for one token, on a CPU a small one. */
export const showcases: readonly Showcase[] = [
  { target: "cpu", folder: folderOf("cpu"), files: projectOf("gpt/gpt.lum", { arch: "x86-64-v3" }) },
  {
    target: "cuda",
    folder: folderOf("cuda"),
    files: projectOf("llama/llama.lum", {
      target: "cuda",
      arch: "sm_90a",
      set: new Map([["T", "bf16"]]),
    }),
  },
];

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const { folder, files } of showcases) writeProject(files(), folder, { force: true });
