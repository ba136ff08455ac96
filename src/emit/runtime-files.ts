/** The runtime files that a set of sources includes, directly or through one another. */
import { existsSync } from "node:fs";
import { templatePath, templateText } from "./template.ts";

const include = /^\s*#\s*include\s+"(?:\.\.\/)?(?:runtime\/)?([\w.]+\.(?:h|cuh))"/gm;

/** Names of the headers that a text includes: `gemm.h` for `#include "runtime/gemm.h"` or, inside the runtime, `"gemm.h"`. */
export function includedHeaders(text: string, insideRuntime: boolean): string[] {
  return [...text.matchAll(include)]
    .filter((m) => insideRuntime || m[0].includes("runtime/"))
    .map((m) => m[1]);
}

/** Headers that a project is compiled with where it is emulated, and that are no part of it. */
const emulation: ReadonlySet<string> = new Set(["simt.h"]);

/**
 * Text by name of every runtime file that `sources` need, sorted by name: headers, and the sources that go with them. A
 * name is looked for in the first folder, then in the next: targets share what the host does.
 */
export function runtimeFiles(folders: readonly string[], sources: Iterable<string>): Map<string, string> {
  const found = new Map<string, string>();
  const open = [...sources].flatMap((text) => includedHeaders(text, false));
  while (open.length > 0) {
    const name = open.pop()!;
    if (found.has(name) || emulation.has(name)) continue;
    const folder = folders.find((f) => existsSync(templatePath(`${f}/runtime/${name}`))) ?? folders[0];
    const text = templateText(`${folder}/runtime/${name}`);
    found.set(name, text);
    open.push(...includedHeaders(text, true));
    const source = name.replace(/\.cuh?$|\.h$/, ".cpp");
    if (existsSync(templatePath(`${folder}/runtime/${source}`))) open.push(source);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
