import { describe, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import { checkHlir } from "../../../src/ir/hlir-check.ts";
import { add, axis, dim, int, loopVar, one, type Poly, subtract, zero } from "../../../src/ir/poly.ts";
import { initialStates, interpret, weightsByName } from "../../../src/lower/interpret.ts";
import { tensor } from "../../../src/lower/tensor.ts";
import { freshBuilder, layersModel, modelOf, nowhere } from "../../ir/graphs.ts";

const row = (...values: number[]) => tensor("f32", [values.length], values);
const input = (name: string, shape: readonly Poly[]) => ({
  name,
  shape,
  dtype: "f32" as const,
  span: nowhere,
});
const y = (h: Hlir, x: number[]) => {
  checkHlir(h, "test");
  return Array.from(interpret(h, "forward", { inputs: { x: row(...x) } }).outputs.y.data);
};

describe("layers with a weight per iteration and a state", () => {
  const h = layersModel();
  const weights = weightsByName(h, (name) => {
    const layer = /^layers\.(\d)\.w$/.exec(name);
    return tensor("f32", [], [Number(layer?.[1]) + 1]);
  });
  const call = (states: ReturnType<typeof initialStates>, pos: number, ...x: number[]) =>
    Array.from(
      interpret(h, "forward", { dims: { pos }, inputs: { x: row(...x) }, weights, states }).outputs.y.data,
    );

  test("the first call reads zeros", () => {
    const states = initialStates(h);
    expect(call(states, 1, 1, 2)).toEqual([6, 12]);
    expect(Array.from(states.get("k")!.data.slice(0, 8))).toEqual([0, 1, 2, 0, 0, 0, 0, 0]);
    expect(Array.from(states.get("k")!.data.slice(16))).toEqual([0, 6, 12, 0, 0, 0, 0, 0]);
  });

  test("the second and the hundredth call read what was written", () => {
    const states = initialStates(h);
    let k = [0, 0, 0];
    for (let n = 0; n < 100; n++) {
      let value = 0.25;
      k = k.map((before, l) => (value = value * (l + 1) + before));
      expect(call(states, 3, 0.25)).toEqual([value]);
    }
  });

  test("a call that fails leaves the states as they were", () => {
    const states = initialStates(h);
    call(states, 0, 5);
    const before = Array.from(states.get("k")!.data);
    expect(() => interpret(h, "forward", { dims: { pos: 0 }, inputs: { x: row(1) }, states })).toThrow(
      "LUM6009",
    );
    expect(Array.from(states.get("k")!.data)).toEqual(before);
  });
});

describe("loops", () => {
  const bounds = (variable: string, high: Poly) =>
    new Map([[variable, { low: zero, high: subtract(high, one) }]]);

  test("carried values change places at once", () => {
    const b = freshBuilder();
    const x = b.input("x", [int(1)], "f32");
    const [p, q] = [b.param("l", 0, x), b.param("l", 1, x)];
    const loop = {
      variable: "l",
      low: zero,
      high: int(3),
      params: [p, q],
      results: [q, b.binary("add", p, q)],
    };
    const [first] = b.loop(loop, [x, b.unary("neg", x)]);
    const h = modelOf({ inputs: [input("x", [int(1)])], loops: bounds("l", int(3)), outputs: { y: first } });
    // (1, -1) → (-1, 0) → (0, -1) → (-1, -1)
    expect(y(h, [1])).toEqual([-1]);
  });

  test("no iteration: the values that it starts with", () => {
    const b = freshBuilder();
    const [x, n] = [b.input("x", [int(2)], "f32"), dim("n")];
    const p = b.param("l", 0, x);
    const loop = { variable: "l", low: zero, high: n, params: [p], results: [b.unary("neg", p)] };
    const base = modelOf({
      inputs: [input("x", [int(2)])],
      loops: bounds("l", n),
      outputs: { y: b.loop(loop, [x])[0] },
    });
    const range = { low: zero, high: int(5) };
    const h = {
      ...base,
      dims: [{ name: "n", ...range, span: nowhere }],
      bounds: { ...base.bounds, dims: new Map([["n", range]]) },
    };
    checkHlir(h, "test");
    const run = (times: number) =>
      Array.from(interpret(h, "forward", { dims: { n: times }, inputs: { x: row(1, 2) } }).outputs.y.data);
    expect(run(0)).toEqual([1, 2]);
    expect(run(1)).toEqual([-1, -2]);
    expect(run(2)).toEqual([1, 2]);
  });

  test("what does not change is computed outside, its cheap views inside", () => {
    const b = freshBuilder();
    const x = b.input("x", [int(2)], "f32");
    const scaled = b.unary("exp", x);
    const p = b.param("l", 0, b.full(0, [int(2), int(3)], "f32"));
    const spread = b.view(scaled, [int(2), int(3)], [axis(0)]);
    const index = b.cast(b.iota(add(loopVar("l"), axis(1)), [int(2), int(3)]), "f32");
    const next = b.binary("add", p, b.binary("mul", spread, index));
    const loop = { variable: "l", low: zero, high: int(4), params: [p], results: [next] };
    const [last] = b.loop(loop, [b.full(0, [int(2), int(3)], "f32")]);
    const h = modelOf({ inputs: [input("x", [int(2)])], loops: bounds("l", int(4)), outputs: { y: last } });
    const sums = [6, 10, 14]; // 0+1+2+3 and so on
    expect(y(h, [0, 1])).toEqual([...sums, ...sums.map((s) => expect.closeTo(s * Math.E, 10))]);
  });

  test("a loop within a loop, whose body speaks of both variables", () => {
    const b = freshBuilder();
    const x = b.input("x", [int(1)], "f32");
    const [l, m] = [loopVar("l"), loopVar("m")];
    const outer = b.param("l", 0, x);
    const inner = b.param("m", 0, x);
    const step = b.cast(b.iota(add(l, l, l, l, l, l, l, l, l, l, m), [int(1)]), "f32");
    const innerLoop = {
      variable: "m",
      low: zero,
      high: int(2),
      params: [inner],
      results: [b.binary("add", inner, step)],
    };
    // The inner loop starts at zero in each outer iteration: only its body ties it to l.
    const [digits] = b.loop(innerLoop, [b.full(0, [int(1)], "f32")]);
    const outerLoop = {
      variable: "l",
      low: zero,
      high: int(3),
      params: [outer],
      results: [b.binary("add", outer, digits)],
    };
    const [last] = b.loop(outerLoop, [x]);
    const loops = new Map([...bounds("l", int(3)), ...bounds("m", int(2))]);
    const h = modelOf({ inputs: [input("x", [int(1)])], loops, outputs: { y: last } });
    // l = 0: 0 + 1, l = 1: 10 + 11, l = 2: 20 + 21
    expect(y(h, [100])).toEqual([163]);
  });
});

describe("states without loops", () => {
  const model = () => {
    const b = freshBuilder();
    const x = b.input("x", [dim("s")], "f32");
    const k = b.state("k", [int(8)], "f32");
    const at = [add(dim("pos"), axis(0))];
    const first = b.update(k, x, [], at);
    const second = b.update(first, b.unary("neg", x), [], at);
    return modelOf({
      inputs: [input("x", [dim("s")])],
      states: [{ name: "k", shape: [int(8)], dtype: "f32", init: 9, span: nowhere }],
      outputs: { before: b.view(k, [dim("s")], at), between: b.view(first, [dim("s")], at), after: second },
      writes: [second],
    });
  };

  test("each read sees the version that it names", () => {
    const h = model();
    checkHlir(h, "test");
    const states = initialStates(h);
    const { outputs } = interpret(h, "forward", { dims: { pos: 6 }, inputs: { x: row(1, 2) }, states });
    expect(Array.from(outputs.before.data)).toEqual([9, 9]);
    expect(Array.from(outputs.between.data)).toEqual([1, 2]);
    expect(Array.from(outputs.after.data)).toEqual([9, 9, 9, 9, 9, 9, -1, -2]);
    expect(states.get("k")!.data).toEqual(outputs.after.data);
  });

  test("writes at places that come from data", () => {
    const b = freshBuilder();
    const x = b.input("x", [int(3)], "f32");
    const k = b.state("k", [int(4)], "f32");
    const places = b.cast(x, "i32");
    const last = b.update(k, x, [places], [{ operand: 0 }]);
    const h = modelOf({
      inputs: [input("x", [int(3)])],
      states: [{ name: "k", shape: [int(4)], dtype: "f32", init: 0, span: nowhere }],
      outputs: { y: last },
      writes: [last],
    });
    const run = (...values: number[]) =>
      interpret(h, "forward", { inputs: { x: row(...values) }, states: initialStates(h) });
    expect(Array.from(run(3, 0, 1).outputs.y.data)).toEqual([0, 1, 0, 3]);
    expect(() => run(3, 4, 1)).toThrow("LUM6007");
  });
});
