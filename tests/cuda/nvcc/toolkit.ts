/**
 * Where nvcc is: named by LUMC_NVCC, on the PATH, or from the Python packages in node_modules/.cache/nvcc, where
 * `npx node tests/cuda/nvcc/install.ts` puts them.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../../../src/emit/toolchain.ts";

export type Nvcc = { readonly path: string; readonly version: string };

const cache = join(import.meta.dirname, "../../../node_modules/.cache/nvcc");
const cached = join(cache, "nvidia/cu13/bin/nvcc");

const packages = [
  "nvidia-cuda-nvcc",
  "nvidia-cuda-crt",
  "nvidia-nvvm",
  "nvidia-cuda-runtime",
  "nvidia-cuda-cccl",
];
const wanted = "13.0.*";

/** The compiler and its version, e.g. "13.0.88"; undefined where there is none. */
export async function findNvcc(): Promise<Nvcc | undefined> {
  for (const path of [process.env.LUMC_NVCC, "nvcc", cached]) {
    if (path === undefined || path === "") continue;
    const { code, output } = await runTool(path, ["--version"]);
    if (code === 0) return { path, version: output.match(/V(\d+\.\d+\.\d+)/)?.[1] ?? "unknown" };
  }
  return undefined;
}

/** Fetches the toolkit's compiler with pip unless there is one; says what went wrong if it can't. */
export async function installNvcc(): Promise<Nvcc | string> {
  const present = await findNvcc();
  if (present !== undefined) return present;
  mkdirSync(cache, { recursive: true });
  const specs = packages.map((name) => `${name}==${wanted}`);
  const { code, output } = await runTool("python3", [
    ..."-m pip install --quiet --upgrade --target".split(" "),
    cache,
    ...specs,
  ]);
  if (code !== 0) return `pip install ${specs.join(" ")}: ${output.trim().split("\n").at(-1)}`;
  // The packages leave out the permission to run.
  for (const folder of ["bin", "nvvm/bin"].map((name) => join(cache, "nvidia/cu13", name)))
    if (existsSync(folder))
      for (const file of readdirSync(folder, { withFileTypes: true }))
        if (file.isFile()) chmodSync(join(folder, file.name), 0o755);
  return (await findNvcc()) ?? `${cached} doesn't run after its installation`;
}
