import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { format } from "../../src/parser/format.ts";
import { parse } from "../../src/parser/parse.ts";
import { parseClean } from "./expect-ast.ts";

/** `text` is formatted as `wanted`, and `wanted` stays as it is. */
function expectFormatted(text: string, wanted: string): void {
  expect(format(parseClean(text))).toBe(wanted);
  expect(format(parseClean(wanted))).toBe(wanted);
}

describe("expressions", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["((a*b))+c", "a * b + c"],
    ["a*(b+c)", "a * (b + c)"],
    ["(a-b)-c", "a - b - c"],
    ["a-(b-c)", "a - (b - c)"],
    ["- (2+3) ^ 2", "-(2 + 3)^2"],
    ["(-a)^2", "(-a)^2"],
    ["(a^b)^c", "(a^b)^c"],
    ["sum(i) (x[i]*w[i])+b", "sum(i) x[i] * w[i] + b"],
    ["(sum(i) x[i])*w", "(sum(i) x[i]) * w"],
    ["sum(i) (-x[i])", "sum(i) (-x[i])"],
    ["(sum(i) x[i]) as f32", "(sum(i) x[i]) as f32"],
    ["any(j) (not m[j])", "any(j) not m[j]"],
    ["(sum(f))(x)", "(sum(f))(x)"],
    ["not (a and b)", "not (a and b)"],
    ["(a < b) == c", "(a < b) == c"],
    ["(x as f32)'", "(x as f32)'"],
    ["x[ 0 .. n,.., ... ,i else -inf ]", "x[0..n, .., ..., i else -inf]"],
    ["if a then (if b then c else d) else e", "if a then if b then c else d else e"],
    ["(if a then b else c)+1", "(if a then b else c) + 1"],
    ["1_000+1E-5+0.50", "1_000 + 1E-5 + 0.50"],
    ['A(8)prefix"q"(x)', 'A(8) prefix "q" (x)'],
    ['f("a\\tb","""raw""",)', 'f("a\\tb", """raw""")'],
  ];
  for (const [text, wanted] of cases) {
    test(text, () => expectFormatted(`y=${text}`, `y = ${wanted}\n`));
  }
});

describe("layout", () => {
  test("pads the keywords of each run of declarations", () => {
    expectFormatted(
      "model M {\ndim s in 1..4,t in 0..s\ninput x:f32[s]\nweight w: f32\n\nstate k,v:f32[4]=ones(4)\ny=x\n}",
      `model M {
  dim    s in 1..4, t in 0..s
  input  x: f32[s]
  weight w: f32

  state k, v: f32[4] = ones(4)
  y = x
}
`,
    );
  });

  test("keeps the blank line before a dim whose name begins as its keyword does", () => {
    expectFormatted(
      "model M {\n  dim a in 1..2  // c\n\n  dim dims in 1..3\n\n  dim dim in 1..4\n}",
      "model M {\n  dim a in 1..2  // c\n\n  dim dims in 1..3\n\n  dim dim in 1..4\n}\n",
    );
  });

  test("keeps one blank line of many, and puts one around blocks", () => {
    expectFormatted(
      'import {a} from "b"\nhalf=1/2\n\n\n\nthird=1/3\nfn f(x)=x\nfn g(x){return x}\nfn h(x)=x\nmodel M{}',
      `import { a } from "b"
half = 1 / 2

third = 1 / 3
fn f(x) = x

fn g(x) {
  return x
}

fn h(x) = x

model M {}
`,
    );
  });

  test("chains `else if`", () => {
    expectFormatted(
      "model M { if a {x=1}else if b{} else{if c {y=2}}\nentry e { for i in 0..3 { tap x } } }",
      `model M {
  if a {
    x = 1
  } else if b {} else {
    if c {
      y = 2
    }
  }
  entry e {
    for i in 0..3 {
      tap x
    }
  }
}
`,
    );
  });

  test("breaks what is longer than a line", () => {
    const long = "a_rather_long_argument_name";
    expectFormatted(
      `y = f(${long}, ${long}, g(${long}), named = ${long})\nz = (${long} * ${long} + ${long} * ${long}) as f32`,
      `y = f(
  ${long},
  ${long},
  g(${long}),
  named = ${long},
)
z = (
  ${long} * ${long} +
  ${long} * ${long}
) as f32
`,
    );
    expectFormatted(
      `fn f(first: [${long}, 4], second: [${long}, 4], third = 3) -> [${long}] { return ${long} + ${long} + ${long} + ${long} }`,
      `fn f(
  first: [${long}, 4],
  second: [${long}, 4],
  third = 3,
) -> [${long}] {
  return ${long} +
    ${long} +
    ${long} +
    ${long}
}
`,
    );
  });

  test("leaves the code of kernels alone", () => {
    const code = '"""\n  for (;;) {\n\tout[0] = 1;  // c\n  }\n"""';
    expectFormatted(
      `kernel k(x:f32[n])->f32[n]{reference relu(x) cpu ${code} cuda grid(n/4) block(4) "x"}`,
      `kernel k(x: f32[n]) -> f32[n] {
  reference relu(x)
  cpu ${code}
  cuda grid(n / 4) block(4) "x"
}
`,
    );
  });
});

describe("comments", () => {
  test("stay where they were", () => {
    const text = `// head

// of the import
import { a } from "b"  // trailing

// of the model
model M(
  // sizes
  vocab = 10,  // tokens
  hidden = 4,
) {  // behind the brace
  // first
  weight a: f32[3],  // of a
    b: f32[4]  // of b

  if a {  // then
    x = 1  // one
    // end of then
  } else {  // else
    // nothing
  }
  // end of the model
}
// end
`;
    expectFormatted(text, text);
  });

  test("inside of one expression move behind it", () => {
    expectFormatted("y = f(a, // one\n  b)", "y = f(a, b)  // one\n");
  });
});

describe("the project's own files", () => {
  const root = new URL("../../", import.meta.url);
  const files = ["std", "examples"].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".lum"))
      .map((name) => `${folder}/${name}`),
  );
  test.each(files)("%s is read without a mistake and formats as it reads", (path) => {
    const text = readFileSync(new URL(path, root), "utf8");
    const { file, diagnostics } = parse({ path, text });
    expect(diagnostics).toEqual([]);
    const once = format(file);
    expect(format(parse({ path, text: once }).file)).toBe(once);
  });
});
