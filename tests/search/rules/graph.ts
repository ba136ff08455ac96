/** Small random graphs: sizes, some of them known only at run time, views with strides and turned axes, dtypes, data. */
import { type Bounds, noBounds, valueAt } from "../../../src/ir/bounds.ts";
import { type Builder, createBuilder } from "../../../src/ir/builder.ts";
import { type DType, isFloat } from "../../../src/ir/dtype.ts";
import type { Entry, Hlir, Input, Node, Shape } from "../../../src/ir/hlir.ts";
import { add, axis, dim, int, type Poly, scale, subtract } from "../../../src/ir/poly.ts";
import { conversion, type Tensor } from "../../../src/lower/tensor.ts";
import { seeded } from "../../../src/search/random.ts";
import { nowhere } from "../../ir/graphs.ts";

export type Instance = {
  readonly hlir: Hlir;
  readonly nodes: readonly Node[];
  readonly dims: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Record<string, Tensor>>;
};

export type Graph = ReturnType<typeof newGraph>;

/** A graph and the choices that make it. */
export function newGraph(seed: number) {
  const random = seeded(seed);
  const b: Builder = createBuilder();
  b.at(nowhere);
  const inputs: Input[] = [];
  const below = (n: number): number => random.below(n);
  const chance = (percent: number): boolean => random.below(100) < percent;
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)];
  const lowest = chance(25) ? 0 : 1;
  const bounds: Bounds = {
    ...noBounds,
    dims: new Map([["s", { low: int(lowest), high: int(4) }]]),
  };

  const size = (): Poly => (chance(20) ? dim("s") : int(chance(15) ? 1 : 2 + below(3)));
  const shapeOf = (rank: number): Poly[] => Array.from({ length: rank }, size);

  const input = (shape: Shape, dtype: DType): Node => {
    const name = `x${inputs.length}`;
    inputs.push({ name, shape, dtype, span: nowhere });
    return b.input(name, shape, dtype);
  };

  /** Of a source along `axes` of the domain, in any order, with strides, offsets and axes read backwards. */
  const spread = (domain: Shape, axes: readonly number[], dtype: DType): Node => {
    const order = [...axes].sort(() => (chance(50) ? 1 : -1));
    const source: Poly[] = [];
    const map: Poly[] = [];
    for (const a of order) {
      const stride = chance(25) ? 2 : 1;
      const offset = chance(20) ? 1 : 0;
      const last = scale(subtract(domain[a], int(1)), stride);
      const forward = scale(axis(a), stride);
      source.push(add(scale(domain[a], stride), int(offset)));
      map.push(add(chance(25) ? subtract(last, forward) : forward, int(offset)));
    }
    if (chance(20)) {
      source.push(int(3));
      map.push(int(below(3)));
    }
    return b.view(input(source, dtype), domain, map);
  };

  /** A value of the domain that varies along no axis but `axes`. */
  const along = (domain: Shape, axes: readonly number[], dtype: DType = "f32"): Node => {
    if (axes.length === 0 && chance(40)) return b.full(number(dtype), domain, dtype);
    const whole = axes.length === domain.length && chance(40);
    const x = whole ? input(domain, dtype) : spread(domain, axes, dtype);
    if (!isFloat(dtype) || chance(70)) return x;
    return chance(50) ? b.unary("exp", x) : b.binary("add", x, spread(domain, axes.slice(1), dtype));
  };

  const number = (dtype: DType): number =>
    isFloat(dtype) ? pick([0.5, 1, 1.5, 2, -1.25]) : pick([0, 1, 2, 3]);

  const finish = (outputs: readonly Node[]): Instance => {
    const s = lowest + below(4);
    const entry: Entry = {
      name: "forward",
      inputs,
      outputs: outputs.map((value, i) => ({ name: `y${i}`, value, span: nowhere })),
      states: [],
      taps: [],
      span: nowhere,
    };
    const hlir: Hlir = {
      name: "Rule",
      dims: [{ name: "s", low: int(lowest), high: int(4), span: nowhere }],
      weights: [],
      states: [],
      entries: [entry],
      bounds,
    };
    const filled = inputs.map((i) => [i.name, tensorOf(i, s, random.next)] as const);
    return { hlir, nodes: outputs, dims: { s }, inputs: Object.fromEntries(filled) };
  };

  return { b, below, chance, pick, size, shapeOf, input, spread, along, number, finish };
}

/** Floats of both signs away from zero, so that quotients stay tame; small integers, no two alike. */
export function tensorOf(i: Pick<Input, "shape" | "dtype">, s: number, next: () => number): Tensor {
  const shape = i.shape.map((p) => valueAt(p, new Map([["s", s]])));
  const round = conversion("f64", i.dtype);
  const from = Math.floor(next() * 97);
  const one = (_: unknown, at: number): number => {
    if (i.dtype === "bool") return Number(next() < 0.5);
    if (!isFloat(i.dtype)) return ((from + 31 * at) % 97) - (i.dtype === "u8" ? 0 : 48);
    return round(Math.fround((0.5 + next()) * (next() < 0.5 ? -1 : 1)));
  };
  const count = shape.reduce((a, n) => a * n, 1);
  return { dtype: i.dtype, shape, data: Float64Array.from({ length: count }, one) };
}

/** Every subset of the axes of a domain is as likely. */
export const someAxes = (g: Graph, rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => i).filter(() => g.chance(50));

export const allAxes = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i);
