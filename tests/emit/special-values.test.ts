/** NaN, infinities and values outside of a type's range: emitted kernels do what the interpreter does, and that is what is meant. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DType } from "../../src/ir/dtype.ts";
import type { Hlir } from "../../src/ir/hlir.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { plan } from "../../src/lower/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { conversion, type Tensor } from "../../src/lower/tensor.ts";
import { hlirFromText } from "./from-text.ts";
import { Bundle } from "./run-kernels.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const floats = [
  ...[
    0, -0, 0.5, -0.5, 0.99, 1.5, -1.5, 2.5, 126.9, 127, 127.5, 128, -128, -128.5, -129, 255, 255.5, 256, 300,
  ],
  ...[32767, 32767.5, 32768, -32768, -32769, 447, 448, 463.9, 464, 464.0001, 480, 65504, 65519, 65520, 1e6],
  ...[2147483520, 2147483648, -2147483648, -2147483904, 3e9, 9.2e18, 2 ** 63, -9.3e18, 1e30, -1e30],
  ...[1e-3, 2e-8, 1e-40, 57344, 61439, 61440, inf, -inf, nan],
].map(Math.fround);
const n = floats.length;

const integers: readonly DType[] = ["i64", "i32", "i16", "i8", "u8"];
const casts: readonly DType[] = [...integers, "bool", "f16", "bf16", "f8e4m3", "f8e5m2"];

const castModel = [
  `input x: f32[${n}], z: f64[${n}]`,
  ...casts.flatMap((t) => [`output x_${t} = x as ${t}`, `output z_${t} = z as ${t}`]),
].join("\n");

/** Rows and columns; row i has a NaN at i, where that is inside. */
const [rows, columns] = [41, 37];
const grid = Array.from({ length: rows * columns }, (_, at) => {
  const [i, j] = [Math.floor(at / columns), at % columns];
  return i === j ? nan : ((i * 7 + j * 13) % 29) - 14;
});
const whole = grid.map((x) => (Number.isNaN(x) ? 99 : x));

const foldModel = [
  `input x: f32[${rows}, ${columns}], z: f64[${rows}, ${columns}], h: f16[${rows}, ${columns}], k: i32[${rows}, ${columns}]`,
  ...["x", "z", "h", "k"].flatMap((name) => [
    `output ${name}_max[i] = max(j) ${name}[i, j]`,
    `output ${name}_min[i] = min(j) ${name}[i, j]`,
    `output ${name}_down[j] = max(i) ${name}[i, j]`,
    `output ${name}_at[i] = argmax(j) ${name}[i, j]`,
    `output ${name}_both = max(${name}, ${name}[0..1]) - min(${name}, ${name}[0..1])`,
  ]),
  "output all = max(x)",
  "output shifted[i] = max(j) (x[i, j] * 2.0 + z[i, 0])",
].join("\n");

const bundle = new Bundle();
const models = new Map<string, Hlir>();

beforeAll(() => {
  for (const [name, body] of [
    ["casts", castModel],
    ["folds", foldModel],
  ] as const) {
    const h = hlirFromText({ name, body });
    models.set(name, h);
    bundle.add(name, schedule(plan(h, { search: "direct" })));
  }
  bundle.compile({ level: "-O3" });
}, 600_000);

afterAll(() => bundle.remove());

const tensor = (dtype: DType, shape: readonly number[], values: readonly number[]): Tensor => ({
  dtype,
  shape,
  data: Float64Array.from(values, conversion("f64", dtype)),
});

function both(name: string, inputs: Record<string, Tensor>) {
  const h = models.get(name)!;
  const states = initialStates(h);
  return {
    said: interpret(h, "forward", { dims: {}, inputs, states }).outputs,
    done: bundle.run(name, "forward", { dims: {}, inputs, states }).outputs,
  };
}

test("every cast of every value", () => {
  const { said, done } = both("casts", { x: tensor("f32", [n], floats), z: tensor("f64", [n], floats) });
  for (const t of casts)
    for (const from of ["x", "z"])
      for (const [i, x] of floats.entries()) {
        const key = `${from}_${t}`;
        expect([key, x, done[key].data[i] + 0]).toEqual([key, x, said[key].data[i] + 0]);
      }
});

describe("a float becomes", () => {
  const cast = (x: number, t: DType): number => {
    const { said } = both("casts", {
      x: tensor(
        "f32",
        [n],
        floats.map(() => x),
      ),
      z: tensor(
        "f64",
        [n],
        floats.map(() => x),
      ),
    });
    return said[`x_${t}`].data[0];
  };
  test.each([
    [nan, "i32", 0],
    [nan, "u8", 0],
    [nan, "i64", 0],
    [nan, "bool", 1],
    [inf, "i32", 2147483647],
    [-inf, "i32", -2147483648],
    [3e9, "i32", 2147483647],
    [300, "i8", 127],
    [-300, "i8", -128],
    [-1.5, "u8", 0],
    [255.9, "u8", 255],
    [1e6, "i16", 32767],
    [-2.9, "i16", -2],
    [1e30, "i64", 2 ** 63],
    // The format has no infinity and its conversion does not saturate: what would round beyond 448 is NaN.
    [448, "f8e4m3", 448],
    [464, "f8e4m3", 448],
    [464.0001, "f8e4m3", nan],
    [inf, "f8e4m3", nan],
    [61439, "f8e5m2", 57344],
    [61440, "f8e5m2", inf],
  ] as const)("%d as %s: %d", (x, t, wanted) => expect(cast(Math.fround(x), t)).toBe(wanted));
});

test("max and min over an axis and of two values", () => {
  const inputs = {
    x: tensor("f32", [rows, columns], grid),
    z: tensor("f64", [rows, columns], grid),
    h: tensor("f16", [rows, columns], grid),
    k: tensor("i32", [rows, columns], whole),
  };
  const { said, done } = both("folds", inputs);
  for (const [name, wanted] of Object.entries(said))
    expect([name, ...done[name].data].map((v) => (v === 0 ? 0 : v))).toEqual(
      [name, ...wanted.data].map((v) => (v === 0 ? 0 : v)),
    );
  for (const name of ["x_max", "z_min", "h_max", "shifted"])
    expect([...done[name].data].map(Number.isNaN), name).toEqual(
      Array.from({ length: rows }, (_, i) => i < columns || (name === "shifted" && i === 0)),
    );
  expect([...done.x_at.data].slice(0, columns)).toEqual(Array.from({ length: columns }, (_, i) => i));
  expect(done.all.data[0]).toBeNaN();
});
