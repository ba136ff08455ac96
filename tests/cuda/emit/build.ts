/** Models compiled for tests: emitted for CUDA, all kernels in one translation unit, run by the SIMT layer. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emulateProject } from "../../../src/emit/cuda/emulate.ts";
import type { ProjectFiles } from "../../../src/emit/project.ts";
import { writeProject } from "../../../src/emit/write.ts";
import { NativeModel } from "../../../src/loader/native.ts";
import { modelSpec } from "../../../src/loader/spec.ts";
import { type Compilation, type CompileOptions, compile } from "../../../src/pipeline.ts";
import type { Fixture } from "../../models/fixtures.ts";

export type EmulatedBuild = {
  readonly compilation: Compilation;
  readonly library: string;
  readonly dir: string;
  readonly remove: () => void;
};

const isKernel = (path: string): boolean => /^src\/kernels\/.*\.cu$/.test(path);

/** The project with its kernels in one file, which compiles many times quicker. */
export function inOneUnit(files: ProjectFiles): ProjectFiles {
  const kernels = [...files].filter(([path]) => isKernel(path)).map(([, text]) => text);
  const others = [...files].filter(([path]) => !isKernel(path));
  return new Map([...others, ["src/kernels/all.cu", kernels.join("\n")]]);
}

export async function buildEmulated(compilation: Compilation): Promise<EmulatedBuild> {
  const dir = mkdtempSync(join(tmpdir(), "lumc-cuda-"));
  writeProject(inOneUnit(compilation.files), dir);
  const { library } = await emulateProject(dir, { jobs: 2, checked: true });
  return { compilation, library, dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export const compileFixture = (f: Fixture, options: CompileOptions = {}): Compilation =>
  compile({ path: f.model, text: readFileSync(f.model, "utf8") }, { set: f.set, target: "cuda", ...options });

export const loadEmulated = (b: EmulatedBuild, weights: string | undefined): NativeModel =>
  new NativeModel(b.library, modelSpec(b.compilation.program), { weights, cache: "" });
