/** What each kernel of golden projects takes of a multiprocessor: blocks, threads, and bytes of shared memory, evaluated. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProjectFiles } from "../../../src/emit/project.ts";
import { templatePath } from "../../../src/emit/template.ts";

export type KernelLaunch = {
  readonly name: string;
  readonly blocks: number;
  readonly threads: number;
  readonly shared: number;
};

const row = /^ {4}\{"(\w+)", (\d+), (\d+), (.*)\},$/gm;

/** By project: its table of launches, with the shared memory that its expressions come to. */
export function launchesOf(projects: ReadonlyMap<string, ProjectFiles>): Map<string, KernelLaunch[]> {
  const tables = [...projects].map(([project, files]) => {
    const text = files.get("src/model.cu")!;
    const table = text.slice(
      text.indexOf("kLaunches[] = {"),
      text.indexOf("};", text.indexOf("kLaunches[] = {")),
    );
    return { project, rows: [...table.matchAll(row)].map((m) => m.slice(1)) };
  });
  const sizes = evaluated(tables.flatMap((t) => t.rows.map((r) => r[3])));
  let next = 0;
  return new Map(
    tables.map(({ project, rows }) => [
      project,
      rows.map(([name, blocks, threads]) => ({
        name,
        blocks: +blocks,
        threads: +threads,
        shared: sizes[next++],
      })),
    ]),
  );
}

/** The values of constant expressions of the runtime's headers. */
function evaluated(expressions: readonly string[]): number[] {
  const dir = mkdtempSync(join(tmpdir(), "lumc-launches-"));
  try {
    const headers = ["attention.cuh", "gemm_fma.cuh", "gemm_mma.cuh", "gemv.cuh"];
    const source = [
      ...headers.map((h) => `#include "runtime/${h}"`),
      "#include <cstdio>",
      `constexpr size_t sizes[] = {${expressions.join(", ")}};`,
      'int main() { for (size_t size : sizes) std::printf("%zu\\n", size); }',
      "",
    ].join("\n");
    const [path, program] = [join(dir, "sizes.cpp"), join(dir, "sizes")];
    writeFileSync(path, source);
    const folders = [`-I${templatePath("cuda/simt")}`, `-I${templatePath("cuda")}`];
    // Nothing of the layer is called: what the headers' functions would need of it stays unresolved.
    const flags = ["-std=c++17", "-O1", "-DLUM_SIMT", "-Wno-unknown-pragmas", "-ffunction-sections"];
    execFileSync("g++", [...flags, ...folders, path, "-Wl,--gc-sections", "-o", program]);
    return execFileSync(program, { encoding: "utf8" }).trim().split("\n").map(Number);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A table to look at. */
export const launchTable = (launches: readonly KernelLaunch[]): string =>
  [
    "kernel blocks threads shared",
    ...launches.map((l) => `${l.name} ${l.blocks} ${l.threads} ${l.shared}`),
    "",
  ].join("\n");
