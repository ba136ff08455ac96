/** CUDA kernels of many programs in one translation unit, run by the SIMT layer: for the bundle of tests/emit. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kernelTexts } from "../../../src/emit/cuda/kernel-texts.ts";
import { sharedBytes } from "../../../src/emit/cuda/view.ts";
import { templatePath } from "../../../src/emit/template.ts";
import type { Kernel } from "../../../src/ir/kernel.ts";
import type { Program } from "../../../src/ir/llir.ts";
import type { Writer } from "../../emit/run-kernels.ts";

const simt = templatePath("cuda/simt");

/** The layer's objects, compiled once for all tests of a machine and each state of its sources. */
function layerObjects(): string[] {
  const files = readdirSync(simt).sort();
  const hash = createHash("sha256");
  for (const name of files) hash.update(name).update(readFileSync(join(simt, name)));
  const state = hash.digest("hex").slice(0, 12);
  const dir = join(tmpdir(), `lumc-simt-${process.getuid?.() ?? 0}-${state}`);
  mkdirSync(dir, { recursive: true });
  return files
    .filter((name) => name.endsWith(".cpp"))
    .map((name) => {
      const object = join(dir, `${name}.o`);
      if (!existsSync(object)) {
        const fresh = `${object}.${process.pid}`;
        execFileSync("g++", [
          "-std=c++17",
          "-O2",
          "-DLUM_SIMT",
          `-I${simt}`,
          "-c",
          join(simt, name),
          "-o",
          fresh,
        ]);
        execFileSync("mv", [fresh, object]);
      }
      return object;
    });
}

const dimsOf = (program: Program): string[] =>
  program.dims.map((d) => d.name).filter((name) => program.entries.some((e) => e.dims.includes(name)));

function structOf(program: Program): string {
  const dims = dimsOf(program);
  if (dims.length === 0) return "";
  return `namespace kernels { struct Dims { lum::i64 ${dims.join(", ")}; }; }`;
}

const launch = (kernel: Kernel): string => {
  const { blocks, threads } = kernel.launch!;
  return `${Math.min(blocks, 3)}, ${threads}, ${sharedBytes(kernel)}, nullptr`;
};

/** `checked`: every access of the kernels is watched. */
export const cudaWriter = (options: { checked: boolean }): Writer => ({
  header: '#pragma once\n#include "runtime/index_check.cuh"\n#include "runtime/types.cuh"\n',
  flags: [
    `-I${simt}`,
    `-I${templatePath("cuda")}`,
    "-DLUM_SIMT",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unknown-pragmas",
    ...(options.checked ? ["-fsanitize=thread", "--param", "tsan-instrument-func-entry-exit=0"] : []),
  ],
  // Without the sanitizer: the layer answers its calls.
  link: ["-pthread", "-ldl"],
  objects: layerObjects,
  before: '#include "runtime/launch.cuh"',
  kernels: (program) => [structOf(program), ...kernelTexts(program).texts.map((t) => t.text)],
  runtime: `static char* allocate(size_t bytes) {
    void* data = nullptr;
    if (cudaMalloc(&data, bytes + 1) != cudaSuccess) std::exit(1);
    return static_cast<char*>(data);
}
static void succeed(cudaError_t status, const char* kernel) {
    if (status == cudaSuccess) status = cudaDeviceSynchronize();
    if (status == cudaSuccess) return;
    std::fprintf(stderr, "kernel %s: %s", kernel, cudaGetErrorString(status));
    std::exit(3);
}`,
  prepare: (program, entry, number) => {
    const dims = dimsOf(program);
    return [
      "    auto* check = reinterpret_cast<lum::IndexCheck*>(space(sizeof(lum::IndexCheck)));",
      "    std::memset(static_cast<void*>(check), 0, sizeof *check);",
      ...(dims.length === 0
        ? []
        : [
            `    auto* dims_there = reinterpret_cast<kernels_${number}::Dims*>(space(sizeof(kernels_${number}::Dims)));`,
            ...entry.dims.map((d) => `    dims_there->${d} = dim_${d};`),
            "    (void)dims_there;",
          ]),
    ];
  },
  argument: (kind) => (kind === "check" ? "check" : "dims_there"),
  call: (kernel, number, args) =>
    `succeed(lum::launch(kernels_${number}::${kernel.name}, ${[launch(kernel), ...args].join(", ")}), "${kernel.name}");`,
  report: (program) => {
    const { sites } = kernelTexts(program);
    const words = sites.map((s) => JSON.stringify(s.what)).join(", ");
    return [
      ...(sites.length === 0 ? [] : [`    static const char* const sites[] = {${words}};`]),
      `    if (check->failed != 0) std::printf("%s: %lld of %lld\\n", ${sites.length === 0 ? '""' : "sites[check->site]"}, static_cast<long long>(check->index), static_cast<long long>(check->size));`,
    ];
  },
});
