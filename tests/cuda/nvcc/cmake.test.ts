/** An emitted project built as its README says, by CMake with nvcc; without a GPU its programs say what is missing. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { libraryFlags } from "../../../src/emit/cuda/compile.ts";
import { runTool } from "../../../src/emit/toolchain.ts";
import { writeProject } from "../../../src/emit/write.ts";
import { findGpu } from "../../../src/search/measure/gpu-device.ts";
import { goldenProject } from "../emit/golden-projects.ts";
import { findNvcc } from "./toolkit.ts";

const folder = mkdtempSync(join(tmpdir(), "lumc-cmake-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nvcc = await findNvcc();
const cmake = (await runTool("cmake", ["--version"])).code === 0;
const gpu = await findGpu();
if (nvcc === undefined || !cmake)
  console.warn(
    `\n*** NOT RUN: no CUDA project was built with CMake, there is no ${cmake ? "nvcc" : "cmake"} here. ***\n`,
  );

/** CMake as anybody would call it; a toolkit from Python packages has its libraries where nvcc doesn't look. */
async function built(arch: string): Promise<string> {
  const dir = join(folder, arch);
  writeProject(goldenProject("norms"), dir);
  const build = join(dir, "build");
  const ninja = (await runTool("ninja", ["--version"])).code === 0 ? ["-G", "Ninja"] : [];
  const words = ["-S", dir, "-B", build, ...ninja, `-DCMAKE_CUDA_ARCHITECTURES=${arch}`];
  const set = [
    `CUDACXX=${nvcc!.path}`,
    `NVCC_APPEND_FLAGS=${libraryFlags(nvcc!.path).join(" ")}`,
    `PATH=${dirname(nvcc!.path)}:${process.env.PATH}`,
  ];
  const run = async (args: readonly string[]): Promise<void> => {
    const { code, output } = await runTool("env", [...set, "cmake", ...args], dir);
    expect(code, output.slice(-3000)).toBe(0);
  };
  await run(words);
  await run(["--build", build, "-j", "2"]);
  return build;
}

describe.skipIf(nvcc === undefined || !cmake)("CMake with CUDA", () => {
  test("builds library and programs, which need nothing of the toolkit", { timeout: 600_000 }, async () => {
    const build = await built("90a");
    for (const name of ["libnorms.so", "norms", "norms_verify", "norms_bench"])
      expect(existsSync(join(build, name)), name).toBe(true);
    const { output } = await runTool("ldd", [join(build, "libnorms.so")]);
    expect(output).not.toContain("cudart");
    if (gpu !== undefined) return;
    const ran = await runTool(join(build, "norms_bench"), []);
    expect(ran.code).toBe(1);
    expect(ran.output).toMatch(/LUM6021: no NVIDIA driver on this machine; CUDA \d+\.\d+ needs one/);
  });
});
