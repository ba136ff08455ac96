/** Memory's roofs, measured first: everything bound by memory is held against them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtimeFiles } from "../../src/emit/runtime-files.ts";
import { runTool } from "../../src/emit/toolchain.ts";
import { buildProgram } from "../../src/search/measure/gpu-program.ts";
import { type Bench, root } from "./bench.ts";
import type { Spread } from "./workload.ts";

type Rate = Spread & { readonly bytes_per_second: number };

export type Roofs = {
  readonly device: string;
  readonly capability: string;
  readonly multiprocessors: number;
  readonly l2_bytes: number;
  readonly memory_bytes: number;
  readonly driver_cuda: number;
  readonly runtime_cuda: number;
  /** The runtime's copy and one by a kernel: bytes read and written. */
  readonly copy: Rate;
  readonly copy_kernel: Rate;
  readonly read: Rate;
};

export async function measureRoofs(bench: Bench): Promise<Roofs> {
  const program = await buildRoofs(bench);
  const bytes = bench.gpu === undefined ? 1 << 16 : 2 ** 31;
  const { code, output } = await runTool(program, [String(bytes), String(bench.runs)]);
  if (code !== 0) throw new Error(`${program}: ${output}`);
  return JSON.parse(output);
}

export const copyRoof = (r: Roofs): number =>
  Math.max(r.copy.bytes_per_second, r.copy_kernel.bytes_per_second);

export async function buildRoofs(bench: Bench): Promise<string> {
  const dir = join(bench.work, "roofs");
  const built = join(dir, "program");
  if (bench.prebuilt && existsSync(built)) return built;
  const text = readFileSync(join(root, "bench/device/roofs.cu"), "utf8");
  mkdirSync(join(dir, "src/runtime"), { recursive: true });
  writeFileSync(join(dir, "src/roofs.cu"), text);
  for (const [name, file] of runtimeFiles(["cuda", "cpu"], [text]))
    writeFileSync(join(dir, "src/runtime", name), file);
  return buildProgram(dir, ["src/roofs.cu"], { compiler: bench.compiler, jobs: bench.jobs });
}
