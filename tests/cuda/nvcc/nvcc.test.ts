/**
 * The device runtime under the real compiler: no warnings for either architecture, and what each kernel takes of the
 * machine (registers, spilled bytes, stack) is as recorded in resources.json. UPDATE_GOLDEN=1 writes that anew.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runTool } from "../../../src/emit/toolchain.ts";
import { findNvcc } from "./toolkit.ts";

type Resources = { readonly registers: number; readonly spilled: number; readonly stack: number };
type Golden = { readonly nvcc: string; readonly [kernels: string]: Record<string, Resources> | string };

const here = import.meta.dirname;
const golden = join(here, "resources.json");
const sources = readdirSync(here).filter((name) => name.endsWith(".cu"));
const architectures = ["sm_80", "sm_90a"];

const folder = mkdtempSync(join(tmpdir(), "lum-nvcc-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** By kernel, from what `ptxas -v` says. */
function resourcesOf(output: string): Record<string, Resources> {
  const pattern =
    /entry function '(\w+)'[\s\S]*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads[\s\S]*?Used (\d+) registers/g;
  const found = [...output.matchAll(pattern)].map(([, name, stack, stores, loads, registers]) => {
    const resources = { registers: +registers, spilled: +stores + +loads, stack: +stack };
    return [name, resources] as const;
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const nvcc = await findNvcc();
const recorded: Golden = existsSync(golden) ? JSON.parse(readFileSync(golden, "utf8")) : { nvcc: "none" };
const now: Record<string, Record<string, Resources> | string> = { ...recorded };

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
        const key = `${source} ${arch}`;
        if (process.env.UPDATE_GOLDEN === "1") {
          now.nvcc = nvcc?.version ?? "";
          now[key] = resources;
          writeFileSync(golden, `${JSON.stringify(now, null, 2)}\n`);
        } else if (recorded.nvcc === nvcc?.version) {
          expect(resources).toEqual(recorded[key]);
        } else {
          console.warn(
            `${key}: registers not compared, they are ${recorded.nvcc}'s and this is ${nvcc?.version}`,
          );
        }
      });
});
