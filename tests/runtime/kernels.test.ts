// The CPU runtime's kernels: C++ programs that check every operand, storage type and function, built as emitted
// projects are, with each compiler at hand, for several vector widths, and under the sanitizers.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isLong, recordLongRun } from "../long-run.ts";

type Subject = {
  readonly subject: string;
  readonly cases: number;
  readonly failures: number;
  readonly first: string;
};
type Build = {
  readonly name: string;
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly programs: readonly Program[];
  readonly reduced: boolean;
};

const run = promisify(execFile);
/** Compilers take their time on a busy machine. */
const patience = { timeout: 600_000 };
const root = join(import.meta.dirname, "../..");
type Program = "math" | "operands" | "gemm" | "convolution" | "attention" | "winograd";
const everything: readonly Program[] = ["math", "operands", "gemm", "convolution", "winograd"];

const common = [
  "-std=c++17",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fopenmp-simd",
  `-I${join(root, "templates/cpu/runtime")}`,
];

/** Fewer combinations of storage types: they are most of the compile time. */
const fewer = ["-DLUM_KINDS_ONLY"];

/** Instrumented code is large: a microkernel is compiled once for its types, not again wherever it is used. */
const sanitized = [
  "-O1",
  "-march=x86-64-v3",
  "-fsanitize=address,undefined",
  "-fno-sanitize-recover=all",
  "-Dalways_inline=noinline",
];

recordLongRun("runtime for the CPU", () => ({ builds: builds.length }));

/** In a long run clang++ has all storage types, and optimizes as much as g++. */
const byClang = isLong ? ["-O2"] : ["-O1", ...fewer];

const builds: readonly Build[] = [
  {
    name: "g++, 8 lanes, OpenMP",
    compiler: "g++",
    flags: ["-O2", "-march=x86-64-v3", "-fopenmp"],
    programs: everything,
    reduced: false,
  },
  {
    name: "g++, 4 lanes",
    compiler: "g++",
    flags: ["-O1", "-march=x86-64", ...fewer],
    programs: ["math", "operands", "gemm", "attention"],
    reduced: true,
  },
  {
    name: "g++, sanitizers",
    compiler: "g++",
    flags: [...sanitized, ...fewer],
    programs: everything,
    reduced: true,
  },
  {
    name: "clang++, 8 lanes",
    compiler: "clang++",
    flags: ["-march=x86-64-v3", ...byClang],
    programs: ["math", "operands", "gemm", "attention"],
    reduced: !isLong,
  },
];

async function works(compiler: string): Promise<boolean> {
  return run(compiler, ["--version"]).then(
    () => true,
    () => false,
  );
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lum-kernels-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function subjectsOf(program: string, build: Build): Promise<readonly Subject[]> {
  const binary = join(folder, `${program}-${builds.indexOf(build)}`);
  const source = join(import.meta.dirname, "kernels", `${program}.cpp`);
  await run(build.compiler, [...common, ...build.flags, source, "-o", binary]);
  const { stdout } = await run(binary, build.reduced ? ["--reduced"] : []);
  return stdout
    .trim()
    .split("\n")
    .map((line): Subject => JSON.parse(line));
}

for (const build of builds) {
  describe(build.name, async () => {
    const present = await works(build.compiler);
    for (const program of build.programs) {
      test.skipIf(!present)(program, patience, async () => {
        const subjects = await subjectsOf(program, build);
        expect(subjects.length).toBeGreaterThan(1);
        for (const subject of subjects) {
          expect(subject.cases, subject.subject).toBeGreaterThan(0);
          expect(subject, subject.first).toMatchObject({ failures: 0 });
        }
      });
    }
  });
}

const crossBuilds = [
  { compiler: "aarch64-linux-gnu-g++", flags: [] },
  { compiler: "g++", flags: ["-march=x86-64-v4"] },
] as const;

describe("targets that this machine need not run", async () => {
  for (const { compiler, flags } of crossBuilds) {
    const present = await works(compiler);
    test.skipIf(!present)(`${compiler} ${flags.join(" ")} compiles the contractions`, patience, async () => {
      const output = join(folder, "cross.o");
      for (const program of ["gemm", "convolution", "attention"]) {
        const source = join(import.meta.dirname, `kernels/${program}.cpp`);
        const options = [...common, ...fewer, ...flags, "-O1", "-c", source, "-o", output];
        const { stderr } = await run(compiler, options);
        expect(stderr).toBe("");
      }
    });
  }
});
