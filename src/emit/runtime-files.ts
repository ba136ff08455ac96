/** The runtime files that a set of sources includes, directly or through one another. */
import { existsSync } from "node:fs";
import { templatePath, templateText } from "./template.ts";

const include = /^\s*#\s*include\s+"(?:\.\.\/)?(?:runtime\/)?([\w.]+\.h)"/gm;

/** Names of the headers that a text includes: `gemm.h` for `#include "runtime/gemm.h"` or, inside the runtime, `"gemm.h"`. */
export function includedHeaders(text: string, insideRuntime: boolean): string[] {
  return [...text.matchAll(include)]
    .filter((m) => insideRuntime || m[0].includes("runtime/"))
    .map((m) => m[1]);
}

/** Text by name of every runtime file that `sources` need, sorted by name: headers, and the sources that go with them. */
export function runtimeFiles(folder: string, sources: Iterable<string>): Map<string, string> {
  const found = new Map<string, string>();
  const open = [...sources].flatMap((text) => includedHeaders(text, false));
  while (open.length > 0) {
    const name = open.pop()!;
    if (found.has(name)) continue;
    const text = templateText(`${folder}/runtime/${name}`);
    found.set(name, text);
    open.push(...includedHeaders(text, true));
    const source = name.replace(/\.h$/, ".cpp");
    if (existsSync(templatePath(`${folder}/runtime/${source}`))) open.push(source);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
