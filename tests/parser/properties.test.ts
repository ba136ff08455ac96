import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { File } from "../../src/ir/ast.ts";
import { checkAst } from "../../src/ir/check-ast.ts";
import { astText } from "../../src/ir/print-ast.ts";
import { format } from "../../src/parser/format.ts";
import { parse } from "../../src/parser/parse.ts";
import { recordLongRun, tries } from "../long-run.ts";
import { anyFile } from "./arbitrary-ast.ts";

let total = 0;

/** Runs of each property; twenty times as many in a long run. */
function runs(usual: number): { numRuns: number } {
  const numRuns = tries(usual, 20 * usual);
  total += numRuns;
  return { numRuns };
}

recordLongRun("parser and formatter", () => ({ texts: total }));

const read = (text: string) => parse({ path: "p.lum", text });

/** Formatted `file` reads as `file` again, and formatting it once more changes nothing. */
function roundTrips(file: File): string {
  const text = format(file);
  const again = read(text);
  expect(again.diagnostics.map((d) => `${d.code} ${d.message}\n${text}`)).toEqual([]);
  expect(astText(again.file)).toBe(astText(file));
  expect(checkAst(again.file)).toEqual([]);
  expect(format(again.file)).toBe(text);
  return text;
}

describe("the formatter", () => {
  test("writes what the parser reads as the same Ast", () => {
    fc.assert(
      fc.property(anyFile, (file) => void roundTrips(file)),
      runs(200),
    );
  });

  test("takes commas before closing brackets out, wherever the language allows them", () => {
    const texts = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(anyFile, texts, (file, places) => {
        let text = format(file);
        for (const place of places) {
          const closing = [...text.matchAll(/(?<=[\w"'\])])[)\]]/g)];
          if (closing.length === 0) continue;
          const at = closing[place % closing.length].index;
          const longer = `${text.slice(0, at)},${text.slice(at)}`;
          // Some brackets hold one expression; in a string or a comment it is another text.
          const { file: other, diagnostics } = read(longer);
          if (diagnostics.length > 0 || astText(other) !== astText(file)) continue;
          expect(format(other).replace(/\/\/.*/g, "")).toBe(format(file).replace(/\/\/.*/g, ""));
          text = longer;
        }
      }),
      runs(120),
    );
  });

  test("keeps every comment, wherever it stands", () => {
    const places = fc.array(
      fc.record({ at: fc.nat(), text: fc.constantFrom("// a", "\n// b\n", "\n\n\n//c"), own: fc.boolean() }),
    );
    fc.assert(
      fc.property(anyFile, places, (file, comments) => {
        const lines = format(file).split("\n");
        for (const { at, text } of comments)
          lines[at % lines.length] += text.endsWith("\n") ? text : `${text}\n`;
        const { file: commented, diagnostics } = read(lines.join("\n"));
        // A comment may have landed inside a raw string or between the lines of one expression.
        fc.pre(diagnostics.length === 0);
        const once = format(commented);
        const again = read(once).file;
        expect(astText(again)).toBe(astText(commented));
        const bag = (f: File) =>
          f.comments.flatMap((c) => c.text.split(/(?=\/\/)/).map((c) => c.trim())).sort();
        expect(bag(again)).toEqual(bag(commented));
        expect(format(again)).toBe(once);
      }),
      runs(120),
    );
  });
});

describe("the parser throws on nothing", () => {
  const survives = (text: string) => {
    const { file, diagnostics } = read(text);
    expect(checkAst(file)).toEqual([]);
    for (const d of diagnostics) {
      expect(d.span!.start).toBeGreaterThanOrEqual(0);
      expect(d.span!.end).toBeLessThanOrEqual(text.length);
      expect(d.span!.start).toBeLessThanOrEqual(d.span!.end);
    }
    if (diagnostics.length === 0) roundTrips(file);
  };

  test("random text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), survives), runs(150));
  });

  test("random words and signs of the language", () => {
    const words =
      'model layer fn kernel import for if else then return in sum max x y 1 2.5 "s" """r""" ( ) [ ] { } , : := = == + - * / ^ @ \' .. ... -> < // # ; ! and or not as prefix from dim weight state output scan with emit tap';
    const soup = fc
      .array(fc.constantFrom(...words.split(" "), "\n"), { maxLength: 60 })
      .map((all) => all.join(" "));
    fc.assert(fc.property(soup, survives), runs(800));
  });

  test("mutated programs", () => {
    const edit = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 6 }),
      insert: fc.constantFrom(
        "",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "=",
        "\n",
        '"',
        '"""',
        "x",
        " if ",
        " in ",
        "..",
        "\0",
        "é",
      ),
    });
    fc.assert(
      fc.property(anyFile, fc.array(edit, { minLength: 1, maxLength: 4 }), (file, edits) => {
        let text = format(file);
        for (const { at, remove, insert } of edits) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + insert + text.slice(from + remove);
        }
        survives(text);
      }),
      runs(200),
    );
  });
});
