import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import type { CommandModule } from "yargs";
import { archFlags, hostArch } from "../../src/emit/arch.ts";
import { defaultCache } from "../../src/emit/cache-folder.ts";
import { findCompiler } from "../../src/emit/toolchain.ts";
import { calibrate } from "../../src/search/measure/calibrate.ts";
import { calibrationPath, machineHere, machineOf, writeCalibration } from "../../src/targets/calibrated.ts";
import { jsonArgument } from "../model.ts";
import { printJson, printLine, run } from "../output.ts";

type Finding = { readonly what: string; readonly fine: boolean; readonly found: string };

export const doctor: CommandModule<object, { json: boolean; calibrate: boolean }> = {
  command: "doctor",
  describe: "what this machine can build and run",
  builder: (y) =>
    jsonArgument(y).option("calibrate", {
      type: "boolean",
      default: false,
      describe: "measure the processor; searches then cost plans by what was found",
    }),
  handler: (args) =>
    run(args.json, async () => {
      if (args.calibrate) return calibrateHere(args.json);
      const findings = await examine();
      if (args.json) printJson({ findings });
      else
        for (const f of findings)
          printLine(`${f.fine ? "ok     " : "missing"}  ${f.what.padEnd(14)} ${f.found}`);
      if (findings.some((f) => !f.fine && f.what === "C++ compiler")) process.exitCode = 1;
    }),
};

/** Best on a machine that does nothing else. */
async function calibrateHere(json: boolean): Promise<void> {
  const found = await calibrate();
  writeCalibration(found);
  const machine = machineOf(found);
  if (json) return printJson({ path: calibrationPath(), calibration: found, machine });
  const giga = (x: number, unit: string) => `${(x / 1e9).toFixed(1)} G${unit}`;
  for (const t of found.threads) {
    const reads = t.reads.map((r) => giga(r.bytesPerSecond, "B/s")).join(", ");
    printLine(
      `${t.threads} threads: ${giga(t.peakRate, "op/s")} in multiply-adds, ${giga(t.contractionRate, "op/s")} in products`,
    );
    printLine(
      `  reads from the three caches and memory: ${reads}; start and end of the threads: ${(t.fork * 1e6).toFixed(2)} us`,
    );
  }
  const elements = Object.entries(found.elements).map(([name, s]) => `${name} ${(s * 1e9).toFixed(2)}`);
  printLine(`nanoseconds an element: ${elements.join(", ")}`);
  printLine(`written to ${calibrationPath()}`);
}

async function examine(): Promise<Finding[]> {
  const processors = cpus();
  return [
    { what: "Node", fine: true, found: process.version },
    {
      what: "processor",
      fine: true,
      found: `${processors[0]?.model.trim() ?? "unknown"}, ${processors.length} threads, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    },
    await compilerFinding(),
    tool("cmake", ["--version"], "the emitted CMakeLists.txt; lumc itself does without"),
    tool("nvcc", ["--version"], "compiling the cuda target; --emulate does without"),
    { what: "object cache", fine: true, found: defaultCache() },
    machineFinding(),
  ];
}

async function compilerFinding(): Promise<Finding> {
  const what = "C++ compiler";
  try {
    const arch = hostArch();
    const c = await findCompiler(undefined, archFlags(arch), arch);
    return {
      what,
      fine: true,
      found: `${c.identity.split("\n")[0]}, ${c.threads.length > 0 ? "with OpenMP" : "without OpenMP: one thread"}`,
    };
  } catch (error) {
    return { what, fine: false, found: error instanceof Error ? error.message : String(error) };
  }
}

function machineFinding(): Finding {
  const what = "cost model";
  let problem: string | undefined;
  const { name } = machineHere(undefined, (d) => (problem = d.message));
  return { what, fine: problem === undefined, found: problem ?? name };
}

function tool(name: string, args: readonly string[], purpose: string): Finding {
  const result = spawnSync(name, args, { encoding: "utf8" });
  if (result.error !== undefined) return { what: name, fine: false, found: `needed for ${purpose}` };
  const lines = result.stdout.split("\n").filter((l) => /\d+\.\d+/.test(l));
  return { what: name, fine: true, found: lines[0]?.trim() ?? "found" };
}
