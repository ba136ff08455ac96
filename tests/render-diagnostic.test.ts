import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { diagnostic } from "../src/diagnostics.ts";
import { renderDiagnostic, renderDiagnostics, toJson } from "../src/render-diagnostic.ts";

function at(text: string, part: string, occurrence = 0) {
  let start = text.indexOf(part);
  for (let i = 0; i < occurrence; i++) start = text.indexOf(part, start + 1);
  return { file: { path: "m.lum", text }, start, end: start + part.length };
}

describe("renderDiagnostic", () => {
  test("shows the line, the carets and the help", () => {
    const d = diagnostic(
      "LUM2001",
      at("a = 1\ny = xx + 1\n", "xx"),
      { name: "xx" },
      { help: "did you mean `x`?" },
    );
    expect(renderDiagnostic(d)).toBe(
      [
        "error[LUM2001]: `xx` is not defined",
        " --> m.lum:2:5",
        "  |",
        "2 | y = xx + 1",
        "  |     ^^",
        "  = help: did you mean `x`?",
      ].join("\n"),
    );
  });

  test("shows notes with lines of their own, the gutter as wide as the longest number", () => {
    const text = `${"\n".repeat(8)}a = (\nb = ]\n`;
    const notes = [
      { text: "opened here", span: at(text, "(") },
      { text: "no place", span: undefined },
    ];
    const params = { found: "]", opener: "(", expected: ")" };
    expect(renderDiagnostic(diagnostic("LUM1004", at(text, "]"), params, { notes }))).toBe(
      [
        "error[LUM1004]: `]` cannot close `(`; `)` was expected",
        "  --> m.lum:10:5",
        "   |",
        "10 | b = ]",
        "   |     ^",
        "   = note: opened here",
        "  --> m.lum:9:5",
        "   |",
        " 9 | a = (",
        "   |     -",
        "   = note: no place",
      ].join("\n"),
    );
  });

  test("keeps carets under the text after tabs and wide characters", () => {
    const text = '\tk = "漢字é", xx\r\n';
    const lines = renderDiagnostic(diagnostic("LUM2001", at(text, "xx"), { name: "xx" })).split("\n");
    expect(lines[3]).toBe('1 |     k = "漢字é", xx');
    expect(lines[4]).toBe(`  | ${" ".repeat(4 + 'k = "'.length + 4 + 1 + '", '.length)}^^`);
  });

  test("marks each line of a span over several lines and leaves the middle of a long one out", () => {
    const text = "f(\n  a,\n  b,\n  c,\n  d\n)";
    expect(
      renderDiagnostic(diagnostic("LUM2001", at(text, text), { name: "f" }))
        .split("\n")
        .slice(3),
    ).toEqual(["1 | f(", "  | ^^", "2 |   a,", "  |   ^^", "  ...", "6 | )", "  | ^"]);
  });

  test("puts a caret behind the last character for an empty span", () => {
    const lines = renderDiagnostic(
      diagnostic("LUM1020", { file: { path: "m.lum", text: "x =" }, start: 3, end: 3 }, { after: "`=`" }),
    ).split("\n");
    expect(lines[4]).toBe("  |    ^");
  });

  test("uses colour only when asked, and loses nothing by it", () => {
    const d = diagnostic("LUM2001", at("y = xx", "xx"), { name: "xx" });
    const coloured = renderDiagnostic(d, { colour: true });
    expect(renderDiagnostic(d)).not.toContain("\u001b");
    expect(coloured).toContain("\u001b[1;31merror[LUM2001]");
    expect(stripVTControlCharacters(coloured)).toBe(renderDiagnostic(d));
  });

  test("counts at the end of a list", () => {
    const d = diagnostic("LUM2001", undefined, { name: "a" });
    expect(renderDiagnostics([d, { ...d, severity: "warning" }, d])).toMatch(/\n\n2 errors and 1 warning$/);
  });
});

test("toJson gives one-based places and leaves them out where there are none", () => {
  const text = "a = 1\ny = (b\n + c)";
  const notes = [
    { text: "n", span: at(text, "a") },
    { text: "m", span: undefined },
  ];
  expect(toJson(diagnostic("LUM2001", at(text, "(b\n + c)"), { name: "b" }, { notes }))).toEqual({
    code: "LUM2001",
    severity: "error",
    message: "`b` is not defined",
    file: "m.lum",
    line: 2,
    column: 5,
    endLine: 3,
    endColumn: 6,
    notes: [{ text: "n", file: "m.lum", line: 1, column: 1, endLine: 1, endColumn: 2 }, { text: "m" }],
    help: undefined,
  });
  expect(toJson(diagnostic("LUM2001", undefined, { name: "b" }))).not.toHaveProperty("line");
});
