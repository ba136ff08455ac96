/** The GPU of this machine, as its driver's own tool tells. */
import { runTool } from "../../emit/toolchain.ts";
import { cudaArchs } from "../../targets/cuda.ts";

export type Gpu = {
  readonly name: string;
  readonly driver: string;
  /** `9.0` */
  readonly capability: string;
  /** What is compiled for it. */
  readonly arch: string;
};

const query = ["--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"];

/** The first one; undefined where there is none, or no driver. */
export async function findGpu(tool = "nvidia-smi"): Promise<Gpu | undefined> {
  const { code, output } = await runTool(tool, query);
  return code === 0 ? gpuFrom(output) : undefined;
}

/** From a line such as `NVIDIA H100 80GB HBM3, 570.86.15, 9.0`. */
export function gpuFrom(output: string): Gpu | undefined {
  const line = output.split("\n").find((l) => /^[^,]+,[^,]+, *\d+\.\d+ *$/.test(l));
  if (line === undefined) return undefined;
  const [name, driver, capability] = line.split(",").map((part) => part.trim());
  const arch = archFor(capability);
  return arch === undefined ? undefined : { name, driver, capability, arch };
}

/** Its own architecture; of others the newest before it whose code later GPUs run as well, which those ending in `a` don't. */
function archFor(capability: string): string | undefined {
  const number = Number(capability.replace(".", ""));
  const numberOf = (arch: string) => Number.parseInt(arch.slice(3), 10);
  const exact = cudaArchs.find((a) => numberOf(a.name) === number);
  if (exact !== undefined) return exact.name;
  return cudaArchs.filter((a) => !a.name.endsWith("a") && numberOf(a.name) < number).at(-1)?.name;
}
