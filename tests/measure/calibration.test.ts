/** The calibration of a machine: read from the program's lines, kept, and what the cost model makes of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { unaryOp } from "../../src/ops/index.ts";
import { calibrate, parsed } from "../../src/search/measure/calibrate.ts";
import {
  calibrationPath,
  machineHere,
  machineOf,
  readCalibration,
  writeCalibration,
} from "../../src/targets/calibrated.ts";
import { gpuMachines } from "../../src/targets/gpu-machines.ts";
import { genericCpu } from "../../src/targets/machines.ts";

const lines = `
element:add 1 1e-10
element:exp 1 16e-10
element:sum 1 1e-10
fma 1 9e10
contraction 1 8e10
read:16384 1 2e11
read:524288 1 1e11
read:4194304 1 5e10
read:33554432 1 1e10
fma 2 18e10
contraction 2 16e10
read:16384 2 4e11
read:524288 2 2e11
read:4194304 2 1e11
read:33554432 2 1.5e10
fork 1 3e-8
fork 2 1e-6
`;
const sample = parsed(lines, [32 << 10, 1 << 20, 8 << 20]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lumc-calibration-"));
  vi.stubEnv("LUMC_CACHE", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("a calibration", () => {
  test("becomes a machine at each number of threads", () => {
    expect(machineOf(sample)).toMatchObject({
      threads: 2,
      contractionRate: 16e10,
      launch: 1e-6,
      levels: [
        { bytes: 1 << 20, bytesPerSecond: 2e11 },
        { bytes: 4 << 20, bytesPerSecond: 1e11 },
        { bytes: Infinity, bytesPerSecond: 1.5e10 },
      ],
    });
    expect(machineOf(sample, 1)).toMatchObject({ threads: 1, contractionRate: 8e10, launch: 3e-8 });
    expect(machineOf(sample, 64).threads).toBe(2);
    expect(machineOf(sample, 1).vectorRate).toBeCloseTo(1e10, -6);
    expect(machineOf(sample, 2).vectorRate).toBeCloseTo(2e10, -6);
    // exp is measured; log, which isn't, grows as exp did over the registry's cost; what costs 1 stays.
    const { work } = machineOf(sample, 1);
    expect(work!.exp).toBeCloseTo(16);
    expect(work!.log).toBeCloseTo((16 / unaryOp("exp").cost) * unaryOp("log").cost);
    expect(work!.mul).toBeUndefined();
  });

  test("is kept, and used in place of the generic machine", () => {
    expect(machineHere()).toBe(genericCpu);
    writeCalibration(sample);
    expect(readCalibration()).toEqual({ found: sample });
    expect(machineHere()).toEqual(machineOf(sample));
    expect(machineHere().name).toMatch(/2 threads, calibrated [0-9a-f]{8}$/);
  });

  test.each([
    ["no JSON", () => "{"],
    ["another version", (text: string) => text.replace('"version": 1', '"version": 2')],
    ["a rate that is none", (text: string) => text.replace("16000000", "-16000000")],
    ["a level missing", (text: string) => text.replace(/\{\s*"bytes": 16384,[^}]*\},/, "")],
  ])("that is damaged is told and not used: %s", (_, damage) => {
    writeCalibration(sample);
    const before = readFileSync(calibrationPath(), "utf8");
    expect(damage(before)).not.toBe(before);
    writeFileSync(calibrationPath(), damage(before));
    const told: string[] = [];
    expect(machineHere(undefined, (d) => told.push(`${d.severity} ${d.code}`))).toBe(genericCpu);
    expect(told).toEqual(["warning LUM4504"]);
  });

  test("of this machine has every figure", { timeout: 300_000 }, async () => {
    const found = await calibrate({ threads: 1 });
    writeCalibration(found);
    expect(readCalibration()).toEqual({ found });
    expect(found.threads.map((t) => t.reads.length)).toEqual([4]);
    expect(Object.keys(found.elements)).toContain("exp");
  });
});

test("published machines are whole", () => {
  expect(new Set(gpuMachines.map((m) => m.name)).size).toBe(gpuMachines.length);
  for (const m of gpuMachines) {
    expect(m.levels.at(-1)!.bytes).toBe(Infinity);
    for (const x of [m.threads, m.contractionRate, m.vectorRate, m.launch, m.levels[0].bytesPerSecond])
      expect(x).toBeGreaterThan(0);
  }
});
