/** What the CPU target compiles for, and the flags of both the CMake file and the direct compilation. */
import { CompileError, diagnostic } from "../diagnostics.ts";

export const archs = ["x86-64-v3", "x86-64-v4", "native", "aarch64"] as const;
export type Arch = (typeof archs)[number];

export function archOf(name: string): Arch {
  const found = archs.find((a) => a === name);
  if (found === undefined)
    throw new CompileError([diagnostic("LUM5005", undefined, { arch: name, known: archs.join(", ") })]);
  return found;
}

export const hostArch = (): Arch => (process.arch === "arm64" ? "aarch64" : "x86-64-v3");

export function archFlags(arch: Arch): string[] {
  return [arch === "aarch64" ? "-march=armv8-a" : `-march=${arch}`];
}

/**
 * Contracting a * b + c into one rounding is what the contractions are written for; errno and traps, which
 * nobody reads, would keep loops over elementary functions from vectorizing.
 */
export const languageFlags = [
  "-ffp-contract=fast",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fopenmp-simd",
  "-Wall",
  "-Wextra",
  "-Werror",
] as const;
