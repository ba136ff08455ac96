/** Models on this machine's GPU, through the loader, against PyTorch and transformers. */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { compileCuda } from "../../src/emit/cuda/compile.ts";
import { findGpu } from "../../src/search/measure/gpu-device.ts";
import { findNvcc } from "../cuda/nvcc/toolkit.ts";
import { deviceChecks } from "./checks.ts";
import { deviceWriter } from "./writer.ts";

const gpu = await findGpu();
const nvcc = await findNvcc();
const missing =
  gpu === undefined ? "no NVIDIA GPU (nvidia-smi finds none)" : nvcc === undefined ? "no nvcc" : undefined;
if (missing !== undefined)
  console.warn(`\n*** NOT RUN: ${deviceChecks.length} tests on a GPU, since there is ${missing} here. ***\n`);

const work = mkdtempSync(join(tmpdir(), "lumc-device-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.skipIf(missing !== undefined)(`on ${gpu?.name ?? "a GPU"}`, () => {
  const arch = gpu?.arch ?? "";
  const compile = (dir: string) =>
    compileCuda(dir, { arch, compiler: nvcc!.path, jobs: availableParallelism() });
  for (const check of deviceChecks)
    test(check.name, { timeout: 600_000 }, async () => {
      await check.run({ arch, work, compile, writer: () => deviceWriter(nvcc!.path, arch) });
    });
});
