import { describe, expect, test } from "vitest";
import { syntaxMessages } from "../../src/messages/syntax.ts";
import { parse } from "../../src/parser/parse.ts";
import { type Found, mistakesIn } from "./expect-ast.ts";

/** A statement inside a model, whose first character is at 2:1. */
const inModel = (text: string) => `model M {\n${text}\n}\n`;

const table: readonly (readonly [name: string, text: string, ...found: Found[]])[] = [
  ["something else than expected", "layer L x { }", ["LUM1001", "1:9"]],
  ["a `fn` without a body", "fn f(x)", ["LUM1001", "1:8"]],
  ["text after a block", "fn f(x) { return x } y = 3", ["LUM1001", "1:22"]],
  ["a dtype that is a number", "x = y as 3", ["LUM1001", "1:10"]],
  ["a kernel without a reference", 'kernel k(x) -> f32 { cpu """a""" }\ny = 1', ["LUM1001", "1:22"]],
  ["an open parenthesis", "x = f(1, 2\ny = 3", ["LUM1002", "1:6"]],
  ["an open index inside a call", inModel("h = f(x[i)"), ["LUM1002", "2:8"]],
  ["an open shape", inModel("weight w: f32[3\nweight v: f32[4]"), ["LUM1002", "2:14"]],
  ["an open call over two lines", "x = f(a,\n  b\ng = 2", ["LUM1002", "1:6"]],
  ["an open block at the end", "model M {\n x = 1\n", ["LUM1002", "1:9"]],
  [
    "an open block before the next model",
    "model M {\n for l in 0..3 {\n}\nmodel N { y = 2 }",
    ["LUM1002", "1:9"],
  ],
  ["a bracket too many", "x = 1)", ["LUM1003", "1:6"]],
  ["a brace too many", "}", ["LUM1003", "1:1"]],
  ["the wrong closing bracket", "x = (1]", ["LUM1004", "1:7"]],
  ["a stray character", "x = 3 $ 4\ny = 2", ["LUM1005", "1:7"]],
  ["a letter outside ASCII", "x = naïve", ["LUM1005", "1:7"]],
  ["a member", "x = y.z", ["LUM1005", "1:6"]],
  ["an open string", 'x = "abc\ny = 3', ["LUM1006", "1:5"]],
  ["an open string in a call", 'x = f("abc)\ny = 3', ["LUM1006", "1:7"]],
  ["an open raw string", inModel('x = """abc\ny = 3'), ["LUM1006", "2:5"]],
  ["comments of other languages", "x = 1 # a\ny = 2 /* b */", ["LUM1007", "1:7"], ["LUM1007", "2:7"]],
  ["semicolons", "x = 1; y = 2;", ["LUM1008", "1:6"], ["LUM1008", "1:13"]],
  ["`&&`, `||`, `!`", "x = a && b || !c", ["LUM1009", "1:7"], ["LUM1009", "1:12"], ["LUM1009", "1:15"]],
  ["`**` and `+=`", "x = c ** 2\ny += 3", ["LUM1009", "1:7"], ["LUM1009", "2:3"]],
  ["a misspelt item", "modle M { }", ["LUM1010", "1:1"]],
  [
    "misspelt statements",
    inModel("wieght w: f32[3]\nfro i in 0..3 { x = 1 }"),
    ["LUM1010", "2:1"],
    ["LUM1010", "3:1"],
  ],
  ["another language's keyword", "def f(x) = 3", ["LUM1010", "1:1"]],
  ["`let`", inModel("let y = 3"), ["LUM1010", "2:1"]],
  ["a reserved word as a weight", inModel("weight for: f32[3]"), ["LUM1011", "2:8"]],
  ["a reserved word as a definition", inModel("if = 3"), ["LUM1011", "2:1"]],
  ["a reserved word as a function", "fn return(x) = 3", ["LUM1011", "1:4"]],
  ["a definition without `=`", "h[n, o] f(x)", ["LUM1012", "1:9"]],
  ["`==` for a definition", inModel("y == x + 1"), ["LUM1013", "2:3"]],
  ["`=` for a comparison", inModel("if a = b { x = 1 }"), ["LUM1014", "2:6"]],
  ["a second `=`", "y = a = b", ["LUM1014", "1:7"]],
  ["`:=` for an output", inModel("output y := 3"), ["LUM1015", "2:10"]],
  ["`:=` for several names", inModel("a, b := f(x)"), ["LUM1015", "2:6"]],
  ["`:=` outside of models", "a := 3", ["LUM1015", "1:3"]],
  ["dims without ranges", inModel("dim n\ndim n in 4"), ["LUM1016", "2:6"], ["LUM1016", "3:11"]],
  ["loops without ranges", inModel("for l { }\nfor l in 4 { }"), ["LUM1016", "2:7"], ["LUM1016", "3:12"]],
  ["a binder without a range", "a = sum(i in 3) x[i]", ["LUM1016", "1:15"]],
  ["comparisons in a chain", "z = 0 <= i < n", ["LUM1017", "1:12"]],
  ["equalities in a chain", "z = a == b == c", ["LUM1017", "1:12"]],
  ["a line that begins with a minus", "x = a\n  - b", ["LUM1018", "2:3"]],
  ["a line that begins with a parenthesis", inModel("x = f\n(b)"), ["LUM1018", "3:1"]],
  ["a missing operator", "x = 2 y", ["LUM1019", "1:7"]],
  ["a missing comma", "x = f(a b)", ["LUM1019", "1:9"]],
  ["a missing value", "x =\ny = 3", ["LUM1020", "1:4"]],
  ["a missing operand", inModel("x = a +\nreturn"), ["LUM1020", "2:8"], ["LUM1020", "3:7"]],
  ["a missing argument", "x = f(a, , b)\ny = f(a = )", ["LUM1020", "1:10"], ["LUM1020", "2:11"]],
  ["brackets nested too deeply", `x = ${"(".repeat(100)}1${")".repeat(100)}`, ["LUM1021", "1:64"]],
  ["signs nested too deeply", `x = ${"-".repeat(50_000)}1`, ["LUM1021", "1:1"]],
  ["single quotes", "x = 'abc'", ["LUM1022", "1:5"]],
  ["a checkpoint name in single quotes", "import { a } from 'std'", ["LUM1022", "1:19"]],
  ["an unknown escape", 'x = "a\\q"', ["LUM1023", "1:7"]],
  ["a reduction of nothing", "x = sum(i in 0..3) + 1", ["LUM1024", "1:20"]],
  ["a weight outside of models", "weight w: f32[3]", ["LUM1025", "1:1"]],
  ["a number too large", "x = 99999999999999999999", ["LUM1026", "1:5"]],
  ["`if … then` as a statement", inModel("if c then 3 else 4"), ["LUM1027", "2:6"]],
  ["`if … then` without `else`", "x = if c then 3", ["LUM1028", "1:16"]],
  ["declarations without a type", inModel("input x\nweight w = 3"), ["LUM1029", "2:8"], ["LUM1029", "3:10"]],
  ["a value without a name", inModel("f(x)\nx"), ["LUM1030", "2:1"], ["LUM1030", "3:1"]],
  ["items without a name", "model { }\nlayer (x) = x", ["LUM1031", "1:7"], ["LUM1031", "2:7"]],
];

