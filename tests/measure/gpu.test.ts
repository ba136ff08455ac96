/** Measuring kernels for a GPU, as far as a machine without one goes: keys, sources, and the program under the SIMT layer. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findNvcc as findCompilerAt } from "../../src/emit/cuda/compile.ts";
import { plan } from "../../src/lower/plan.ts";
import { scheduleCuda } from "../../src/lower/schedule-cuda.ts";
import { front } from "../../src/pipeline.ts";
import { TimingDatabase } from "../../src/search/measure/database.ts";
import { gpuCallsOf } from "../../src/search/measure/gpu-calls.ts";
import { findGpu, type Gpu } from "../../src/search/measure/gpu-device.ts";
import { writeSources } from "../../src/search/measure/gpu-harness.ts";
import { createGpuMeasurer, gpuPlace, measurerAt } from "../../src/search/measure/gpu-measure.ts";
import { buildProgram } from "../../src/search/measure/gpu-program.ts";
import { findNvcc } from "../cuda/nvcc/toolkit.ts";

const folder = mkdtempSync(join(tmpdir(), "lumc-measure-gpu-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = `
model Mixed {
  dim    s in 1..64
  dim    pos in 0..8
  input  x: bf16[s, 64], w: bf16[48, 64], t: i32[s], f: f32[s, 48]
  state  c: f32[72, 48]
  h[i, j] = sum(k) x[i, k] * w[j, k]
  c[pos + i, j] := h[i, j] as f32
  g[i, j] = tanh(f[i, j]) + c[t[i], j]
  output y[i, j] = g[i, j] / sum(n) g[i, n] ^ 2
}
`;
const { hlir } = front({ path: "mixed.lum", text });
const direct = plan(hlir, { search: "direct" });
const dims = (s: number) =>
  new Map([
    ["s", s],
    ["pos", 2],
  ]);

const gpu: Gpu = { name: "NVIDIA H100 80GB HBM3", driver: "570.86.15", capability: "9.0", arch: "sm_90a" };
const emulated = gpuPlace(gpu, { kind: "emulated" }, "sm_90a");

describe("keys", () => {
  const nvcc = (version: string) =>
    ({
      kind: "nvcc",
      nvcc: { path: "nvcc", identity: `Cuda compilation tools, release 13.0, V${version}`, threads: [] },
      arch: "sm_90a",
    }) as const;

  test("device, driver and toolkit are in them", () => {
    const place = gpuPlace(gpu, nvcc("13.0.88"), "sm_90a");
    expect(place.machine).toBe("NVIDIA H100 80GB HBM3, driver 570.86.15, CUDA 13.0.88");
    expect(gpuPlace(gpu, nvcc("13.1.2"), "sm_90a").flags).not.toBe(place.flags);
    expect(gpuPlace(gpu, nvcc("13.0.88"), "sm_80").flags).not.toBe(place.flags);
    expect(gpuPlace({ ...gpu, driver: "580.1" }, nvcc("13.0.88"), "sm_90a").machine).not.toBe(place.machine);
  });

  test("a call's has its dims and its launch; equal kernels have one name", () => {
    const program = scheduleCuda(direct);
    const [small, large] = [gpuCallsOf(program, dims(3)), gpuCallsOf(program, dims(40))];
    expect(small.map((c) => c.hash)).toEqual(large.map((c) => c.hash));
    expect(small.map((c) => c.kernel.name)).toEqual(large.map((c) => c.kernel.name));
    expect(small.every((c, i) => c.form !== large[i].form)).toBe(true);
    expect(small[0].form).toMatch(/dims .*3.* launch \d+, \d+, /);
    for (const c of small) {
      expect(c.source).toContain(`__global__ void`);
      expect(c.source).toContain(c.kernel.name);
      expect(c.source).not.toContain("kernels.h");
    }
  });
});

describe("without a GPU", async () => {
  const here = await findGpu();
  test.skipIf(here !== undefined)("says so", async () => {
    const database = TimingDatabase.open(join(folder, "none.sqlite"));
    await expect(createGpuMeasurer({ database, arch: "sm_80" })).rejects.toThrow(
      /cannot measure kernels for sm_80: there is no NVIDIA GPU here/,
    );
    database.close();
  });
});

const nvcc = await findNvcc();
if (nvcc === undefined)
  console.warn(
    "\n*** NOT RUN: the program that measures on a GPU was not compiled, there is no nvcc here. ***\n",
  );

test.skipIf(nvcc === undefined)("nvcc compiles the program", { timeout: 300_000 }, async () => {
  const dir = join(folder, "program");
  const sources = writeSources(dir, gpuCallsOf(scheduleCuda(direct), dims(3)));
  const compiler = await findCompilerAt(nvcc!.path);
  const compiled = { kind: "nvcc", nvcc: compiler, arch: "sm_80" } as const;
  expect(await buildProgram(dir, sources, { compiler: compiled, jobs: 2, cache: "" })).toBe(
    join(dir, "program"),
  );
});

test("the program under the SIMT layer times every kernel, and the database keeps it", {
  timeout: 300_000,
}, async () => {
  const database = TimingDatabase.open(join(folder, "timings.sqlite"));
  const compiled: number[] = [];
  const measure = () =>
    measurerAt(emulated, { database, jobs: 2, runs: 2, onProgress: (done) => compiled.push(done) });
  const points = [dims(1), dims(40)];
  const first = measure();
  const [seconds] = await first.plans([direct], points);
  expect(seconds).toHaveLength(2);
  for (const s of seconds) expect(s).toBeGreaterThan(0);
  const count = gpuCallsOf(scheduleCuda(direct), points[0]).length;
  expect(count).toBeGreaterThan(1);
  expect(first.counts()).toEqual({ timed: 2 * count, known: 0 });
  expect(compiled.length).toBeGreaterThan(count);

  const second = measure();
  expect(await second.plans([direct], points)).toEqual([seconds]);
  expect(second.counts()).toEqual({ timed: 0, known: 2 * count });
  database.close();
});
