/** The same model gives the same bytes, whatever --jobs; and a project is as long for 80 layers as for 2. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile } from "../../src/pipeline.ts";

const root = new URL("../..", import.meta.url).pathname;

/** Contents by path of everything in a folder. */
function tree(dir: string): Record<string, string> {
  const paths = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  return Object.fromEntries(
    paths
      .map((e) => join(e.parentPath, e.name))
      .sort()
      .map((path) => [path.slice(dir.length + 1), readFileSync(path, "utf8")]),
  );
}

test.each(["direct", "fast"])(
  "the same bytes on repeat and for any --jobs, with --search %s",
  (search) => {
    const dir = mkdtempSync(join(tmpdir(), "lumc-bytes-"));
    try {
      const built = ["1", "2", "7", "7"].map((jobs, i) => {
        const out = join(dir, String(i));
        const options = ["--no-compile", "--search", search, "--jobs", jobs, "--out", out];
        execFileSync(process.execPath, ["cli/main.ts", "build", "examples/mlp", ...options], { cwd: root });
        return tree(out);
      });
      expect(Object.keys(built[0]).length).toBeGreaterThan(20);
      for (const other of built.slice(1)) expect(other).toEqual(built[0]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  300_000,
);

test("the project of a llama with the 8B sizes has as many lines for 2, 32 and 80 layers", {
  timeout: 120_000,
}, () => {
  const path = join(root, "examples/llama/llama.lum");
  const text = readFileSync(path, "utf8");
  const emitted = (layers: number) => compile({ path, text }, { set: new Map([["layers", String(layers)]]) });
  const lines = (layers: number) => {
    const { program, files } = emitted(layers);
    expect(program.weights.some((w) => w.loops.some((l) => l.high - l.low === layers))).toBe(true);
    return [...files].map(([name, content]) => [name, content.split("\n").length]);
  };
  const two = lines(2);
  expect(two.length).toBeGreaterThan(40);
  expect(lines(32)).toEqual(two);
  expect(lines(80)).toEqual(two);
});
