/**
 * The golden projects under the real compiler: no warnings, for two architectures, linked; no kernel spills registers, and
 * what each takes of the machine is as recorded in resources.json.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { libraryFlags, nvccFlags } from "../../../src/emit/cuda/compile.ts";
import { runTool } from "../../../src/emit/toolchain.ts";
import { writeProject } from "../../../src/emit/write.ts";
import { expectRecorded, type Resources, resourcesOf } from "../nvcc/resources.ts";
import { findNvcc } from "../nvcc/toolkit.ts";
import { inOneUnit } from "./build.ts";
import { goldenNames, goldenProject } from "./golden-projects.ts";

const folder = mkdtempSync(join(tmpdir(), "lumc-nvcc-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** UPDATE_GOLDEN=1 writes it anew. */
const recorded = join(import.meta.dirname, "resources.json");

const nvcc = await findNvcc();
if (nvcc === undefined)
  console.warn(
    "\n*** NOT RUN: no emitted CUDA project was compiled with nvcc, there is none here. " +
      "`npx node tests/cuda/nvcc/install.ts` brings it. ***\n",
  );

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
        const objects: string[] = [];
        const resources: Record<string, Resources> = {};
        for (const source of sources) {
          const object = `${source.replaceAll("/", "_")}.o`;
          const { code, output } = await runTool(nvcc!.path, [...flags, source, "-o", object], dir);
          expect(code, `${source}:\n${output.slice(0, 4000)}`).toBe(0);
          Object.assign(resources, resourcesOf(output));
          objects.push(object);
        }
        expect(Object.keys(resources).length).toBeGreaterThan(0);
        for (const [kernel, { spilled }] of Object.entries(resources)) expect(spilled, kernel).toBe(0);
        expectRecorded(recorded, `${name} ${arch}`, resources, nvcc?.version ?? "");
        if (arch !== "sm_80") return;
        const linked = await runTool(
          nvcc!.path,
          ["-shared", ...objects, ...libraryFlags(nvcc!.path), "-o", "lib.so"],
          dir,
        );
        expect(linked.code, linked.output.slice(0, 4000)).toBe(0);
      });
});
