/** The golden projects under the real compiler: no warnings, for two architectures, linked; products spill no registers. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { libraryFlags, nvccFlags } from "../../../src/emit/cuda/compile.ts";
import { runTool } from "../../../src/emit/toolchain.ts";
import { writeProject } from "../../../src/emit/write.ts";
import { findNvcc } from "../nvcc/toolkit.ts";
import { inOneUnit } from "./build.ts";
import { goldenNames, goldenProject } from "./golden-projects.ts";

const folder = mkdtempSync(join(tmpdir(), "lumc-nvcc-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nvcc = await findNvcc();
if (nvcc === undefined)
  console.warn(
    "\n*** NOT RUN: no emitted CUDA project was compiled with nvcc, there is none here. " +
      "`npx node tests/cuda/nvcc/install.ts` brings it. ***\n",
  );

/** Bytes of registers that each kernel spills, by its mangled name, from what `ptxas -v` says. */
function spilled(output: string): [string, number][] {
  const pattern =
    /Function properties for (\w+)\s+\d+ bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/g;
  return [...output.matchAll(pattern)].map(([, name, stores, loads]) => [name, +stores + +loads]);
}

describe.skipIf(nvcc === undefined)("nvcc", () => {
  for (const arch of ["sm_80", "sm_90a"])
    for (const name of goldenNames)
      test(`${name} for ${arch}`, { timeout: 600_000 }, async () => {
        const dir = join(folder, `${name}-${arch}`);
        writeProject(inOneUnit(goldenProject(name)), dir);
        const flags = [...nvccFlags(arch), "-Xptxas=-v", "-Iinclude", "-Isrc", "-c"];
        // The host's part is the same for every architecture.
        const runtime =
          arch === "sm_80" ? readdirSync(join(dir, "src/runtime")).filter((f) => f.endsWith(".cpp")) : [];
        const sources = [
          "src/kernels/all.cu",
          "src/model.cu",
          "src/interface.cu",
          ...runtime.map((f) => `src/runtime/${f}`),
        ];
        const objects = [];
        for (const source of sources) {
          const object = `${source.replaceAll("/", "_")}.o`;
          const { code, output } = await runTool(nvcc!.path, [...flags, source, "-o", object], dir);
          expect(code, `${source}:\n${output.slice(0, 4000)}`).toBe(0);
          expect(spilled(output).filter(([, bytes]) => bytes > 0)).toEqual([]);
          objects.push(object);
        }
        if (arch !== "sm_80") return;
        const linked = await runTool(
          nvcc!.path,
          ["-shared", ...objects, ...libraryFlags(nvcc!.path), "-o", "lib.so"],
          dir,
        );
        expect(linked.code, linked.output.slice(0, 4000)).toBe(0);
      });
});
