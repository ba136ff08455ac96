import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ebnf } from "../../grammar/ebnf.ts";
import { LumParser } from "../../grammar/lum-parser.ts";
import { textMateGrammar } from "../../grammar/textmate.ts";
import * as t from "../../grammar/tokens.ts";
import { expectation } from "../../src/parser/explain.ts";

const committed = (name: string) => readFileSync(new URL(`../../grammar/${name}`, import.meta.url), "utf8");

describe("printed from the grammar (after a change: npm run gen)", () => {
  test("lum.ebnf", () => {
    expect(committed("lum.ebnf")).toBe(ebnf(new LumParser(expectation, true)));
  });
  test("lum.tmLanguage.json", () => {
    expect(JSON.parse(committed("lum.tmLanguage.json"))).toEqual(textMateGrammar());
  });
});

test("every rule of the EBNF is defined, and every defined rule but the first is used", () => {
  const text = ebnf(new LumParser(expectation)).replace(/\/\*[\s\S]*?\*\//g, "");
  const rules = text.split("\n").flatMap((line) => (line.includes("::=") ? [line.split("::=")] : []));
  const defined = new Set(rules.map(([name]) => name.trim()));
  const used = new Set(rules.flatMap(([, body]) => body.replace(/"[^"]*"/g, "").match(/[A-Za-z]+/g) ?? []));
  expect([...used].filter((name) => !defined.has(name)).sort()).toEqual(["EndOfFile", "EndOfLine"]);
  expect([...defined].filter((name) => !used.has(name)).sort()).toEqual(["Comment", "file"]);
});

test("the TextMate patterns are valid and cover the keywords", () => {
  type Pattern = { name: string; match?: string };
  const { patterns } = textMateGrammar() as { patterns: Pattern[] };
  const scopesOf = (line: string) =>
    patterns.flatMap((p) => (p.match && new RegExp(p.match, "u").test(line) ? [p.name] : []));
  for (const word of t.reservedWords) expect(scopesOf(` ${word.LABEL} `), word.LABEL).not.toEqual([]);
  expect(scopesOf("  weight w: f32[3]")).toContain("meta.declaration.lum");
  expect(scopesOf("model M {")).toContain("meta.item.lum");
  expect(scopesOf("state = 3")).not.toContain("meta.declaration.lum");
  expect(scopesOf("sum(i)")).toContain("support.function.reduction.lum");
});
