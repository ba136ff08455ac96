/** What an object depends on, as one hash: compiler, flags, the source, and all files of the project that it includes. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const include = /^\s*#\s*include\s+"([^"]+)"/gm;

/** `bytes` is how much text of the project the compiler has to read. */
export type ObjectKey = { readonly key: string; readonly bytes: number };

export function objectKey(
  dir: string,
  source: string,
  compiler: string,
  flags: readonly string[],
): ObjectKey {
  let bytes = 0;
  const hash = createHash("sha256");
  hash.update(`${compiler}\n${flags.join(" ")}\n`);
  const seen = new Set<string>();
  const add = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const whole = readFileSync(join(dir, path), "utf8");
    const text = path === "src/kernels/kernels.h" ? prototypeIn(whole, source) : whole;
    hash.update(`${text.length}\n${text}`);
    bytes += text.length;
    for (const [, name] of text.matchAll(include)) {
      const found = [join(dirname(path), name), join("src", name), join("include", name)].find((p) =>
        existsSync(join(dir, p)),
      );
      if (found !== undefined) add(found);
    }
  };
  add(source);
  return { key: hash.digest("hex"), bytes };
}

/** What a kernel sees of the list of all kernels: its own prototype. It may be the same in another model. */
function prototypeIn(text: string, source: string): string {
  const isKernel = source.startsWith("src/kernels/");
  if (!isKernel) return text;
  const name = basename(source, ".cpp");
  const own = (line: string): boolean =>
    line.startsWith("#") || line.toLowerCase().startsWith(`void ${name}(`);
  return text.split("\n").filter(own).join("\n");
}
