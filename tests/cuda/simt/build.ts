/** Compiles a test's `.cu` file with g++ under the SIMT layer and runs it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool } from "../../../src/emit/toolchain.ts";

const templates = join(import.meta.dirname, "../../../templates/cuda");
const simt = join(templates, "simt");

const common = ["-std=c++17", "-DLUM_SIMT", "-Wall", "-Wextra", "-Werror", `-I${simt}`];

/** Every access of the kernel is checked; the sanitizer's library is not linked, the layer takes its calls. */
const checked = ["-fsanitize=thread", "--param", "tsan-instrument-func-entry-exit=0"];

export type Bench = {
  /** Builds `source` and runs it: what it printed. Throws with the compiler's or the program's words. */
  run(
    source: string,
    options?: { readonly checked?: boolean; readonly flags?: readonly string[] },
  ): Promise<string>;
  dispose(): void;
};

async function tool(path: string, args: readonly string[]): Promise<string> {
  const { code, output } = await runTool(path, args);
  if (code !== 0) throw new Error(`${path} ${args.join(" ")}\n${output}`);
  return output;
}

/** A folder with the layer compiled once, for any number of programs. */
export async function simtBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "lum-simt-"));
  const objects: string[] = [];
  mkdirSync(join(folder, "layer"));
  for (const file of readdirSync(simt).filter((name) => name.endsWith(".cpp"))) {
    const object = join(folder, "layer", `${file}.o`);
    await tool("g++", [...common, "-O2", "-c", join(simt, file), "-o", object]);
    objects.push(object);
  }
  let programs = 0;
  return {
    async run(source, options = {}) {
      const program = join(folder, `program-${programs++}`);
      const flags = [...common, "-O1", "-Wno-unknown-pragmas", `-I${templates}`, ...(options.flags ?? [])];
      if (options.checked ?? true) flags.push(...checked);
      await tool("g++", [...flags, "-x", "c++", "-c", source, "-o", `${program}.o`]);
      await tool("g++", [`${program}.o`, ...objects, "-ldl", "-pthread", "-o", program]);
      return tool(program, []);
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
