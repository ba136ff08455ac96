import { describe, expect, test } from "vitest";
import { expectAst, expectItems, expectStatement, parseClean } from "./expect-ast.ts";

describe("precedence", () => {
  test("arithmetic", () => {
    expectAst("a + b * c - d", "(- (+ a (* b c)) d)");
    expectAst("a / b * c % d @ e", "(@ (% (* (/ a b) c) d) e)");
    expectAst("-a * b", "(* (neg a) b)");
    expectAst("-a^2", "(neg (^ a 2))");
    expectAst("a^b^c", "(^ a (^ b c))");
    expectAst("a^-2 * b", "(* (^ a (neg 2)) b)");
    expectAst("(a + b) * c", "(* (+ a b) c)");
  });

  test("logic and comparisons", () => {
    expectAst("a or b and not c == d", "(or a (and b (not (== c d))))");
    expectAst("j <= pos + i", "(<= j (+ pos i))");
    expectAst("not a < b", "(not (< a b))");
    expectAst("l % 6 == 5", "(== (% l 6) 5)");
  });

  test("casts and suffixes", () => {
    expectAst("x as f32 + 1", "(+ (as x f32) 1)");
    expectAst("x[i]' as f16^2", "(^ (as (' (at x i)) f16) 2)");
    expectAst("a @ w'", "(@ a (' w))");
    expectAst("f(a, b, axis = -1)(c)", "(call (call f a b (= axis (neg 1))) c)");
    expectAst('Attention(8) prefix "attn" (x, k[l])', '(call (prefix (call Attention 8) "attn") x (at k l))');
  });

  test("choice", () => {
    expectAst("if a < 2 then b else if c then d else e", "(if (< a 2) b (if c d e))");
    expectAst("1 + (if a then b else c)", "(+ 1 (if a b c))");
  });
});

describe("reductions", () => {
  test("take the product that follows", () => {
    expectAst("sum(i) x[i] * w[i] + b", "(+ (sum (i) (* (at x i) (at w i))) b)");
    expectAst("a * sum(i) b[i] / 2", "(* a (sum (i) (/ (at b i) 2)))");
    expectAst("max(i) x[i] < 3", "(< (max (i) (at x i)) 3)");
    expectAst("sum(i) sum(j) x[i, j]", "(sum (i) (sum (j) (at x i j)))");
    expectAst("any(j) not m[j]", "(any (j) (not (at m j)))");
    expectAst("mean(i) (x[i] - m)^2", "(mean (i) (^ (- (at x i) m) 2))");
    expectAst(
      "sum(r in 0..3, s in 0..k + 1) w[r, s]",
      "(sum ((in r (.. 0 3)) (in s (.. 0 (+ k 1)))) (at w r s))",
    );
  });

  test("are calls where no body follows", () => {
    expectAst("sum(x)", "(call sum x)");
    expectAst("sum(x, axis = -1)", "(call sum x (= axis (neg 1)))");
    expectAst("sum(x) - 1", "(- (call sum x) 1)");
    expectAst("sum(x)[0]", "(at (call sum x) 0)");
    expectAst("sum(x) as f32", "(as (call sum x) f32)");
    expectAst("sum(x * y) * 2", "(* (call sum (* x y)) 2)");
    expectAst("(sum(f))(x)", "(call (call sum f) x)");
    expectAst("if any(x) then 1 else 2", "(if (call any x) 1 2)");
    expectStatement("scan t in 0..sum(n) with S = 0 {}", "(scan t (.. 0 (call sum n)) (S 0)\n  (block))");
  });
});

describe("indices", () => {
  test("slices, rests and fills", () => {
    expectAst("x[i, 0..n, .., 2.., ..k, ...]", "(at x i (.. 0 n) (.. _ _) (.. 2 _) (.. _ k) ...)");
    expectAst("x[h + r - 1, w else 0]", "(at x (- (+ h r) 1) w else 0)");
    expectAst("table[tokens[t], d]", "(at table (at tokens t) d)");
    expectAst("x[0..3]", "(at x (.. 0 3))");
    expectAst("x[]", "(at x)");
  });
});

describe("literals", () => {
  test("numbers", () => {
    expectAst("1_000 + 1e-5 * 0.5 - 2.0", "(- (+ 1000 (* 0.00001 0.5)) 2.0)");
  });
  test("strings", () => {
    expectAst('f("a\\n\\"b\\"", """raw \\n "x" """)', '(call f "a\\n\\"b\\"" "raw \\\\n \\"x\\" ")');
  });
  test("arrays and truth values", () => {
    expectAst("[1, [true, false],]", "(array 1 (array true false))");
  });
});

