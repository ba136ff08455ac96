/**
 * Wrong programs: each must be refused with its code, at the place that « marks in the text.
 * A program without `model` is the body of one.
 */
import { expect, test } from "vitest";
import { positionOf } from "../../src/ir/source.ts";
import { elaborate } from "../../src/lower/elaborate/elaborate.ts";

type Case = readonly [title: string, code: string, text: string];

const cases: readonly Case[] = [
  // names
  ["an unknown name", "LUM2001", "input x: f32[4]\noutput y = x + «zz"],
  ["an unknown function", "LUM2002", "input x: f32[4]\noutput y = «rellu(x)"],
  ["an unknown state", "LUM2001", "input x: f32[4]\n«cashe[i] := x[i]\noutput y = x"],
  ["a name bound twice", "LUM2073", "input x: f32[4]\nh = x + 1\n«h = x + 2\noutput y = h"],
  ["two outputs of one name", "LUM2073", "input x: f32[4]\noutput y = x + 1\noutput «y = x + 2"],
  ["an input named like a weight", "LUM2073", "input x: f32[4]\nweight «x: f32[4]\noutput y = x"],
  ["an index variable named like a tensor", "LUM2040", "input x: f32[4]\noutput y[«x] = 1.0"],
  [
    "a loop variable named like a tensor",
    "LUM2040",
    "input x: f32[4]\nfor «x in 0..3 { a = x }\noutput y = x",
  ],
  ["an unknown dtype", "LUM2018", "input x: «f31[4]\noutput y = x"],
  ["an unknown dtype in a cast", "LUM2018", "input x: f32[4]\noutput y = x as «float33"],
  [
    "a function that calls itself",
    "LUM2059",
    "fn f(x) = «f(x) + 1\nmodel M {\ninput x: f32[4]\noutput y = f(x)\n}",
  ],
  [
    "functions that call each other",
    "LUM2059",
    "fn f(x) = g(x)\nfn g(x) = «f(x)\nmodel M {\ninput x: f32[4]\noutput y = f(x)\n}",
  ],
  // index notation
  ["an unbound index", "LUM2001", "input x: f32[4, 4]\noutput y[i] = x[i, «j]"],
  ["a range that cannot be inferred", "LUM2041", "input x: f32[8]\noutput y[«i] = x[2 * i]"],
  [
    "a reduction whose range cannot be inferred",
    "LUM2041",
    "input x: f32[8]\noutput y[i in 0..4] = sum(«k) x[i + k]",
  ],
  ["axes of different sizes", "LUM2042", "input x: f32[4], w: f32[5]\noutput y[i] = x[i] * w[«i]"],
  [
    "different sizes under a sum",
    "LUM2042",
    "input x: f32[784], w: f32[512]\noutput y = sum(i) x[i] * w[«i]",
  ],
  ["a range without an upper end", "LUM1020", "input x: f32[8]\noutput y[i in 0..«] = x[i]"],
  ["a range over another index", "LUM2044", "input x: f32[8]\noutput y[i] = sum(j in «0..i) x[j] * x[i]"],
  ["a range that ends before it starts", "LUM2036", "input x: f32[8]\noutput y[i in «5..3] = x[i]"],
  ["a read past the end", "LUM2030", "input x: f32[8]\noutput y[i in 0..8] = x[«i + 1]"],
  ["a read below zero", "LUM2030", "input x: f32[8]\noutput y[i in 0..8] = x[«i - 1]"],
  ["a constant index outside", "LUM2032", "input x: f32[8]\noutput y = x[«8]"],
  ["a range that is always outside", "LUM2032", "input x: f32[8]\noutput y[i in 0..4] = x[«i + 9]"],
  ["a stated range longer than the axis", "LUM2030", "input x: f32[8]\noutput y[i in 0..9] = x[«i]"],
  ["a slice past the end", "LUM2031", "input x: f32[8]\noutput y = x[«2..9]"],
  [
    "a read outside for some value of a dim",
    "LUM2030",
    "dim s in 1..4\ninput x: f32[8]\noutput y[i in 0..6] = x[«i + s]",
  ],
  ["too many indices", "LUM2035", "input x: f32[8]\noutput y[i] = «x[i, i]"],
  ["a float as an index", "LUM2034", "input x: f32[8], j: f32[8]\noutput y[i] = x[«j[i]]"],
  ["an expression on the left of =", "LUM2074", "input x: f32[8]\noutput y[«i + 1] = x[i]"],
  ["a fill that is no constant", "LUM2033", "input x: f32[8]\noutput y[i in 0..9] = x[i else «x[0]]"],
  ["argmax over two indices", "LUM2024", "input x: f32[4, 4]\noutput y = «argmax(i, j) x[i, j]"],
  ["a sum of truth values", "LUM2019", "input x: f32[4]\noutput y = «sum(i) (x[i] > 0)"],
  ["any of numbers", "LUM2019", "input x: f32[4]\noutput y = «any(i) x[i]"],
  ["any of a sum that ends before its comparison", "LUM2019", "input x: f32[4]\noutput y = «any(i) x[i] > 0"],
  // whole tensors
  ["shapes that do not broadcast", "LUM2020", "input x: f32[4, 3], w: f32[5]\noutput y = x «+ w"],
  ["a matrix product of different sizes", "LUM2022", "input x: f32[4, 3], w: f32[4, 5]\noutput y = x «@ w"],
  ["a matrix product with a scalar", "LUM2021", "input x: f32[4, 3]\noutput y = x «@ 2.0"],
  ["the transpose of a vector", "LUM2023", "input x: f32[4]\noutput y = «x'"],
  ["arithmetic on truth values", "LUM2014", "input x: f32[4]\noutput y = (x > 0) «+ (x < 1)"],
  ["`and` of numbers", "LUM2014", "input x: f32[4]\noutput y = x «and x"],
  ["an axis that is not there", "LUM2110", "input x: f32[4]\noutput y = sum(x, axis = «3)"],
  ["concat of different shapes", "LUM2111", "input x: f32[4, 3], w: f32[5, 2]\noutput y = «concat(x, w)"],
  ["concat of different dtypes", "LUM2112", "input x: f32[4], w: i32[4]\noutput y = «concat(x, w)"],
  ["reshape to another number of elements", "LUM2113", "input x: f32[4, 3]\noutput y = «reshape(x, [5, 2])"],
  ["too many of an axis", "LUM2116", "input x: f32[4]\nv, i = top_k(x, «5)\noutput y = v"],
  ["a string where a tensor belongs", "LUM2010", 'input x: f32[4]\noutput y = x + «"a"'],
  ["where with numbers as condition", "LUM2010", "input x: f32[4]\noutput y = where(«x, x, x)"],
  ["unpacking one value into two names", "LUM2071", "input x: f32[4]\n«a, b = x + 1\noutput y = x"],
  // compile time
  ["a condition on data", "LUM2012", "input x: f32[4]\nif «x[0] > 0 { a = x }\noutput y = x"],
  ["division by zero", "LUM2015", "input x: f32[4]\nn = 4 / «0\noutput y = x"],
  ["an integer fraction", "LUM2016", "input x: f32[4]\noutput y = x * «(1 / 4)"],
  [
    "a run-time size in a loop",
    "LUM2100",
    "dim s in 1..4\ninput x: f32[s]\nfor l in «0..s { a = x }\noutput y = x",
  ],
  // functions and layers
  ["a missing argument", "LUM2054", "fn f(a, b) = a + b\nmodel M {\ninput x: f32[4]\noutput y = «f(x)\n}"],
  ["too many arguments", "LUM2051", "fn f(a) = a\nmodel M {\ninput x: f32[4]\noutput y = f(x, «x)\n}"],
  [
    "an unknown argument",
    "LUM2052",
    "fn f(a, eps = 1.0) = a * eps\nmodel M {\ninput x: f32[4]\noutput y = f(x, «esp = 2.0)\n}",
  ],
  [
    "an argument given twice",
    "LUM2053",
    "fn f(a, b) = a + b\nmodel M {\ninput x: f32[4]\noutput y = f(a = x, «a = x)\n}",
  ],
  [
    "an argument of the wrong rank",
    "LUM2056",
    "fn f(a: [n, m]) = a\nmodel M {\ninput x: f32[4]\noutput y = f(«x)\n}",
  ],
  [
    "sizes that a signature says are equal",
    "LUM2058",
    "fn f(a: [n], b: [n]) = a + b\nmodel M {\ninput x: f32[4], w: f32[5]\noutput y = f(x, «w)\n}",
  ],
  [
    "an argument of the wrong dtype",
    "LUM2057",
    "fn f(a: i32[n]) = a\nmodel M {\ninput x: f32[4]\noutput y = f(«x)\n}",
  ],
  [
    "a tensor for a compile-time integer",
    "LUM2055",
    "fn f(a, n: int) = a * n\nmodel M {\ninput x: f32[4]\noutput y = f(x, «x)\n}",
  ],
  ["a call of a tensor", "LUM2050", "input x: f32[4]\noutput y = «x(1)"],
  [
    "a body without return",
    "LUM2060",
    "fn f(a) { b = a + 1 }\nmodel M {\ninput x: f32[4]\noutput y = «f(x)\n}",
  ],
  [
    "a prefix on a function",
    "LUM2013",
    'fn f(a) = a\nmodel M {\ninput x: f32[4]\noutput y = «f prefix "a" (x)\n}',
  ],
  [
    "a scan",
    "LUM2150",
    "input x: f32[8]\n«scan t in 0..8 with h = 0.0 {\nh = h + x[t]\nemit y[t] = h\n}\noutput y",
  ],
  // state
  ["a write to an input", "LUM2080", "input x: f32[4]\n«x[i] := 1.0\noutput y = x"],
  ["a state of another dtype", "LUM2081", "input x: i32[4]\nstate c: f32[4]\nc[i] := «x[i]\noutput y = x"],
  ["a state of another shape", "LUM2082", "input x: f32[3]\nstate c: f32[2, 4]\nc[0] := «x\noutput y = x"],
  [
    "a write outside of a state",
    "LUM2083",
    "dim p in 0..4\ninput x: f32[4]\nstate c: f32[4]\nc[«p] := x[0]\noutput y = x",
  ],
  ["writes that collide", "LUM2084", "input x: f32[4]\nstate c: f32[4]\n«c[0 * i] := x[i]\noutput y = x"],
  [
    "a slice of a state past its end",
    "LUM2031",
    "input x: f32[3]\nstate c: f32[4]\nc[«2..5] := x\noutput y = x",
  ],
  [
    "a row for a slice of rows",
    "LUM2082",
    "input x: f32[2, 2]\nstate c: f32[3, 2]\nc[0..1] := «x\noutput y = c",
  ],
  ["a state of run-time size", "LUM2137", "dim s in 1..4\nstate c: «f32[s]\ninput x: f32[4]\noutput y = x"],
  ["a state that starts as a tensor", "LUM2138", "input x: f32[4]\nstate c: f32[4] = «x\noutput y = x"],
  // declarations
  [
    "a weight of run-time size",
    "LUM2090",
    "dim s in 1..4\ninput x: f32[s]\nweight w: «f32[s]\noutput y = x * w",
  ],
  ["`...` in a declaration", "LUM2093", "input x: f32[«..., 4]\noutput y = x"],
  ["a negative size", "LUM2094", "input x: f32[«3 - 5]\noutput y = x"],
  ["a dim that may be negative", "LUM2135", "dim s in «0 - 1..4\ninput x: f32[4]\noutput y = x"],
  ["a dim whose bounds are reversed", "LUM2036", "dim «s in 4..1\ninput x: f32[4]\noutput y = x"],
  ["a model without an output", "LUM2130", "model «M {\ninput x: f32[4]\ny = x + 1\n}"],
  [
    "an input inside a function",
    "LUM2070",
    "fn f(a) {\n«input x: f32[4]\nreturn a\n}\nmodel M {\ninput x: f32[4]\noutput y = f(x)\n}",
  ],
  [
    "an unknown module",
    "LUM2120",
    'import { relu } from «"std/nm"\nmodel M {\ninput x: f32[4]\noutput y = x\n}',
  ],
  [
    "an unknown name in a module",
    "LUM2122",
    'import { «rellu } from "std/nn"\nmodel M {\ninput x: f32[4]\noutput y = x\n}',
  ],
  ["a file without a model", "LUM2141", "«fn f(x) = x"],
];

