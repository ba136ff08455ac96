/** The command in each example's README works as it stands there. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { readNpy } from "../src/npy.ts";
import { relativeError, unwrap } from "./models/fixtures.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "lumc-examples-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Indented lines that begin with `lumc`, with their continuations. */
function commandsOf(example: string): string[][] {
  const text = readFileSync(join(root, "examples", example, "README.md"), "utf8");
  const joined = text.replace(/\\\n\s*/g, " ");
  return [...joined.matchAll(/^ {4}lumc (.*)$/gm)].map(([, words]) =>
    [...words.matchAll(/"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2]),
  );
}

function lumc(words: readonly string[]): string {
  const main = join(root, "cli/main.ts");
  const result = spawnSync(process.execPath, [main, ...words], { cwd: root, encoding: "utf8" });
  expect(result.stderr + result.stdout, words.join(" ")).not.toMatch(/error\[|defect/);
  expect(result.status).toBe(0);
  return result.stdout;
}

const floats = (path: string): Float32Array => {
  const { data } = unwrap(readNpy(path));
  return new Float32Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 4);
};

const examples = readdirSync(join(root, "examples")).filter((e) => commandsOf(e).length > 0);

test("every example has a command", () => {
  expect(examples.sort()).toEqual(["bert", "convnet", "gpt", "llama", "mlp"]);
});

test.each(examples)("%s", (example) => {
  for (const words of commandsOf(example)) {
    const out = join(scratch, example);
    const isRun = words[0] === "run";
    const printed = lumc([...words, "--out", join(out, "project"), ...(isRun ? ["--output", out] : [])]);
    if (isRun) {
      const recorded = readdirSync(join(root, "examples", example)).includes("logits.npy");
      if (recorded)
        expect(
          relativeError(
            floats(join(out, "logits.npy")),
            floats(join(root, "examples", example, "logits.npy")),
          ),
        ).toBeLessThan(1e-4);
      else expect(printed).toMatch(/saved to/);
    } else expect(printed.split(/\s+/).length).toBeGreaterThan(20);
  }
});
