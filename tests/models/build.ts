/** Models compiled for tests: all kernels in one translation unit, at -Og, which is many times quicker to compile. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileProject } from "../../src/emit/compile.ts";
import type { ProjectFiles } from "../../src/emit/project.ts";
import { writeProject } from "../../src/emit/write.ts";
import type { SourceFile } from "../../src/ir/source.ts";
import { type LoadOptions, NativeModel } from "../../src/loader/native.ts";
import { modelSpec } from "../../src/loader/spec.ts";
import { type Compilation, type CompileOptions, compile } from "../../src/pipeline.ts";

export type TestBuild = {
  readonly compilation: Compilation;
  readonly library: string;
  readonly dir: string;
  readonly remove: () => void;
};

const isKernel = (path: string): boolean => /^src\/kernels\/.*\.cpp$/.test(path);

/** The project with its kernels in one file. */
export function inOneUnit(files: ProjectFiles): ProjectFiles {
  const kernels = [...files].filter(([path]) => isKernel(path)).map(([, text]) => text);
  const others = [...files].filter(([path]) => !isKernel(path));
  return new Map([...others, ["src/kernels/all.cpp", kernels.join("\n")]]);
}

export const buildForTest = (source: SourceFile, options: CompileOptions = {}): Promise<TestBuild> =>
  buildCompiled(compile(source, options));

export async function buildCompiled(compilation: Compilation): Promise<TestBuild> {
  const dir = mkdtempSync(join(tmpdir(), "lumc-test-"));
  writeProject(inOneUnit(compilation.files), dir);
  const { library } = await compileProject(dir, { jobs: 2, flags: ["-Og"] });
  return { compilation, library, dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export const loadBuild = (b: TestBuild, options: LoadOptions): NativeModel =>
  new NativeModel(b.library, modelSpec(b.compilation.program), { cache: "", ...options });