describe("statements", () => {
  test("declarations", () => {
    expectStatement("dim a in 1..4, b in 0..a - 1", "(dim a (.. 1 4))", "(dim b (.. 0 (- a 1)))");
    expectStatement("input x: f32[n, 4], m: bool", "(input (x (f32 n 4)) (m bool))");
    expectStatement(
      'weight w: [a * 2, b] from "w", v: T[..., n]',
      '(weight (w (_ (* a 2) b) "w") (v (T ... n)))',
    );
    expectStatement("state k, v: T[4] = ones(4)", "(state k v : (T 4) = (call ones 4))");
  });

  test("definitions and updates", () => {
    expectStatement("h[n, o in 0..8] = x[n]", "(= (at h n (in o (.. 0 8))) (at x n))");
    expectStatement("v, i = top_k(x, 8)", "(= v i (call top_k x 8))");
    expectStatement("k[pos + t, 0..n, ..] := y", "(:= (at k (+ pos t) (.. 0 n) (.. _ _)) y)");
    expectStatement("output y", "(output y)");
    expectStatement(
      "output y[i] = x[i]\ntap y, z\nreturn a, b",
      "(output (at y i) (at x i))",
      "(tap y z)",
      "(return a b)",
    );
  });

  test("blocks", () => {
    expectStatement(
      'for l in 0..layers prefix "h.{l}" {\n  if l % 6 == 5 { x = 1 } else if c { tap x } else { y = 2 }\n}',
      '(for l (.. 0 layers) prefix "h.{l}"\n  (block\n    (if (== (% l 6) 5)\n      (then\n        (= x 1))\n      (else\n        (if c\n          (then\n            (tap x))\n          (else\n            (= y 2)))))))',
    );
    expectStatement(
      "scan t in 0..s with S = init, c = zeros(3) {\n  S = S * 2\n  emit o[t] = S\n}",
      "(scan t (.. 0 s) (S init) (c (call zeros 3))\n  (block\n    (= S (* S 2))\n    (emit (at o t) S)))",
    );
    expectStatement("entry decode { dim s in 1..4 }", "(entry decode\n  (block\n    (dim s (.. 1 4))))");
  });
});

describe("items", () => {
  test("imports, functions, layers, kernels", () => {
    expectItems('import { a, b as c } from "std/nn"', '(import a (as b c) "std/nn")\n');
    expectItems("fn f(x: [..., d], eps = 1e-5) = x", "(fn f ((x : (_ ... d)) (eps = 0.00001)) x)\n");
    expectItems("fn f(x) -> f32[3] { return x }", "(fn f (x) -> (f32 3)\n  (block\n    (return x)))\n");
    expectItems("layer L(n)(x) = x", "(layer L (n) (x) x)\n");
    expectItems("layer Act(x) = x", "(layer Act () (x) x)\n");
    expectItems("layer L()(x) = x", "(layer L () (x) x)\n");
    expectItems("model M {}", "(model M ()\n  (block))\n");
    expectItems(
      'kernel k(x: f32[n]) -> f32[n] { reference relu(x)  cpu """a"""\n cuda grid(n / 256) block(256, 2)\n """b""" }',
      '(kernel k ((x : (f32 n))) -> (f32 n) (reference (call relu x)) (cpu (grid) (block-size) "a") (cuda (grid (/ n 256)) (block-size 256 2) "b"))\n',
    );
    expectItems("half = 1 / 2", "(= half (/ 1 2))\n");
  });
});

describe("line ends", () => {
  test("separate statements", () => {
    expectStatement("a = f\n\n\nb = 2", "(= a f)", "(= b 2)");
  });
  test("continue after an operator and before one", () => {
    expectStatement("a = x +\n  y\n  * z\n  and w\nb = 2", "(= a (and (+ x (* y z)) w))", "(= b 2)");
    expectStatement("a =\n  if c\n  then 1\n  else 2", "(= a (if c 1 2))");
    expectStatement("a = x\n  as f32", "(= a (as x f32))");
    expectStatement('weight w: f32[3]\n    from "w",\n  b: f32', '(weight (w (f32 3) "w") (b f32))');
  });
  test("count for nothing in brackets", () => {
    expectStatement(
      "a = f(\n  x\n  - y,\n)\nb[\n  i\n] = x[\n  i\n]",
      "(= a (call f (- x y)))",
      "(= (at b i) (at x i))",
    );
    expectItems('import {\n  a,\n  b,\n} from "m"', '(import a b "m")\n');
  });
  test("allow a block's brace and `else` on a line of their own", () => {
    expectStatement(
      "if c\n{\n x = 1\n}\nelse\n{\n x = 2\n}",
      "(if c\n  (then\n    (= x 1))\n  (else\n    (= x 2)))",
    );
  });
  test("may be of Windows' kind", () => {
    expectStatement("a = 1\r\nb = 2 // c\r", "(= a 1)", "(= b 2)");
  });
});

describe("names", () => {
  const words =
    "from prefix in as with dim input weight state output tap entry emit scan layer model kernel sum argmax grid";
  test.each(words.split(" "))("%s is one", (word) => {
    expectStatement(`${word} = ${word} + x[${word}]`, `(= ${word} (+ ${word} (at x ${word})))`);
    expectStatement(`weight ${word}: f32[${word}]`, `(weight (${word} (f32 ${word})))`);
    expectAst(`f(${word}, ${word} = ${word})`, `(call f ${word} (= ${word} ${word}))`);
    expectItems(`fn ${word}(${word}) = ${word}`, `(fn ${word} (${word}) ${word})\n`);
  });
});

test("comments are kept with their places", () => {
  const file = parseClean("// one\nx = 1 // two  \n//three");
  expect(file.comments.map((c) => [c.text, c.span.start])).toEqual([
    ["// one", 0],
    ["// two", 13],
    ["//three", 22],
  ]);
});
