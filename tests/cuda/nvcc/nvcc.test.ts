/**
 * The device runtime under the real compiler: no warnings for either architecture, and what each kernel takes of the
 * machine (registers, spilled bytes, stack, shared memory) is as recorded in resources.json. UPDATE_GOLDEN=1 writes that anew.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runTool } from "../../../src/emit/toolchain.ts";
import { expectRecorded, resourcesOf } from "./resources.ts";
import { findNvcc } from "./toolkit.ts";

const here = import.meta.dirname;
const golden = join(here, "resources.json");
const sources = readdirSync(here).filter((name) => name.endsWith(".cu"));
const architectures = ["sm_80", "sm_90a"];

const folder = mkdtempSync(join(tmpdir(), "lum-nvcc-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nvcc = await findNvcc();

if (nvcc === undefined)
  console.warn(
    "\n*** NOT RUN: the device runtime was not compiled with nvcc, there is none here. " +
      "`npx node tests/cuda/nvcc/install.ts` brings it. ***\n",
  );

describe.skipIf(nvcc === undefined)("nvcc", () => {
  for (const arch of architectures)
    for (const source of sources)
      test(`${source} for ${arch}`, { timeout: 600_000 }, async () => {
        const { code, output } = await runTool(nvcc?.path ?? "", [
          "-std=c++17",
          `-arch=${arch}`,
          ..."-Werror all-warnings -Xcompiler -Wall,-Wextra,-Werror,-Wno-unused-parameter -Xptxas -v".split(
            " ",
          ),
          `-I${join(here, "../../../templates/cuda")}`,
          source === "rows.cu" ? "-c" : "-cubin", // one of them through the host's compiler, too
          join(here, source),
          "-o",
          join(folder, `${arch}-${source}.o`),
        ]);
        expect(code, output).toBe(0);
        const resources = resourcesOf(output);
        expect(Object.keys(resources).length).toBeGreaterThan(1);
        for (const [kernel, { spilled }] of Object.entries(resources)) expect(spilled, kernel).toBe(0);
        expectRecorded(golden, `${source} ${arch}`, resources, nvcc?.version ?? "");
      });
});
