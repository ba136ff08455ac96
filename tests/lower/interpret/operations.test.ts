import { describe, expect, test } from "vitest";
import type { DType } from "../../../src/ir/dtype.ts";
import type { Node, ReduceFn } from "../../../src/ir/hlir.ts";
import { add, axis, dim, int, one, subtract, zero } from "../../../src/ir/poly.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { type Tensor, tensor } from "../../../src/lower/tensor.ts";
import { freshBuilder, modelOf, nowhere } from "../../ir/graphs.ts";

const b = freshBuilder();

/** The value of y for an input x of constant shape. */
function run(x: Tensor, make: (x: Node) => Node): number[] {
  const shape = x.shape.map(int);
  const y = make(b.input("x", shape, x.dtype));
  const h = modelOf({ inputs: [{ name: "x", shape, dtype: x.dtype, span: nowhere }], outputs: { y } });
  return Array.from(interpret(h, "forward", { inputs: { x } }).outputs.y.data);
}
const row = (...values: number[]) => tensor("f32", [values.length], values);
const none = (t: DType) => tensor(t, [0], []);

describe("top-k", () => {
  test("greatest first, the lower index first among equals", () =>
    expect(run(row(1, 5, 3, 5, -Infinity), (x) => b.topk(x, int(4)))).toEqual([1, 3, 2, 0]));
  test("NaN counts as greatest", () =>
    expect(run(row(1, Number.NaN, Infinity, Number.NaN), (x) => b.topk(x, int(3)))).toEqual([1, 3, 2]));
  test("each row for itself", () =>
    expect(run(tensor("f32", [2, 3], [1, 2, 3, 6, 5, 4]), (x) => b.topk(x, int(2)))).toEqual([2, 1, 0, 1]));
  test("of nothing", () => expect(run(row(1, 2), (x) => b.topk(x, zero))).toEqual([]));
});

describe("cumulate", () => {
  const matrix = tensor("f32", [2, 3], [1, 2, 3, 4, 5, 6]);
  test("along the last axis", () =>
    expect(run(matrix, (x) => b.cumulate("sum", x, 1))).toEqual([1, 3, 6, 4, 9, 15]));
  test("along the first axis", () =>
    expect(run(matrix, (x) => b.cumulate("prod", x, 0))).toEqual([1, 2, 3, 4, 10, 18]));
  test("of nothing", () => expect(run(none("f32"), (x) => b.cumulate("sum", x, 0))).toEqual([]));
  test("of integers wraps", () =>
    expect(run(tensor("i32", [2], [2 ** 31 - 1, 1]), (x) => b.cumulate("sum", x, 0))).toEqual([
      2 ** 31 - 1,
      -(2 ** 31),
    ]));
});

describe("reductions over nothing", () => {
  const cases: readonly [string, DType, ReduceFn, number][] = [
    ["sum", "f32", "sum", 0],
    ["prod", "f32", "prod", 1],
    ["max", "f32", "max", -Infinity],
    ["min", "f64", "min", Infinity],
    ["max of i32", "i32", "max", -(2 ** 31)],
    ["min of bool (all)", "bool", "min", 1],
    ["max of bool (any)", "bool", "max", 0],
    ["argmax", "f32", "argmax", 0],
  ];
  test.each(cases)("%s", (_, t, fn, value) =>
    expect(run(none(t), (x) => b.reduce(fn, x, [0]))).toEqual([value]),
  );
});

describe("argmax and argmin", () => {
  test("the first among equals", () => {
    expect(run(row(1, 3, 3), (x) => b.reduce("argmax", x, [0]))).toEqual([1]);
    expect(run(row(3, 1, 1), (x) => b.reduce("argmin", x, [0]))).toEqual([1]);
  });
  test("the first NaN", () =>
    expect(run(row(9, Number.NaN, Number.NaN), (x) => b.reduce("argmin", x, [0]))).toEqual([1]));
  test("along an axis that is not the last", () =>
    expect(run(tensor("f32", [2, 2], [1, 4, 3, 2]), (x) => b.reduce("argmax", x, [0]))).toEqual([1, 0]));
});

describe("casts", () => {
  test("floats to integers truncate and stay in range", () =>
    expect(run(row(-1.9, 1.9, 3e9, -3e9, Number.NaN), (x) => b.cast(x, "i32"))).toEqual([
      -1,
      1,
      2 ** 31 - 1,
      -(2 ** 31),
      0,
    ]));
  test("integers wrap", () =>
    expect(run(tensor("i32", [3], [300, -1, 128]), (x) => b.cast(b.cast(x, "i8"), "i32"))).toEqual([
      44, -1, -128,
    ]));
  test("to bool and back", () =>
    expect(run(row(0, -0, 0.5, Number.NaN), (x) => b.cast(b.cast(x, "bool"), "f32"))).toEqual([0, 0, 1, 1]));
  test("f32 is rounded when it comes from f64, and not by arithmetic", () => {
    expect(run(tensor("f64", [1], [0.1]), (x) => b.cast(x, "f32"))).toEqual([Math.fround(0.1)]);
    expect(run(row(1), (x) => b.binary("div", x, b.full(3, [one], "f32")))).toEqual([1 / 3]);
  });
  test("literals have the value that their type can hold", () =>
    expect(run(row(0), () => b.constant(0.1, "f32"))).toEqual([Math.fround(0.1)]));
  test("bits of a float", () => {
    expect(run(row(1), (x) => b.bitcast(x, "i32"))).toEqual([0x3f800000]);
    expect(run(tensor("bf16", [1], [-2]), (x) => b.bitcast(x, "i16"))).toEqual([-16384]);
  });
});

test("an empty dim gives empty tensors", () => {
  const n = dim("n");
  const x = b.input("x", [n, int(2)], "f32");
  const y = b.view(x, [n, int(2)], [subtract(n, add(axis(0), one)), axis(1)]);
  const base = modelOf({
    inputs: [{ name: "x", shape: [n, int(2)], dtype: "f32", span: nowhere }],
    outputs: { y, sum: b.reduce("sum", x, [0]) },
  });
  const h = { ...base, dims: [{ name: "n", low: zero, high: int(4), span: nowhere }] };
  const { outputs } = interpret(h, "forward", { inputs: { x: tensor("f32", [0, 2], []) } });
  expect(outputs.y.shape).toEqual([0, 2]);
  expect(Array.from(outputs.sum.data)).toEqual([0, 0]);
});

test("where a branch is not taken its value does not matter", () => {
  const y = run(row(-1, 4), (x) => {
    const positive = b.binary("gt", x, b.full(0, x.shape, "f32"));
    return b.select(positive, b.unary("sqrt", x), b.full(0, x.shape, "f32"));
  });
  expect(y).toEqual([0, 2]);
});

test("a user's kernel is what its reference says", () => {
  const kernel = { name: "twice", sources: new Map(), parameters: ["x"], sizes: [] };
  expect(run(row(1, 2), (x) => b.custom(kernel, [x], b.binary("add", x, x)))).toEqual([2, 4]);
});
