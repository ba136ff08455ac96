/** Committed output is what the sources make: run `npm run gen` after a change that is meant. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { diagnosticsPage } from "../scripts/gen-diagnostics.ts";
import { showcases } from "../scripts/gen-showcase.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test("docs/diagnostics.md lists every message", () => {
  expect(readFileSync(join(root, "docs/diagnostics.md"), "utf8")).toBe(diagnosticsPage());
});

test.each(showcases)("generated/$target is the project of its example", ({ target, folder, files }) => {
  const made = files();
  for (const [path, text] of made) expect(readFileSync(join(folder, path), "utf8"), path).toBe(text);
  const tracked = execFileSync("git", ["ls-files", `generated/${target}`], { cwd: root, encoding: "utf8" });
  const own = tracked.split("\n").filter((f) => f !== "" && !f.endsWith(".lumc-files.json"));
  expect(own.map((f) => f.slice(`generated/${target}/`.length)).sort()).toEqual([...made.keys()].sort());
});

test("every .lum file of the repository is formatted", () => {
  const files = execFileSync("git", ["ls-files", "*.lum"], { cwd: root, encoding: "utf8" })
    .split("\n")
    .filter((f) => f !== "" && !f.includes("golden"));
  const output = execFileSync(process.execPath, [join(root, "cli/main.ts"), "fmt", "--check", ...files], {
    cwd: root,
    encoding: "utf8",
  });
  expect(output).toBe("");
});
