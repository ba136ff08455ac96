import { describe, expect, test } from "vitest";
import { type Code, CompileError, type Diagnostic } from "../../../src/diagnostics.ts";
import { axis, dim, int } from "../../../src/ir/poly.ts";
import { type Call, initialStates, interpret } from "../../../src/lower/interpret.ts";
import { tensor } from "../../../src/lower/tensor.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { freshBuilder, layersModel, linearModel, modelOf, nowhere } from "../../ir/graphs.ts";

function problems(run: () => unknown): readonly Diagnostic[] {
  try {
    run();
  } catch (e) {
    if (e instanceof CompileError) return e.diagnostics;
    throw e;
  }
  throw new Error("nothing was wrong");
}

const linear = linearModel();
const weights = (name: string) =>
  name === "w" ? tensor("f32", [3, 4], new Array(12).fill(1)) : tensor("f32", [3], [0, 0, 0]);
const x = tensor("f32", [1, 4], [1, 2, 3, 4]);

describe("arguments that do not fit", () => {
  const wrong: readonly [string, Call, Code, RegExp][] = [
    ["no input", { inputs: {}, dims: { s: 1 }, weights }, "LUM6009", /x, f32\[s, 4\], is missing/],
    ["an unknown input", { inputs: { x, z: x }, weights }, "LUM6004", /no input z; known: x/],
    [
      "another rank",
      { inputs: { x: tensor("f32", [4], [1, 2, 3, 4]) }, dims: { s: 1 }, weights },
      "LUM6003",
      /f32\[4\], expected f32\[1, 4\]/,
    ],
    [
      "another type",
      { inputs: { x: { ...x, dtype: "f64" } }, weights },
      "LUM6003",
      /f64\[1, 4\], expected f32/,
    ],
    [
      "too few elements",
      { inputs: { x: { ...x, data: new Float64Array(3) } }, weights },
      "LUM6003",
      /3 elements, expected 4/,
    ],
    [
      "a dim that its shape denies",
      { inputs: { x }, dims: { s: 2 }, weights },
      "LUM6003",
      /expected f32\[2, 4\]/,
    ],
    [
      "a dim beyond its bounds",
      { inputs: { x: tensor("f32", [9, 4], new Array(36).fill(0)) }, weights },
      "LUM6002",
      /s = 9 is outside of 1\.\.8/,
    ],
    ["a dim that is no integer", { inputs: { x }, dims: { s: 1.5 }, weights }, "LUM6002", /s = 1\.5/],
    ["a dim that is no number", { inputs: { x }, dims: { s: Number.NaN }, weights }, "LUM6002", /s = NaN/],
    ["an unknown dim", { inputs: { x }, dims: { q: 1 }, weights }, "LUM6004", /no dim q; known: s, pos/],
    ["no weights", { inputs: { x } }, "LUM6009", /weight w, f32\[3, 4\], is missing/],
    [
      "a misshapen weight",
      { inputs: { x }, weights: () => x },
      "LUM6003",
      /weight w is f32\[1, 4\], expected f32\[3, 4\]/,
    ],
  ];
  test.each(wrong)("%s", (_, call, code, text) => {
    const found = problems(() => interpret(linear, "forward", call));
    expect(found.map((d) => d.code)).toEqual([code]);
    expect(found[0].message).toMatch(text);
  });

  test("several at once", () => {
    const found = problems(() => interpret(linear, "forward", { inputs: { z: x }, dims: { q: 1 } }));
    expect(found.map((d) => d.code)).toEqual(["LUM6004", "LUM6010", "LUM6004", "LUM6009"]);
  });

  test("an unknown entry", () => {
    const [d] = problems(() => interpret(linear, "decode", { inputs: { x } }));
    expect(d.message).toMatch(/no entry decode; known: forward/);
  });
});

describe("dims that depend on others", () => {
  const h = layersModel();
  const call = (dims: Record<string, number>) => () =>
    interpret(h, "forward", {
      dims,
      inputs: { x: tensor("f32", [3], [1, 2, 3]) },
      weights: () => tensor("f32", [], [1]),
      states: initialStates(h),
    });

  test("a bound is that of this call", () => {
    expect(call({ pos: 5 })).not.toThrow();
    const [d] = problems(call({ pos: 6 }));
    expect(d.message).toContain("pos = 6 is outside of 0..5 (0..8 - s)");
  });
  test("where the entry has no use for the other one, it holds for some value of that", () => {
    const two = hlirFromText({
      name: "two",
      body: `dim s in 1..4
dim pos in 0..8 - s
entry whole {
  input x: f32[s]
  output y[t] = x[t] + pos
}
entry step {
  input x: f32[2]
  output y = x + pos
}`,
    });
    const step = (pos: number) =>
      interpret(two, "step", { dims: { pos }, inputs: { x: tensor("f32", [2], [1, 2]) } });
    expect([...step(7).outputs.y.data]).toEqual([8, 9]);
    const [d] = problems(() => step(8));
    expect(d.message).toContain("pos = 8 is outside of 0..7");
  });
  test("one that no input tells must be given", () => {
    const [d] = problems(call({}));
    expect(d.code).toBe("LUM6010");
    expect(d.message).toContain("pos");
  });
});

describe("indices from data", () => {
  const b = freshBuilder();
  const ids = b.input("ids", [dim("s")], "i32");
  const table = b.input("table", [int(3), int(2)], "f32");
  const inputs = [
    { name: "ids", shape: [dim("s")], dtype: "i32" as const, span: nowhere },
    { name: "table", shape: [int(3), int(2)], dtype: "f32" as const, span: nowhere },
  ];
  const index = b.view(ids, [dim("s"), int(2)], [axis(0)]);
  const embed = (fill?: number) => {
    const rows = b.gather(table, [index], [dim("s"), int(2)], [{ operand: 0 }, axis(1)], fill);
    const y = b.unary("neg", rows);
    y.name = "embedded";
    return modelOf({ inputs, outputs: { y } });
  };
  const run = (h: ReturnType<typeof embed>, ...values: number[]) =>
    interpret(h, "forward", {
      inputs: {
        ids: tensor("i32", [values.length], values),
        table: tensor("f32", [3, 2], [1, 2, 3, 4, 5, 6]),
      },
    }).outputs.y;

  test("rows in the order that is asked for", () =>
    expect(Array.from(run(embed(), 2, 0, 2).data)).toEqual([-5, -6, -1, -2, -5, -6]));

  test.each([3, -1])("%i is out of range: the message names the definition", (bad) => {
    const [d] = problems(() => run(embed(), 0, bad));
    expect(d.code).toBe("LUM6007");
    expect(d.message).toContain("embedded");
    expect(d.message).toContain(`index ${bad} is outside of 0..2`);
    expect(d.span).toBe(nowhere);
  });

  test("a fill allows any index", () =>
    expect(Array.from(run(embed(0.5), -1, 1, 7).data)).toEqual([-0.5, -0.5, -3, -4, -0.5, -0.5]));
});
