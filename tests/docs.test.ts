/**
 * Every block of lum in the documentation compiles. One without a model stands in a comment's declarations, which
 * Markdown doesn't show: `<!-- lum: … -->` on the lines before it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { kernelSource } from "../src/emit/kernels/source.ts";
import { emitProject } from "../src/emit/project.ts";
import { elaborate } from "../src/lower/elaborate/elaborate.ts";
import { plan } from "../src/lower/plan.ts";
import { schedule } from "../src/lower/schedule.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".md"))
    .map((f) => join("docs", f)),
];

type Snippet = { readonly at: string; readonly text: string };

const snippets = pages.flatMap((page): Snippet[] => {
  const text = readFileSync(join(root, page), "utf8");
  const blocks = text.matchAll(/(?:^<!-- lum:\n(.*?)^-->\n)?^ *```lum\n(.*?)^ *```$/gms);
  return [...blocks].map(([, around, own], i) => ({
    at: `${page}, block ${i + 1}`,
    text: /^model /m.test(own) ? own : wrapped(around ?? "", own),
  }));
});

/** Items stay in the file; statements, those around first, go into a model. */
function wrapped(around: string, own: string): string {
  const [before, inside] = [apart(around), apart(own)];
  const body = [...before.statements, ...inside.statements].map((l) => `  ${l}`);
  const output = body.some((l) => /^ *output /.test(l)) ? [] : ["  output nothing = zeros([1])"];
  return [...before.items, ...inside.items, "model Snippet {", ...body, ...output, "}", ""].join("\n");
}

function apart(text: string): { items: string[]; statements: string[] } {
  const [items, statements]: [string[], string[]] = [[], []];
  let open = 0;
  let isItem = false;
  for (const line of text.split("\n").filter((l) => l.trim() !== "")) {
    if (open === 0) isItem = /^(import|fn|layer|kernel)\b/.test(line);
    (isItem ? items : statements).push(line);
    open += line.split("{").length - line.split("}").length;
  }
  return { items, statements };
}

test("blocks are found", () => {
  expect(snippets.filter((s) => s.at.startsWith("README.md")).length).toBeGreaterThan(0);
  expect(snippets.filter((s) => s.at.startsWith(join("docs", "language.md"))).length).toBeGreaterThan(4);
});

test.each(snippets.map((s) => [s.at, s.text] as const))("%s compiles", (at, text) => {
  const { hlir, diagnostics } = elaborate({ path: "snippet.lum", text });
  expect(
    diagnostics.map((d) => `${d.code} ${d.message}`),
    `${at}\n${text}`,
  ).toEqual([]);
  const files = emitProject(schedule(plan(hlir!, { search: "direct" })), { kernelSource });
  expect(files.size).toBeGreaterThan(5);
});

test("a block that doesn't compile is noticed", () => {
  const { diagnostics } = elaborate({ path: "snippet.lum", text: wrapped("input x: f32[4]", "y = x + z") });
  expect(diagnostics.map((d) => d.code)).toEqual(["LUM2001"]);
});
