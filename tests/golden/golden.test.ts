/**
 * What the compiler makes of six small models, stage by stage, as it was last looked at. After a change that is
 * meant: `UPDATE_GOLDEN=1 npx vitest run tests/golden`, then read the difference.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { printHlir } from "../../src/ir/hlir-print.ts";
import { printLlir } from "../../src/ir/llir-print.ts";
import { printPlan } from "../../src/ir/plan-print.ts";
import { astText } from "../../src/ir/print-ast.ts";
import { parse } from "../../src/parser/parse.ts";
import { compile } from "../../src/pipeline.ts";

const root = new URL(".", import.meta.url).pathname;
const cases = readdirSync(root).filter((name) => existsSync(join(root, name, "model.lum")));

/** Every stage as text by path; of the runtime, which is the same for all models, only the names. */
function made(name: string): Map<string, string> {
  const text = readFileSync(join(root, name, "model.lum"), "utf8");
  const options: { set?: Record<string, string> } = JSON.parse(
    readFileSync(join(root, name, "options.json"), "utf8"),
  );
  const source = { path: `${name}/model.lum`, text };
  const { hlir, plan, program, files } = compile(source, {
    set: new Map(Object.entries(options.set ?? {})),
    arch: "x86-64-v3",
  });
  const isRuntime = (path: string) => path.startsWith("src/runtime/");
  const runtime = [...files.keys()].filter(isRuntime).sort();
  return new Map([
    ["ast.txt", astText(parse(source).file)],
    ["hlir.txt", printHlir(hlir)],
    ["plan.txt", printPlan(plan)],
    ["llir.txt", printLlir(program)],
    ["runtime-files.txt", `${runtime.join("\n")}\n`],
    ...[...files]
      .filter(([path]) => !isRuntime(path))
      .map(([path, t]): [string, string] => [`project/${path}`, t]),
  ]);
}

function filesUnder(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((f) => join(dir, f))
    .filter((f) => statSync(f).isFile());
}

test.each(cases)("%s", (name) => {
  const expected = join(root, name, "expected");
  const files = made(name);
  if (process.env.UPDATE_GOLDEN !== undefined) {
    rmSync(expected, { recursive: true, force: true });
    for (const [path, text] of files) {
      mkdirSync(dirname(join(expected, path)), { recursive: true });
      writeFileSync(join(expected, path), text);
    }
  }
  const stored = filesUnder(expected).map((f) => relative(expected, f));
  expect([...files.keys()].sort()).toEqual(stored.sort());
  for (const [path, text] of files) expect(text, path).toBe(readFileSync(join(expected, path), "utf8"));
});
