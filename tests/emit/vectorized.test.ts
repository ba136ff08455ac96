/** Loops that the compiler must compute in vectors, by its own report. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { objectFlags } from "../../src/emit/compile.ts";
import { kernelSource } from "../../src/emit/kernels/source.ts";
import { emitProject } from "../../src/emit/project.ts";
import { findCompiler, runTool } from "../../src/emit/toolchain.ts";
import { plan } from "../../src/lower/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { hlirFromText } from "./from-text.ts";

const dir = mkdtempSync(join(tmpdir(), "lumc-vectorized-"));
afterAll(() => rmSync(dir, { recursive: true }));

const compiler = await findCompiler(undefined, [], "x86-64-v3");
const reports = process.arch === "x64" && /gcc|g\+\+/i.test(compiler.identity);

const inputs = "input m: bool[s], k: bool[s], x: f32[s], g: f32[s], b: bf16[s], u: u8[s]";
const cases: readonly (readonly [string, string])[] = [
  ["a mask", "output y[i] = where(m[i], x[i] * g[i], 0)"],
  ["two masks", "output y[i] = where(m[i] and k[i], x[i], 0)"],
  ["a comparison and a mask", "output y[i] = where(x[i] > g[i] and m[i], x[i], 0)"],
  ["a mask within a mask", "output y[i] = where(m[i], 1.0, where(k[i], x[i], 0))"],
  ["a narrow float behind a mask", "output y[i] = where(m[i], (b[i] as f32) * x[i], 0)"],
  ["a byte behind a comparison", "output y[i] = where(x[i] > 0, u[i] as f32, g[i])"],
  ["a mask of masks", "output y[i] = m[i] and not k[i]"],
  ["a sum of masked values", "output y[i] = x[i] * sum(j) where(m[j], x[j], 0)"],
  ["windows that leave the row", "output y[i] = sum(r in 0..3) x[i + r - 1 else 0] * g[i]"],
  [
    "a masked softmax",
    "a[i] = where(m[i], x[i], -inf)\ne[i] = exp(a[i] - max(j) a[j])\noutput y[i] = e[i] / sum(j) e[j]",
  ],
];

test.skipIf(!reports).each(cases)(
  "%s",
  async (name, line) => {
    const h = hlirFromText({ name, body: `dim s in 1..4096\n${inputs}\n${line}` });
    const files = emitProject(schedule(plan(h, { search: "direct" })), { kernelSource });
    const folder = join(dir, name.replaceAll(" ", "-"));
    for (const [path, text] of files) {
      if (!path.startsWith("src/")) continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    for (const [path, text] of files) {
      if (!path.startsWith("src/kernels/") || !path.endsWith(".cpp")) continue;
      const flags = [...objectFlags("x86-64-v3", compiler), "-fopt-info-vec-optimized"];
      const object = join(folder, "kernel.o");
      const args = [...flags, "-Isrc", "-Iinclude", "-c", path, "-o", object];
      const { code, output } = await runTool(compiler.path, args, folder);
      expect(code, output).toBe(0);
      const vectors = new Set(
        [...output.matchAll(/cpp:(\d+):\d+: optimized: loop vectorized/g)].map((m) => Number(m[1])),
      );
      const loops = innermost(text);
      expect(loops.length).toBeGreaterThan(0);
      for (const [first, last] of loops) {
        const inside = [...vectors].some((at) => at >= first && at <= last);
        expect(inside, `${path}:${first}\n${text}\n${output}`).toBe(true);
      }
    }
  },
  60_000,
);

/** Lines of each loop that is marked to run in vectors. */
function innermost(text: string): [number, number][] {
  const lines = text.split("\n");
  return lines.flatMap((line, i): [number, number][] => {
    if (!line.includes("#pragma omp simd")) return [];
    const indent = /^ */.exec(line)![0];
    const end = lines.findIndex((l, j) => j > i && l === `${indent}}`);
    return [[i + 1, end + 1]];
  });
}
