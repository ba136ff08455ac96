/** `lumc doctor --calibrate`: a small program that measures this machine's processor. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { CompileError, diagnostic } from "../../diagnostics.ts";
import { type Arch, archFlags, hostArch } from "../../emit/arch.ts";
import { objectFlags } from "../../emit/compile.ts";
import { compileUnits } from "../../emit/compile-units.ts";
import { runtimeFiles } from "../../emit/runtime-files.ts";
import { templateText } from "../../emit/template.ts";
import { findCompiler, runTool } from "../../emit/toolchain.ts";
import type { Calibration, ThreadsCalibration } from "../../targets/calibrated.ts";
import { workFolder } from "./work-folder.ts";

export type CalibrateOptions = {
  readonly compiler?: string;
  readonly arch?: Arch;
  readonly threads?: number;
};

/** Takes some seconds. Throws LUM4503 where the program fails, and what compilation throws. */
export async function calibrate(o: CalibrateOptions = {}): Promise<Calibration> {
  const arch = o.arch ?? hostArch();
  const compiler = await findCompiler(o.compiler, archFlags(arch), arch);
  const caches = dataCaches();
  const threads = compiler.threads.length === 0 ? 1 : (o.threads ?? availableParallelism());
  const dir = workFolder("calibrate");
  try {
    const text = templateText("measure/calibrate.cpp");
    mkdirSync(join(dir, "src", "runtime"), { recursive: true });
    writeFileSync(join(dir, "src", "main.cpp"), text);
    for (const [name, header] of runtimeFiles(["cpu"], [text]))
      writeFileSync(join(dir, "src", "runtime", name), header);
    const object = join(dir, "main.o");
    await compileUnits(dir, [{ source: "src/main.cpp", object }], {
      compiler,
      flags: objectFlags(arch, compiler),
      cache: "",
    });
    const program = join(dir, "calibrate");
    await runTool(compiler.path, [...archFlags(arch), ...compiler.threads, object, "-o", program], dir);
    const sets = [caches[0] / 2, caches[1] / 2, caches[2] / 2, Math.min(4 * caches[2], 256 << 20)];
    // Threads that spin while they wait would take the processor from those that are measured.
    const rates = await run("env", [
      "OMP_WAIT_POLICY=passive",
      program,
      String(threads),
      ...sets.map(String),
    ]);
    const fork = await run(program, [String(threads)]);
    return parsed(`${rates.trim()}\n${fork}`, caches);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const { code, output } = await runTool(program, args);
  if (code === 0) return output;
  const reason = `ended with code ${code}: ${output.slice(-300)}`;
  throw new CompileError([diagnostic("LUM4503", undefined, { program: "the calibration", reason })]);
}

/** `name threads value` by line. */
export function parsed(output: string, caches: Calibration["caches"]): Calibration {
  const elements: Record<string, number> = {};
  const rows = new Map<number, { rates: Map<string, number>; reads: ThreadsCalibration["reads"] }>();
  for (const line of output.trim().split("\n")) {
    const [name, count, value] = line.split(" ");
    const [threads, number] = [Number(count), Number(value)];
    if (name.startsWith("element:")) {
      elements[name.slice("element:".length)] = number;
      continue;
    }
    const row = rows.get(threads) ?? { rates: new Map<string, number>(), reads: [] };
    if (name.startsWith("read:"))
      row.reads = [...row.reads, { bytes: Number(name.slice("read:".length)), bytesPerSecond: number }];
    else row.rates.set(name, number);
    rows.set(threads, row);
  }
  return {
    version: 1,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    caches,
    elements,
    threads: [...rows].map(([threads, { rates, reads }]) => ({
      threads,
      peakRate: rates.get("fma")!,
      contractionRate: rates.get("contraction")!,
      fork: rates.get("fork")!,
      reads,
    })),
  };
}

/** Where the system does not say: 32 KiB, 1 MiB, 8 MiB. */
const usualCaches: Calibration["caches"] = [32 << 10, 1 << 20, 8 << 20];

function dataCaches(): Calibration["caches"] {
  const found: [number, number, number] = [...usualCaches];
  for (let i = 0; i < 8; i++) {
    const read = (name: string) =>
      readFileSync(`/sys/devices/system/cpu/cpu0/cache/index${i}/${name}`, "utf8").trim();
    try {
      const level = Number(read("level"));
      const [, count, unit] = /^(\d+)([KM]?)$/.exec(read("size")) ?? [];
      if (read("type") !== "Instruction" && level <= 3)
        found[level - 1] = Number(count) * (unit === "M" ? 1 << 20 : unit === "K" ? 1 << 10 : 1);
    } catch {
      break;
    }
  }
  return found;
}
