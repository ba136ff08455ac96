/** Finds a C++ compiler and what it can do. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompileError, diagnostic } from "../diagnostics.ts";

export type Compiler = {
  readonly path: string;
  /** Version text: another compiler gives other objects. */
  readonly identity: string;
  /** Flags for OpenMP, none where the compiler lacks it. */
  readonly threads: readonly string[];
};

export type ToolResult = { readonly code: number; readonly output: string };

/** Runs a program to its end; code 127 where it doesn't exist. */
export function runTool(path: string, args: readonly string[], cwd?: string): Promise<ToolResult> {
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
    });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

const usual = ["g++", "clang++", "c++"];

const known = new Map<string, Promise<Compiler>>();

/** The one named, else CXX, else the first of the usual ones that runs. */
export function findCompiler(
  wanted: string | undefined,
  archFlags: readonly string[],
  arch: string,
): Promise<Compiler> {
  const name = wanted ?? (process.env.CXX || undefined);
  const key = `${name}\n${process.env.PATH}\n${archFlags.join(" ")}`;
  let found = known.get(key);
  if (found === undefined) {
    found = probe(name, archFlags, arch);
    known.set(key, found);
    found.catch(() => known.delete(key));
  }
  return found;
}

async function probe(
  name: string | undefined,
  archFlags: readonly string[],
  arch: string,
): Promise<Compiler> {
  for (const path of name === undefined ? usual : [name]) {
    const version = await runTool(path, ["--version"]);
    if (version.code !== 0) {
      if (name === undefined) continue;
      const reason = version.output.split("\n")[0];
      throw new CompileError([diagnostic("LUM5007", undefined, { compiler: path, reason })]);
    }
    const plain = await tryCompile(path, archFlags, "int main() { return 0; }\n");
    if (plain.code !== 0) {
      const output = plain.output.trim().split("\n")[0];
      throw new CompileError([diagnostic("LUM5006", undefined, { compiler: path, arch, output })]);
    }
    const openmp = "#include <omp.h>\nint main() { return omp_get_max_threads() > 0 ? 0 : 1; }\n";
    const threads =
      (await tryCompile(path, [...archFlags, "-fopenmp"], openmp)).code === 0 ? ["-fopenmp"] : [];
    return { path, identity: version.output, threads };
  }
  throw new CompileError([diagnostic("LUM5001", undefined, { tried: usual.join(", ") })]);
}

/** Compiles and links a small program. */
async function tryCompile(path: string, flags: readonly string[], text: string): Promise<ToolResult> {
  const folder = mkdtempSync(join(tmpdir(), "lumc-"));
  try {
    writeFileSync(join(folder, "probe.cpp"), text);
    return await runTool(path, [...flags, "probe.cpp", "-o", "probe"], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