for (const [name, text, ...found] of table) {
  test(name, () => expect(mistakesIn(text)).toEqual(found));
}

test("every message has a case", () => {
  const many: readonly Found[] = mistakesIn("x = 1\n3 = x\n".repeat(2000)).slice(-1);
  expect(many).toEqual([["LUM1032", "202:1"]]);
  const codes = new Set([...table.flatMap(([, , ...found]) => found), ...many].map(([code]) => code));
  expect([...codes].sort()).toEqual(Object.keys(syntaxMessages).sort());
});

describe("recovery", () => {
  test("three mistakes in three statements are three errors, and the others remain", () => {
    const text = inModel("a = 1\nb = 2 +\nc = f(\nd = 3\nweight : f32[2]\ne = 4");
    expect(mistakesIn(text).map(([, place]) => place)).toEqual(["3:8", "4:6", "6:8"]);
    const [model] = parse({ path: "test.lum", text }).file.items;
    if (model.kind !== "model") throw new Error("not a model");
    expect(model.body.map((s) => (s.kind === "define" ? s.targets[0].name.name : s.kind))).toEqual([
      "a",
      "d",
      "e",
    ]);
  });

  test("a broken head takes its block with it and nothing else", () => {
    const text = inModel("for l in 0.. {\n  x = 1\n  if c { y = 2 }\n}\nz = 3");
    expect(mistakesIn(text)).toEqual([["LUM1020", "2:14"]]);
    const [model] = parse({ path: "test.lum", text }).file.items;
    expect(model.kind === "model" && model.body.length).toBe(1);
  });

  test("mistakes inside a misspelt model are found too", () => {
    expect(mistakesIn("mdoel M {\n  x = \n}").map(([code]) => code)).toEqual(["LUM1010", "LUM1020"]);
  });
});

describe("wording", () => {
  const messageOf = (text: string) => {
    const [d] = parse({ path: "test.lum", text }).diagnostics;
    return `${d.message} (${d.help})`;
  };
  test("says what was found, what was expected and what to do", () => {
    expect(messageOf("modle M { }")).toBe("`modle` does not begin an item (did you mean `model`?)");
    expect(messageOf("h[n, o] f(x)")).toBe(
      "`h[n, o]` lacks its `=`: found `f` (a definition is written `h[n, o] = …`)",
    );
    expect(messageOf("x = y as 3")).toBe("found the number `3` where a name was expected (undefined)");
    expect(messageOf("x = a +")).toBe("there is no value after `+` (undefined)");
  });
  test("names no token class", () => {
    const prose = table.map(([, text]) => messageOf(text)).join("\n");
    expect(prose).not.toMatch(/RParen|Identifier|TextLiteral|CompareOp|Newline|token/);
  });
});
