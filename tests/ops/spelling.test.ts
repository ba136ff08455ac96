import { describe, expect, test } from "vitest";
import { binaryOp, unaryOp } from "../../src/ops/index.ts";
import { choose, infix, literal, prefix } from "../../src/ops/spelling.ts";

describe("no more parentheses than needed", () => {
  const cases: readonly [string, string][] = [
    [infix("a * b", "+", "c"), "a * b + c"],
    [infix("a + b", "*", "c"), "(a + b) * c"],
    [infix("a", "-", "b - c"), "a - (b - c)"],
    [infix("a - b", "-", "c"), "a - b - c"],
    [infix("a", "/", "b * c"), "a / (b * c)"],
    [infix("f(a + b)", "*", "c[i + 1]"), "f(a + b) * c[i + 1]"],
    [infix("-a", "*", "b"), "-a * b"],
    [infix("a", "-", "-b"), "a - -b"],
    [infix("a & b", "==", "c"), "(a & b) == c"],
    [infix("a + b", "<<", "c"), "(a + b) << c"],
    [infix("a < b", "&&", "c < d"), "a < b && c < d"],
    [infix("a || b", "&&", "c"), "(a || b) && c"],
    [infix("a && b", "||", "c"), "(a && b) || c"],
    [infix("a", "||", "b && c"), "a || (b && c)"],
    [infix("a < b", "==", "c"), "(a < b) == c"],
    [infix("!a", "!=", "b"), "(!a) != b"],
    [prefix("-", "a + b"), "-(a + b)"],
    [prefix("-", "-a"), "-(-a)"],
    [prefix("!", "a[i]"), "!a[i]"],
    [choose("a < b", "a", "b"), "a < b ? a : b"],
    [choose("a", "b ? c : d", "e ? f : g"), "a ? (b ? c : d) : e ? f : g"],
    [infix("a ? b : c", "+", "d"), "(a ? b : c) + d"],
  ];
  for (const [text, expected] of cases) test(expected, () => expect(text).toBe(expected));
});

describe("literals", () => {
  test("f32 as the shortest digits that name it", () => {
    const values = [1, 0.1, Math.fround(0.1), 1e-5, -0, 1e30, -Infinity, Infinity, Number.NaN, 16777217];
    const expected = "1.0f 0.1f 0.1f 0.00001f -0.0f 1e+30f -INFINITY INFINITY NAN 16777216.0f";
    expect(values.map((x) => literal(x, "f32")).join(" ")).toBe(expected);
  });
  test("f64, integers, bools", () => {
    expect(literal(0.1, "f64")).toBe("0.1");
    expect(literal(3, "f64")).toBe("3.0");
    expect([literal(-3, "i32"), literal(-(2 ** 31), "i32")]).toEqual(["-3", "INT32_MIN"]);
    expect([literal(2 ** 40, "i64"), literal(-(2 ** 63), "i64")]).toEqual([
      "INT64_C(1099511627776)",
      "INT64_MIN",
    ]);
    expect([literal(1, "bool"), literal(0, "bool")]).toEqual(["true", "false"]);
  });
});

describe("operations", () => {
  test("floats read as a person writes them", () => {
    const product = binaryOp("mul").cpp("f32", "x[i]", "w[i]");
    expect(binaryOp("add").cpp("f32", product, "b")).toBe("x[i] * w[i] + b");
    expect(unaryOp("rsqrt").cpp("f32", "v + eps")).toBe("1.0f / lum::sqrt(v + eps)");
    expect(unaryOp("exp").cuda("f32", "x")).toBe("expf(x)");
    expect(unaryOp("exp").cuda("f64", "x")).toBe("exp(x)");
  });
  test("integers go through functions that wrap", () => {
    expect(binaryOp("add").cpp("i32", "a", "b")).toBe("lum::wrapping_add(a, b)");
    expect(unaryOp("neg").cpp("i64", "a")).toBe("lum::wrapping_neg(a)");
  });
});