function run(text: string) {
  const marked = /^(import|fn|layer|model|kernel)\b/.test(text.replace("«", ""))
    ? text
    : `model M {\n${text}\n}`;
  const offset = marked.indexOf("«");
  const source = { path: "wrong.lum", text: marked.replace("«", "") };
  return { source, offset, ...elaborate(source) };
}

test.each(cases)("%s is %s", (_title, code, text) => {
  const { source, offset, diagnostics, hlir } = run(text);
  const found = diagnostics.map((d) => ({
    code: d.code,
    at: d.span && positionOf(d.span.file, d.span.start),
  }));
  expect(found).toEqual([{ code, at: positionOf(source, offset) }]);
  expect(hlir).toBeUndefined();
});

test("an import cycle names the chain", () => {
  const texts = new Map([
    ["a.lum", 'import { g } from "b"\nfn f(x) = g(x)\nmodel M {\ninput x: f32[4]\noutput y = f(x)\n}'],
    ["b.lum", 'import { f } from "a"\nfn g(x) = f(x)'],
  ]);
  const { diagnostics } = elaborate(
    { path: "a.lum", text: texts.get("a.lum")! },
    { read: (path) => texts.get(path) },
  );
  expect(diagnostics[0].code).toBe("LUM2121");
  expect(diagnostics[0].message).toContain("a.lum → b.lum → a.lum");
  expect(diagnostics[0].span?.file.path).toBe("b.lum");
});

test("a misspelt name comes with a suggestion", () => {
  const { diagnostics } = run("input tokens: f32[4]\noutput y = «tokns + 1");
  expect(diagnostics[0].help).toBe("did you mean `tokens`?");
});

test("a size mismatch names both origins", () => {
  const { diagnostics } = run("input x: f32[784], w: f32[512]\noutput y = sum(i) x[i] * w[«i]");
  expect(diagnostics[0].notes.map((n) => n.text)).toEqual([
    "axis 0 of `x` has size 784",
    "axis 0 of `w` has size 512",
  ]);
});

test("three mistakes in three statements are three errors", () => {
  const { diagnostics } = run(
    "input x: f32[4]\na = «x + q1\nb = q2 + a\nc = x[9]\nd = a + b + c\noutput y = x",
  );
  expect(diagnostics.map((d) => d.code)).toEqual(["LUM2001", "LUM2001", "LUM2032"]);
});

test("the table is long enough and every code is a different kind of mistake", () => {
  expect(cases.length).toBeGreaterThanOrEqual(60);
});
