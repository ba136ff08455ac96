/**
 * What small models become for CUDA: kernels, launches, build file, as they were last looked at. After a
 * change that is meant: `UPDATE_GOLDEN=1 npx vitest run tests/cuda/emit/golden.test.ts`, then read the difference.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { cudaArchs } from "../../../src/targets/cuda.ts";
import { goldenNames, goldenProject } from "./golden-projects.ts";
import { launchesOf, launchTable } from "./launches.ts";

const expected = (name: string): string => join(import.meta.dirname, "golden", name);

/** The files that differ from model to model and from the CPU's. */
const isShown = (path: string): boolean => /^(src\/(kernels\/.*|model\.(cu|h))|CMakeLists\.txt)$/.test(path);

const projects = new Map(goldenNames.map((name) => [name, goldenProject(name)] as const));
const launches = launchesOf(projects);

test.each(goldenNames)("%s", (name) => {
  const files = new Map([...projects.get(name)!].filter(([path]) => isShown(path)));
  files.set("launches.txt", launchTable(launches.get(name)!));
  const folder = expected(name);
  if (process.env.UPDATE_GOLDEN !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  }
  const stored = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
        (path) => files.has(path) || /\.\w+$/.test(path),
      )
    : [];
  expect([...files.keys()].sort()).toEqual(stored.sort());
  for (const [path, text] of files) expect(text, path).toBe(readFileSync(join(folder, path), "utf8"));
});

test("no block has more shared memory than every architecture gives it", () => {
  const least = Math.min(...cudaArchs.map((a) => a.sharedBytesPerBlock));
  const all = [...launches].flatMap(([project, list]) => list.map((l) => ({ project, ...l })));
  expect(all.length).toBeGreaterThanOrEqual(20);
  expect(all.filter((l) => l.shared > least)).toEqual([]);
  expect(all.filter((l) => l.threads % 32 !== 0 || l.threads > 1024)).toEqual([]);
});

test("at least twenty kernels, of every family", () => {
  const kernels = goldenNames.flatMap((name) =>
    [...goldenProject(name)].filter(([path]) => /^src\/kernels\/.*\.cu$/.test(path)).map(([, text]) => text),
  );
  expect(kernels.length).toBeGreaterThanOrEqual(20);
  for (const part of [
    "gemm_tile<lum::MmaShape",
    "gemm_tile<lum::FmaShape",
    "skinny<",
    "top_k",
    "_reduce<",
    "global_thread",
  ])
    expect(kernels.filter((k) => k.includes(part)).length, part).toBeGreaterThan(0);
});
