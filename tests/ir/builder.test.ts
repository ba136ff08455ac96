import { describe, expect, test } from "vitest";
import { bodyNodes, capturesOf, type Loop } from "../../src/ir/hlir.ts";
import { printNodes } from "../../src/ir/hlir-print.ts";
import { add, axis, dim, int, loopVar, scale, subtract, zero } from "../../src/ir/poly.ts";
import { freshBuilder } from "./graphs.ts";

const s = dim("s");
const fresh = () => {
  const b = freshBuilder();
  return { b, x: b.input("x", [s, int(4)], "f32") };
};

describe("equal nodes are shared", () => {
  test("built twice they are one", () => {
    const { b, x } = fresh();
    expect(b.unary("exp", x)).toBe(b.unary("exp", x));
    expect(b.view(x, [s], [axis(0), int(1)])).toBe(b.view(x, [s], [axis(0), int(1)]));
  });
  test("another operand, attribute, type or shape is another node", () => {
    const { b, x } = fresh();
    const view = (fill?: number) => b.view(x, [int(2), int(4)], [axis(0), axis(1)], fill);
    const nodes = [
      b.unary("exp", x),
      b.unary("log", x),
      b.cast(x, "f16"),
      b.cast(x, "f64"),
      view(),
      view(0),
      view(-0),
      b.constant(0, "f32"),
      b.constant(-0, "f32"),
      b.constant(0, "f64"),
      b.data([0], [int(1)], "f32"),
      b.data([-0], [int(1)], "f32"),
      b.reduce("sum", x, [0]),
      b.reduce("sum", x, [1]),
      b.reduce("max", x, [1]),
    ];
    expect(new Set(nodes).size).toBe(nodes.length);
  });
  test("ids ascend", () => {
    const { b, x } = fresh();
    const y = b.unary("exp", b.unary("neg", x));
    expect(y.id).toBeGreaterThan(y.inputs[0].id);
    expect(y.inputs[0].id).toBeGreaterThan(x.id);
  });
});

describe("views", () => {
  test("of views are one view", () => {
    const { b, x } = fresh();
    const column = b.view(x, [s], [axis(0), int(3)]);
    const reversed = b.view(column, [s], [subtract(subtract(s, int(1)), axis(0))]);
    expect(printNodes([reversed])).toContain("view %0 [-a0 + s - 1, 3]");
    expect(reversed.inputs[0]).toBe(x);
  });
  test("of an iota are an iota", () => {
    const { b } = fresh();
    const y = b.view(b.iota(scale(axis(0), 2), [s]), [int(3), s], [add(axis(1), int(0))]);
    expect(y.op).toMatchObject({ kind: "iota", value: scale(axis(1), 2) });
  });
  test("with a fill stay as they are", () => {
    const { b, x } = fresh();
    const padded = b.view(x, [s, int(6)], [axis(0), subtract(axis(1), int(1))], 0);
    expect(b.view(padded, [s], [axis(0), int(0)]).inputs[0]).toBe(padded);
  });
  test("that change nothing are their source", () => {
    const { b, x } = fresh();
    expect(b.view(x, [s, int(4)], [axis(0), axis(1)])).toBe(x);
    const one = b.input("one", [int(1)], "f32");
    expect(b.view(one, [int(1)], [zero])).toBe(one);
  });
  test("of one element, with a fill for what is outside, are no identity", () => {
    const { b } = fresh();
    const one = b.input("one", [int(1)], "f32");
    expect(b.view(one, [int(1)], [add(axis(0), int(1))], 0)).not.toBe(one);
  });
});

describe("types are checked where a node is made", () => {
  const { b, x } = fresh();
  const wrong: readonly [string, () => unknown, RegExp][] = [
    ["operands of two types", () => b.binary("add", x, b.cast(x, "f64")), /binary add/],
    ["operands of two shapes", () => b.binary("add", x, b.reduce("sum", x, [0])), /binary add/],
    ["a float operation on integers", () => b.unary("exp", b.cast(x, "i32")), /exp of i32/],
    ["bits of floats", () => b.binary("bitand", x, x), /bitand of f32/],
    ["an unknown operation", () => b.unary("gamma", x), /no unary operation/],
    ["a sum in f16", () => b.reduce("sum", b.cast(x, "f16"), [0]), /accumulation type/],
    ["a map of another rank", () => b.view(x, [s], [axis(0)]), /map of 1 for rank 2/],
    ["an update of what is no state", () => b.update(x, x, [], [axis(0), axis(1)]), /no state/],
  ];
  test.each(wrong)("%s", (_, make, message) => expect(make).toThrow(message));

  test("comparisons give bool", () => expect(b.binary("lt", x, x).dtype).toBe("bool"));
  test("argmax gives i32", () => expect(b.reduce("argmax", x, [1]).dtype).toBe("i32"));
});

test("a loop's body is what varies with it; the rest is captured", () => {
  const { b, x } = fresh();
  const [scaled, p] = [b.unary("exp", x), b.param("l", 0, x)];
  const offset = b.cast(b.iota(add(loopVar("l"), axis(1)), [s, int(4)]), "f32");
  const next = b.binary("add", b.binary("mul", p, scaled), offset);
  const loop: Loop = { variable: "l", low: zero, high: int(3), params: [p], results: [next] };
  b.loop(loop, [x]);
  expect(bodyNodes(loop)).toEqual(expect.arrayContaining([p, offset, next]));
  expect(bodyNodes(loop)).not.toContain(scaled);
  expect(capturesOf(loop)).toEqual([scaled]);
});
