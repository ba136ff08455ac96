/** The examples as sources, under a path that is the same on every machine. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { SourceFile } from "../../src/ir/source.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export const exampleNames = ["mlp", "gpt", "llama", "bert", "convnet"] as const;
export type ExampleName = (typeof exampleNames)[number];

export const example = (name: ExampleName): SourceFile => {
  const path = `examples/${name}/${name}.lum`;
  return { path, text: readFileSync(`${root}/${path}`, "utf8") };
};
