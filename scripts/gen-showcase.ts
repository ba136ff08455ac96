/** Writes generated/cpu: the project of examples/gpt, sources only, as a visitor reads it first. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writeProject } from "../src/emit/write.ts";
import { compile } from "../src/pipeline.ts";

export const showcaseFolder = fileURLToPath(new URL("../generated/cpu", import.meta.url));

/** The files of the showcase, for a default architecture that does not depend on the machine. */
export function showcaseFiles(): ReadonlyMap<string, string> {
  const path = fileURLToPath(new URL("../examples/gpt/gpt.lum", import.meta.url));
  return compile({ path, text: readFileSync(path, "utf8") }, { arch: "x86-64-v3" }).files;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeProject(showcaseFiles(), showcaseFolder, { force: true });
