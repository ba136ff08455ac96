/** Values of each accumulation type, the awkward ones first. */
import fc from "fast-check";
import type { DType } from "../../src/ir/dtype.ts";

export const accumulationTypes: readonly DType[] = ["f64", "f32", "i64", "i32", "bool"];

const awkward: Readonly<Record<string, readonly number[]>> = {
  f64: [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, 1e-300, 1e300, Infinity, -Infinity, Number.NaN],
  f32: [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, 2 ** -130, 1e30, -1e30, Infinity, -Infinity, Number.NaN],
  i64: [0, 1, -1, 2, 7, -7, 63, 64, 2 ** 31, -(2 ** 31), 2 ** 40],
  i32: [0, 1, -1, 2, 7, -7, 31, 32, 2 ** 31 - 1, -(2 ** 31)],
  bool: [0, 1],
};

export function valuesOf(t: DType): fc.Arbitrary<number> {
  const edges = fc.constantFrom(...awkward[t]);
  switch (t) {
    case "f64":
      return fc.oneof(edges, fc.double({ min: -1e3, max: 1e3, noNaN: true }));
    case "f32":
      return fc.oneof(edges, fc.float({ min: -1024, max: 1024, noNaN: true }));
    case "i64":
      return fc.oneof(edges, fc.integer({ min: -1_000_000, max: 1_000_000 }));
    case "i32":
      return fc.oneof(edges, fc.integer(), fc.integer({ min: -40, max: 40 }));
    default:
      return edges;
  }
}

/** The same for every run of the tests. */
export const someValues = (t: DType, count: number): number[] => [
  ...awkward[t],
  ...fc.sample(valuesOf(t), { numRuns: count, seed: 7 }),
];
