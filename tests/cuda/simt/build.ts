/** Compiles a test's `.cu` file with g++ under the SIMT layer and runs it. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runTool } from "../../../src/emit/toolchain.ts";

const root = join(import.meta.dirname, "../../..");
const templates = join(root, "templates/cuda");
const simt = join(templates, "simt");

const common = ["-std=c++17", "-DLUM_SIMT", "-Wall", "-Wextra", "-Werror", `-I${simt}`];

/** Every access of the kernel is checked; the sanitizer's library is not linked, the layer takes its calls. */
const checked = ["-fsanitize=thread", "--param", "tsan-instrument-func-entry-exit=0"];

export type RunOptions = {
  /** Every access of the kernels, not only those of the wrappers. */
  readonly checked?: boolean;
  /** A folder to find `runtime/` in, instead of the templates'. */
  readonly runtime?: string;
};

export type Bench = {
  /** Builds `source` and runs it: what it printed. Throws with the compiler's or the program's words. */
  run(source: string, options?: RunOptions): Promise<string>;
  dispose(): void;
};

async function tool(path: string, args: readonly string[]): Promise<string> {
  const { code, output } = await runTool(path, args);
  if (code !== 0) throw new Error(`${path} ${args.join(" ")}\n${output}`);
  return output;
}

/** The layer's objects, compiled once for each state of its sources. */
async function layerObjects(): Promise<string[]> {
  const files = readdirSync(simt).sort();
  const hash = createHash("sha256").update(common.join(" "));
  for (const file of files) hash.update(file).update(readFileSync(join(simt, file)));
  const kept = join(root, "node_modules/.cache/simt", hash.digest("hex").slice(0, 16));
  const sources = files.filter((name) => name.endsWith(".cpp"));
  if (!existsSync(kept)) {
    mkdirSync(dirname(kept), { recursive: true });
    const fresh = mkdtempSync(`${kept}-`);
    for (const file of sources)
      await tool("g++", [...common, "-O2", "-c", join(simt, file), "-o", join(fresh, `${file}.o`)]);
    // Whoever comes first; the others' are the same.
    try {
      renameSync(fresh, kept);
    } catch {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  return sources.map((file) => join(kept, `${file}.o`));
}

/** A folder for any number of programs over the layer. */
export async function simtBench(): Promise<Bench> {
  const objects = await layerObjects();
  const folder = mkdtempSync(join(tmpdir(), "lum-simt-"));
  let programs = 0;
  return {
    async run(source, options = {}) {
      const program = join(folder, `program-${programs++}`);
      const flags = [...common, "-O1", "-Wno-unknown-pragmas", `-I${options.runtime ?? templates}`];
      if (options.checked ?? true) flags.push(...checked);
      await tool("g++", [...flags, "-x", "c++", "-c", source, "-o", `${program}.o`]);
      await tool("g++", [`${program}.o`, ...objects, "-ldl", "-pthread", "-o", program]);
      return tool(program, []);
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
