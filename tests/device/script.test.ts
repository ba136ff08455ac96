/** `bench/device/run.sh` on a machine without a GPU: its own logic, at tiny sizes under the SIMT layer. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileNameOf, type Results, readResults, writeResults } from "../../bench/device/results.ts";
import { errorOf, randomBf16 } from "../../bench/device/sampling.ts";
import { workloadsOf } from "../../bench/device/workloads.ts";
import { findGpu, gpuFrom } from "../../src/search/measure/gpu-device.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "lumc-device-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const gpu = await findGpu();

const script = (...args: string[]) =>
  spawnSync(join(root, "bench/device/run.sh"), args, {
    encoding: "utf8",
    env: { ...process.env, PATH: process.env.PATH },
  });

describe("the script", () => {
  test("emulated: roofs, a part checked and timed, results in a file", { timeout: 300_000 }, () => {
    const out = join(folder, "results.json");
    const { status, stdout, stderr } = script(
      ..."--emulate --only fused --python none --runs 1 --seed 5".split(" "),
      ...["--work", folder, "--out", out],
    );
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("none of these times says anything of a GPU");
    expect(stdout).toContain("PyTorch was not asked");
    const results: Results = JSON.parse(readFileSync(out, "utf8"));
    expect(results.device.emulated).toBe(true);
    expect(results.roofs!.read.bytes_per_second).toBeGreaterThan(0);
    const [row, ...others] = results.parts.fused!.rows!;
    expect(others).toEqual([]);
    expect(row.name).toBe("fused 6 x 136");
    expect(row.error).toBeLessThan(row.tolerance);
    expect(row.lumc.median_ms).toBeGreaterThan(0);
    expect(row.limit.share).toBeGreaterThan(0);
  });

  test.skipIf(gpu !== undefined)("says what is missing where there is no GPU", () => {
    const without = script("--only", "fused");
    expect(without.status).toBe(2);
    expect(without.stderr).toContain("no NVIDIA GPU here");
  });
});

test("says which parts there are", () => {
  expect(script("--emulate", "--only", "nothing").stderr).toContain("known: roofs, tests, fused");
});

describe("results", () => {
  test("parts of an earlier run on the same device stay, those of another don't", () => {
    const path = join(folder, "parts.json");
    const device = { name: "A", driver: "1", arch: "sm_80", emulated: false };
    const part = { date: "", seconds: 1, versions: {}, notes: [] };
    writeResults(path, { device, parts: { norm: part } });
    expect(readResults(path, { ...device, driver: "2" }).parts.norm).toEqual(part);
    expect(readResults(path, { ...device, name: "B" }).parts).toEqual({});
    expect(readResults(path, { ...device, emulated: true }).parts).toEqual({});
    expect(fileNameOf("NVIDIA H100 80GB HBM3")).toBe("nvidia-h100-80gb-hbm3");
  });

  test("a result that is wrong, or NaN, has a large error", () => {
    const [w] = workloadsOf("norm", true);
    const inputs = new Map(Object.entries(w.inputs).map(([name, n], i) => [name, randomBf16(n, i + 1)]));
    const expected = w.expected(inputs);
    const output = new Uint16Array(w.outputs);
    for (const { at, value } of expected) output[at] = bits(value);
    expect(errorOf(output, expected)).toBeLessThan(5e-3);
    output[expected[7].at] = 0x7fc0;
    expect(errorOf(output, expected)).toBe(Number.POSITIVE_INFINITY);
    expect(errorOf(new Uint16Array(w.outputs), expected)).toBeCloseTo(1);
  });
});

/** Cut off: near enough. */
const bits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0] >>> 16;

test("the GPU and what to compile for it, from its driver's tool", () => {
  expect(gpuFrom("NVIDIA H100 80GB HBM3, 570.86.15, 9.0\n")).toEqual({
    name: "NVIDIA H100 80GB HBM3",
    driver: "570.86.15",
    capability: "9.0",
    arch: "sm_90a",
  });
  expect(gpuFrom("NVIDIA RTX PRO 6000, 580.65, 12.0")?.arch).toBe("sm_89");
  expect(gpuFrom("Tesla T4, 535.54, 7.5")).toBeUndefined();
  expect(
    gpuFrom("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."),
  ).toBeUndefined();
});
