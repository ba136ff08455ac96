/** Arguments for the inputs of a random program. */
import { conversion, type Tensor } from "../../src/lower/tensor.ts";
import type { Fill, InputSpec } from "./draft.ts";
import { numberOf } from "./sizes.ts";

/** The same numbers for the same seed. */
export function inputsOf(
  specs: readonly InputSpec[],
  dims: Readonly<Record<string, number>>,
  seed: number,
): Record<string, Tensor> {
  const next = numbersFrom(seed);
  return Object.fromEntries(
    specs.map((spec) => {
      const shape = spec.shape.map((z) => numberOf(z, dims.s ?? 0));
      const round = conversion("f64", spec.dtype);
      const count = shape.reduce((a, b) => a * b, 1);
      const data = Float64Array.from({ length: count }, () => round(element(spec.fill, next)));
      return [spec.name, { dtype: spec.dtype, shape, data }];
    }),
  );
}

function element(fill: Fill, next: () => number): number {
  if (fill.kind === "quarters") return Math.floor(next() * 17 - 8) / 4;
  if (fill.kind === "integers") return Math.floor(next() * fill.below);
  return Math.fround(2 * next() - 1);
}

/** Marsaglia's xorshift32. */
function numbersFrom(seed: number): () => number {
  let x = (seed * 2654435761) >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    return x / 2 ** 32;
  };
}
