/** The tests that need a device, and the sanitizer's tools over the self-tests of their projects. */
import { join } from "node:path";
import { compileCuda } from "../../src/emit/cuda/compile.ts";
import { emulateProject } from "../../src/emit/cuda/emulate.ts";
import { runTool } from "../../src/emit/toolchain.ts";
import { cudaWriter } from "../../tests/cuda/emit/writer.ts";
import { type Builder, type Checked, deviceChecks } from "../../tests/device/checks.ts";
import { deviceWriter } from "../../tests/device/writer.ts";
import type { Bench } from "./bench.ts";

export type Tests = {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly notes: readonly string[];
};

const tools = ["memcheck", "racecheck", "initcheck"];

/** Those whose names hold `only`, where it is given. */
export async function runTests(bench: Bench, only?: string): Promise<Tests> {
  const builder = builderOf(bench);
  const passed: string[] = [];
  const failed: string[] = [];
  const checked: Checked[] = [];
  const waiting = deviceChecks.filter((c) => only === undefined || c.name.includes(only));
  // Mostly waiting for compilers: several at a time.
  const worker = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift())
      try {
        const made = await check.run(builder);
        if (made !== undefined) checked.push(made);
        passed.push(check.name);
      } catch (error) {
        failed.push(`${check.name}: ${String(error).slice(0, 800)}`);
      }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.floor(bench.jobs / 2)) }, worker));
  const sanitizer = await sanitizerHere();
  const notes = [...(sanitizer.reason === undefined ? [] : [sanitizer.reason])];
  for (const c of checked)
    for (const tool of sanitizer.path === undefined ? [undefined] : [undefined, ...tools]) {
      const fault = await selfTest(c, sanitizer.path, tool);
      const name = `${c.name}, self-test${tool === undefined ? "" : ` under ${tool}`}`;
      if (fault === undefined) passed.push(name);
      else failed.push(`${name}: ${fault}`);
    }
  return { passed, failed, notes };
}

function builderOf(bench: Bench): Builder {
  const { arch, jobs, compiler } = bench;
  const common = { jobs, programs: true };
  return {
    arch,
    work: join(bench.work, "tests"),
    writer: () =>
      compiler.kind === "emulated" ? cudaWriter({ checked: false }) : deviceWriter(compiler.nvcc.path, arch),
    compile: (dir) =>
      compiler.kind === "emulated"
        ? emulateProject(dir, common)
        : compileCuda(dir, { ...common, arch, compiler: compiler.nvcc.path }),
  };
}

/** What the self-test says where it fails, by itself or under one of the sanitizer's tools. */
async function selfTest(c: Checked, sanitizer?: string, tool?: string): Promise<string | undefined> {
  const words = ["--weights", c.weights, "--cases", join(c.dir, "verify")];
  const program = c.compiled.programs!.verify;
  const { code, output } =
    sanitizer === undefined || tool === undefined
      ? await runTool(program, words)
      : await runTool(sanitizer, ["--tool", tool, "--error-exitcode", "9", program, ...words]);
  return code === 0 ? undefined : output.trim().slice(-800);
}

async function sanitizerHere(): Promise<{ path?: string; reason?: string }> {
  for (const path of ["compute-sanitizer", "/usr/local/cuda/bin/compute-sanitizer"])
    if ((await runTool(path, ["--version"])).code === 0) return { path };
  return { reason: "compute-sanitizer is not here: no tool of it was run" };
}
