/** Arguments of a call drawn from a seed: floats in (-1, 1) that the dtype holds exactly, small integers. */
import { valueAt } from "../../src/ir/bounds.ts";
import { type DType, isFloat } from "../../src/ir/dtype.ts";
import type { Entry, Hlir, Shape } from "../../src/ir/hlir.ts";
import type { WeightSource } from "../../src/lower/interpret.ts";
import { conversion, type Tensor } from "../../src/lower/tensor.ts";

type Dims = Readonly<Record<string, number>>;

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomTensor(dtype: DType, shape: readonly number[], below: number, next: () => number): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const round = conversion("f64", dtype);
  const one = () =>
    isFloat(dtype)
      ? round(Math.fround(2 * next() - 1))
      : dtype === "bool"
        ? Number(next() < 0.5)
        : Math.floor(next() * below);
  return { dtype, shape, data: Float64Array.from({ length: count }, one) };
}

const numbers = (shape: Shape, dims: Dims): number[] =>
  shape.map((p) => valueAt(p, new Map(Object.entries(dims))));

export function randomInputs(
  entry: Entry,
  dims: Dims,
  options: { seed: number; below: number },
): Record<string, Tensor> {
  const next = generator(options.seed);
  return Object.fromEntries(
    entry.inputs.map((i) => [i.name, randomTensor(i.dtype, numbers(i.shape, dims), options.below, next)]),
  );
}

/** Asked for by the declared name or as C spells it; the same tensor every time. */
export function randomWeights(h: Hlir, dims: Dims): WeightSource {
  const made = new Map<string, Tensor>();
  return (name, at) => {
    const w = h.weights.find((x) => x.name === name || x.name.replaceAll(".", "_") === name);
    if (w === undefined) throw new Error(`no weight ${name}`);
    const key = [w.name, ...w.loops.map((l) => at[l])].join();
    let found = made.get(key);
    if (found === undefined) {
      const seed = [...key].reduce((sum, c) => Math.imul(sum, 31) + c.charCodeAt(0), 7);
      found = randomTensor(w.dtype, numbers(w.shape, dims), 4, generator(seed));
      made.set(key, found);
    }
    return found;
  };
}
