/** `--machine`: whose costs decide is said, not where the search runs. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gpuArchOf, machineFor } from "../../cli/build-model.ts";
import { explainModel } from "../../src/explain/explain.ts";
import { parsed } from "../../src/search/measure/calibrate.ts";
import { machineOf, writeCalibration } from "../../src/targets/calibrated.ts";
import { cudaParts } from "../../src/targets/cuda-parts.ts";
import { genericCpu, type Machine } from "../../src/targets/machines.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "lumc-machine-"));
const at = (name: string): string => join(scratch, name);

const slow = parsed(
  `
element:add 1 1e-9
element:exp 1 16e-9
element:sum 1 1e-9
fma 1 9e9
contraction 1 8e9
read:16384 1 2e10
read:524288 1 1e10
read:4194304 1 5e9
read:33554432 1 1e9
fork 1 3e-7
`,
  [32 << 10, 1 << 20, 8 << 20],
);

beforeAll(() => {
  mkdirSync(at("calibrated/lumc"), { recursive: true });
  writeCalibration(slow, at("calibrated/lumc/machine.json"));
  writeCalibration(slow, at("slow.json"));
  writeFileSync(at("text.json"), "no calibration");
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The lock of the small MLP, on a machine that was calibrated or not. */
function build(machine: readonly string[], cache: "calibrated" | "bare") {
  const out = at(`${cache}-${machine.join("").replaceAll("/", "_")}`);
  const words = ["build", join(root, "examples/mlp"), "--search", "fast", "--no-compile", "--out", out];
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(root, "cli/main.ts"), ...words, "--arch", "x86-64-v3", ...machine],
    { encoding: "utf8", cwd: scratch, env: { ...process.env, LUMC_CACHE: at(cache) } },
  );
  return { status, stderr, text: status === 0 ? readFileSync(join(out, "lumc.lock.json"), "utf8") : "" };
}

const machineIn = (text: string): string =>
  (JSON.parse(text) as { search: { machine: string } }).search.machine;

test("the generic machine's plan is the same wherever it is searched", () => {
  const [here, there] = [
    build(["--machine", "generic"], "calibrated"),
    build(["--machine", "generic"], "bare"),
  ];
  expect(machineIn(here.text)).toBe(genericCpu.name);
  expect(there.text).toBe(here.text);
});

test("so is that of a machine whose calibration is given", () => {
  const there = build(["--machine", at("slow.json")], "bare");
  expect(machineIn(there.text)).toBe(machineOf(slow).name);
  expect(build([], "calibrated").text).toBe(there.text);
});

test.each(["none.json", "text.json"])("a file that is no calibration is refused: %s", (file) => {
  const { status, stderr } = build(["--machine", at(file)], "bare");
  expect(stderr).toMatch(/error\[LUM5104\]/);
  expect(status).toBe(1);
});

const gpuMachine = (options: { machine?: string; arch?: string }) =>
  machineFor({ target: "cuda", ...options });

test("--machine names a GPU whose published figures the costs are of, --arch what is compiled for", () => {
  const bandwidth = (m: Machine): number => m.levels.at(-1)!.bytesPerSecond;
  const [h100, h200, l4] = ["h100", "H200", "l4"].map((machine) => gpuMachine({ machine }));
  expect(h100).toMatchObject({
    ...gpuMachine({}),
    loadOf: expect.anything(),
    schedulesOf: expect.anything(),
  });
  expect([h200.name, bandwidth(h200), bandwidth(h100)]).toEqual(["H200 SXM, sm_90a", 4.8e12, 3.35e12]);
  expect([l4.name, l4.threads, bandwidth(l4)]).toEqual(["L4, sm_89", 58, 3e11]);
  expect(gpuMachine({ machine: "l4", arch: "sm_80" }).name).toBe("L4, sm_80");
  for (const { name, arch } of cudaParts) expect(gpuArchOf({ machine: name }).name).toBe(arch);
});

test("a GPU that nobody knows is refused with those that are known", () => {
  for (const machine of ["m2", "slow.json"])
    expect(() => gpuMachine({ machine })).toThrow(/LUM5104.*a100, .*l4, h100, h200, b200/s);
});

test("products that wait for memory take as much less time as it is faster", async () => {
  const source = {
    path: "m.lum",
    text: "model M {\n  input x: bf16[1, 8192]\n  weight w: bf16[8192, 8192]\n  output y[i, o] = sum(k) x[i, k] * w[o, k]\n}\n",
  };
  const seconds = async (machine: string) => {
    const { report } = await explainModel(source, { target: "cuda", machine: gpuMachine({ machine }) });
    return report.plans[0].points[0].seconds;
  };
  const [h100, h200, l4] = [await seconds("h100"), await seconds("h200"), await seconds("l4")];
  expect(h100 / h200).toBeGreaterThan(1.2);
  expect(h100 / h200).toBeLessThan(4.8 / 3.35);
  expect(l4 / h100).toBeGreaterThan(5);
});
