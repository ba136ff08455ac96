/**
 * The kernels of the 8B llama example under the real compiler, as it is built without any option: no warnings, and no
 * kernel spills registers. In a long run for all architectures, and the golden projects for those that nvcc.test.ts
 * leaves out.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { nvccFlags } from "../../../src/emit/cuda/compile.ts";
import type { ProjectFiles } from "../../../src/emit/project.ts";
import { runTool } from "../../../src/emit/toolchain.ts";
import { writeProject } from "../../../src/emit/write.ts";
import { compile } from "../../../src/pipeline.ts";
import { cudaArchs, defaultCudaArch } from "../../../src/targets/cuda.ts";
import { recordLongRun, tries } from "../../long-run.ts";
import { resourcesOf } from "../nvcc/resources.ts";
import { findNvcc } from "../nvcc/toolkit.ts";
import { inOneUnit } from "./build.ts";
import { goldenNames, goldenProject } from "./golden-projects.ts";

const folder = mkdtempSync(join(tmpdir(), "lumc-nvcc-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nvcc = await findNvcc();
if (nvcc === undefined)
  console.warn(
    "\n*** NOT RUN: the kernels of examples/llama were not compiled, there is no nvcc here. ***\n",
  );

const llama = join(import.meta.dirname, "../../../examples/llama/llama.lum");

const llamaFor = (arch: string) =>
  compile({ path: llama, text: readFileSync(llama, "utf8") }, { target: "cuda", arch });

/** All kernels of a project in one call of nvcc, down to machine code: what each takes. */
async function kernelsOf(files: ProjectFiles, arch: string) {
  const dir = mkdtempSync(join(folder, "project-"));
  writeProject(inOneUnit(files), dir);
  const flags = [...nvccFlags(arch), "-Xptxas=-v", "-Iinclude", "-Isrc", "-cubin"];
  const { code, output } = await runTool(nvcc!.path, [...flags, "src/kernels/all.cu", "-o", "all"], dir);
  expect(code, output.slice(0, 4000)).toBe(0);
  return resourcesOf(output);
}

/** Bytes by kernel. */
const spilling = (kernels: Awaited<ReturnType<typeof kernelsOf>>): [string, number][] =>
  Object.entries(kernels).flatMap(([name, { spilled }]) => (spilled > 0 ? [[name, spilled]] : []));

/** Kernels of products and of attention: they have most of the registers, and all of the time. */
const isEngine = (files: ProjectFiles, name: string): boolean =>
  /#include "runtime\/(gemm|gemv|attention)/.test(files.get(`src/kernels/${name}.cu`) ?? "");

/** What the others spill, of an architecture that their rows were not cut for. */
const spilled: Record<string, number> = {};

const others = cudaArchs.map((a) => a.name).filter((name) => name !== defaultCudaArch);
const llamas = [defaultCudaArch, ...others.slice(0, tries(0, others.length))];

const golden = ["sm_86", "sm_89", "sm_100a"].flatMap((arch) => goldenNames.map((name) => [name, arch]));
const goldens = golden.slice(0, tries(0, golden.length));

const timeout = 600_000;

describe.skipIf(nvcc === undefined)("nvcc", () => {
  test.each(llamas)("compiles the kernels of examples/llama for %s", { timeout }, async (arch) => {
    const { program, files } = llamaFor(arch);
    const kernels = await kernelsOf(files, arch);
    expect(Object.keys(kernels).length).toBeGreaterThanOrEqual(program.kernels.length);
    for (const family of [/attention/, /mlp/, /logits/])
      expect(
        Object.keys(kernels).some((name) => family.test(name)),
        String(family),
      ).toBe(true);
    expect(spilling(kernels)).toEqual([]);
  });

  test.each(goldens)("compiles the kernels of %s for %s", { timeout }, async (name, arch) => {
    const files = goldenProject(name);
    const kernels = await kernelsOf(files, arch);
    expect(Object.keys(kernels).length).toBeGreaterThan(0);
    for (const [kernel, bytes] of spilling(kernels)) {
      expect(isEngine(files, kernel), `${kernel} spills ${bytes} bytes`).toBe(false);
      expect(bytes, kernel).toBeLessThanOrEqual(32);
      spilled[`${kernel} of ${name} for ${arch}`] = bytes;
    }
  });
});

if (nvcc !== undefined)
  recordLongRun("kernels by nvcc", () => ({
    nvcc: nvcc.version,
    llama: llamas.join(", "),
    golden: Object.fromEntries(
      [...Map.groupBy(goldens, ([, arch]) => arch)].map(([arch, list]) => [
        arch,
        list.map(([name]) => name).join(", "),
      ]),
    ),
    spilled,
  }));
