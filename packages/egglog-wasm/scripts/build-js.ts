// src/*.ts to dist/*.js and dist/*.d.ts, which are committed so that a clone and
// an install need no build. `--check` compares instead of writing.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function compile(outDir: string): void {
  const packageFile = createRequire(import.meta.url).resolve("typescript/package.json");
  const tsc = join(packageFile, "..", "bin", "tsc");
  execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.json"), "--outDir", outDir], {
    stdio: "inherit",
  });
}

/** Names of files in `dist` that are missing, left over or different. */
export function staleFiles(): string[] {
  const fresh = mkdtempSync(join(tmpdir(), "egglog-wasm-"));
  try {
    compile(fresh);
    const dist = join(root, "dist");
    const names = new Set([...readdirSync(fresh), ...readdirSync(dist)]);
    return [...names].filter((name) => read(fresh, name) !== read(dist, name)).sort();
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

function read(folder: string, name: string): string | undefined {
  return readdirSync(folder).includes(name) ? readFileSync(join(folder, name), "utf8") : undefined;
}

if (import.meta.main) {
  rmSync(join(root, "dist"), { recursive: true, force: true });
  compile(join(root, "dist"));
}
