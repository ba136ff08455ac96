/** Several compilers at a time: that they run at the same time, that equal sources are compiled once, and what they make. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CompileError } from "../../src/diagnostics.ts";
import { compareArtifacts } from "../../src/emit/artifacts.ts";
import { compileProject } from "../../src/emit/compile.ts";
import { compilersAtOnce, compileUnits, type Unit } from "../../src/emit/compile-units.ts";
import type { Compiler } from "../../src/emit/toolchain.ts";
import { writeProject } from "../../src/emit/write.ts";
import { compile as compileModel } from "../../src/pipeline.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lumc-jobs-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const meeting: Compiler = {
  path: fileURLToPath(new URL("meeting-compiler.sh", import.meta.url)),
  identity: "meeting compiler 1",
  threads: [],
};

function sources(...texts: string[]): Unit[] {
  return texts.map((text, i) => {
    writeFileSync(join(folder, `${i}.cpp`), text);
    return { source: `${i}.cpp`, object: join(folder, `${i}.o`) };
  });
}

function compile(units: readonly Unit[], compilers: number, jobs = compilers) {
  const room = join(folder, "room");
  mkdirSync(room, { recursive: true });
  vi.stubEnv("ROOM", room);
  vi.stubEnv("MEETING", String(compilers));
  return compileUnits(folder, units, { compiler: meeting, flags: [], cache: "", jobs });
}

describe("jobs", () => {
  test("two: two compilers run at the same time", async () => {
    const counts = await compile(sources("a", "b", "c"), 2);
    expect(counts).toEqual({ compiled: 3, reused: 0, together: 2 });
  });

  test("one: never two", async () => {
    const counts = await compile(sources("a", "b", "c"), 1);
    expect(counts).toEqual({ compiled: 3, reused: 0, together: 1 });
  });

  test("the compiler that must be alone does see a second one", async () => {
    await expect(compile(sources("a", "b"), 1, 2)).rejects.toThrow(CompileError);
  });

  test("are as many as fit into memory", () => {
    expect([compilersAtOnce(8, 16 << 30), compilersAtOnce(2, 2 ** 40), compilersAtOnce(8, 2 ** 31)]).toEqual([
      1, 2, 4,
    ]);
    expect(compilersAtOnce(4, 0)).toBe(1);
  });

  test("equal sources are compiled once", async () => {
    const units = sources("same", "other", "same", "same");
    expect(await compile(units, 1)).toEqual({ compiled: 2, reused: 2, together: 1 });
    expect(units.map((u) => readFileSync(u.object, "utf8"))).toEqual(["same", "other", "same", "same"]);
  });
});

const model = `
model Small {
  dim    s in 1..8
  input  x: f32[s, 8], y: f32[8, 4]
  h[i, j] = sum(k) x[i, k] * y[k, j]
  output z[i, j] = exp(h[i, j]) / sum(n) exp(h[i, n])
  output w[j] = max(i) h[i, j]
}
`;

test("any number of jobs makes the same bytes", { timeout: 300_000 }, async () => {
  const { files } = compileModel({ path: "small.lum", text: model });
  const build = async (jobs: number): Promise<string> => {
    const dir = join(folder, `jobs-${jobs}`);
    writeProject(files, dir);
    const made = await compileProject(dir, { compiler: "g++", flags: ["-O0"], cache: "", jobs });
    expect(made.together).toBe(Math.min(jobs, compilersAtOnce(jobs)));
    return dir;
  };
  const [one, two, three] = [await build(1), await build(2), await build(3)];
  expect(compareArtifacts(one, two).differences).toEqual([]);
  expect(compareArtifacts(one, three).differences).toEqual([]);
  expect(compareArtifacts(one, two).equal).toBeGreaterThan(files.size);
});
