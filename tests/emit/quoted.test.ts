/** Lines of a model that emitted code quotes, in comments and messages. */
import { expect, test } from "vitest";
import { spanText } from "../../src/ir/source.ts";
import { compile } from "../../src/pipeline.ts";

const text = `
model Quoted {
  dim s in 1..9
  input t: i32[s], x: f32[12, 7]
  weight w: f32[12] from "a//b"  // in a string they begin no comment \\
  output y[i] = sum(j) x[t[i], j] + // a line that goes on \\
    w[t[i]]
  output z[i] = x[ // */ #error
    t[i], // "
    2]
}
`;

test.each(["cpu", "cuda"] as const)("comments of the model stay out of what is written for %s", (target) => {
  const { files } = compile({ path: "quoted.lum", text }, { target });
  const sources = [...files].filter(([path]) => /^src\/(kernels|model)/.test(path));
  expect(sources.length).toBeGreaterThan(3);
  for (const [path, source] of sources) {
    expect(source, path).not.toMatch(/\/\/.*\\$/m);
    expect(source, path).not.toContain("#error");
  }
  const all = sources.map(([, source]) => source).join("\n");
  expect(all).toContain("// output y[i] = sum(j) x[t[i], j] +\n");
  expect(all).toContain("output z[i] = x[ t[i], 2], axis 0");
  expect(all).toContain('"a//b"');
});

test("a span's text is one line without comments", () => {
  const file = { path: "a.lum", text: 'a = f("x // \\" y", // one "\n  2) // two' };
  expect(spanText({ file, start: 0, end: file.text.length })).toBe('a = f("x // \\" y", 2)');
});
