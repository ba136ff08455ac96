import { expect } from "vitest";
import type { File } from "../../src/ir/ast.ts";
import { checkAst } from "../../src/ir/check-ast.ts";
import { astText, exprText, statementText } from "../../src/ir/print-ast.ts";
import { parse } from "../../src/parser/parse.ts";

export function parseClean(text: string): File {
  const { file, diagnostics } = parse({ path: "test.lum", text });
  expect(diagnostics.map((d) => `${d.code} ${d.message}`)).toEqual([]);
  expect(checkAst(file)).toEqual([]);
  return file;
}

/** The expression `text` reads as `tree`. */
export function expectAst(text: string, tree: string): void {
  const [item] = parseClean(`y = ${text}`).items;
  if (item.kind !== "define") throw new Error("not a definition");
  expect(exprText(item.value)).toBe(tree);
}

/** The statement `text` of a model reads as `trees`. */
export function expectStatement(text: string, ...trees: string[]): void {
  const [item] = parseClean(`model M {\n${text}\n}`).items;
  if (item.kind !== "model") throw new Error("not a model");
  expect(item.body.map(statementText)).toEqual(trees);
}

export function expectItems(text: string, tree: string): void {
  expect(astText(parseClean(text))).toBe(tree);
}

export type Found = readonly [code: string, place: string];

/** Codes and `line:column` of everything wrong with `text`. */
export function mistakesIn(text: string): Found[] {
  return parse({ path: "test.lum", text }).diagnostics.map((d) => {
    const before = text.slice(0, d.span?.start ?? 0).split("\n");
    return [d.code, `${before.length}:${before[before.length - 1].length + 1}`];
  });
}
