/**
 * The golden projects under the real compiler: no warnings, for two architectures, and linked, for the second one of them
 * and in a long run all; no kernel spills registers, and what each takes of the machine is as recorded in resources.json.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { libraryFlags, nvccFlags } from "../../../src/emit/cuda/compile.ts";
import { objectKey } from "../../../src/emit/object-key.ts";
import { runTool } from "../../../src/emit/toolchain.ts";
import { writeProject } from "../../../src/emit/write.ts";
import { isLong, recordLongRun } from "../../long-run.ts";
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

const runtimeSources = (dir: string): string[] =>
  readdirSync(join(dir, "src/runtime"))
    .filter((name) => name.endsWith(".cpp"))
    .map((name) => `src/runtime/${name}`);

recordLongRun("golden projects linked by nvcc", () => ({
  projects: nvcc === undefined ? 0 : goldenNames.length,
}));

type Made = { readonly object: string; readonly output: string };
const known = new Map<string, Promise<Made>>();

/** Equal texts, as sources of the runtime are in most projects, are compiled once. */
function compiled(dir: string, source: string, flags: readonly string[]): Promise<Made> {
  const { key } = objectKey(dir, source, nvcc!.version, flags);
  const made = known.get(key) ?? compile(dir, source, flags);
  known.set(key, made);
  return made;
}

async function compile(dir: string, source: string, flags: readonly string[]): Promise<Made> {
  const object = join(dir, `${source.replaceAll("/", "_")}.o`);
  const { code, output } = await runTool(nvcc!.path, [...flags, source, "-o", object], dir);
  expect(code, `${source}:\n${output.slice(0, 4000)}`).toBe(0);
  return { object, output };
}

describe.skipIf(nvcc === undefined)("nvcc", () => {
  for (const arch of ["sm_80", "sm_90a"])
    for (const name of goldenNames)
      test(`${name} for ${arch}`, { timeout: 600_000 }, async () => {
        const dir = join(folder, `${name}-${arch}`);
        writeProject(inOneUnit(goldenProject(name)), dir);
        // The host's part is the same for every architecture: of most projects it is compiled for the first one only.
        const isWhole = isLong || arch === "sm_80" || name === goldenNames[0];
        const flags = [...nvccFlags(arch), "-Xptxas=-v", "-Iinclude", "-Isrc", isWhole ? "-c" : "-cubin"];
        const device = ["src/kernels/all.cu", "src/model.cu", "src/interface.cu"];
        const sources = isWhole ? [...device, ...runtimeSources(dir)] : device;
        const objects: string[] = [];
        const resources: Record<string, Resources> = {};
        for (const source of sources) {
          const { object, output } = await compiled(dir, source, flags);
          Object.assign(resources, resourcesOf(output));
          objects.push(object);
        }
        expect(Object.keys(resources).length).toBeGreaterThan(0);
        for (const [kernel, { spilled }] of Object.entries(resources)) expect(spilled, kernel).toBe(0);
        expectRecorded(recorded, `${name} ${arch}`, resources, nvcc?.version ?? "");
        if (!isWhole) return;
        const linked = await runTool(
          nvcc!.path,
          ["-shared", ...objects, ...libraryFlags(nvcc!.path), "-o", "lib.so"],
          dir,
        );
        expect(linked.code, linked.output.slice(0, 4000)).toBe(0);
      });
});
