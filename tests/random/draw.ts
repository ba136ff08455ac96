/** Choices that fast-check makes: the same seed gives the same program, and smaller numbers give simpler ones. */
import fc from "fast-check";

export type Draw = {
  /** 0 … n - 1. */
  below(n: number): number;
  /** low … high. */
  between(low: number, high: number): number;
  /** True in so many of a hundred. */
  chance(percent: number): boolean;
  pick<T>(list: readonly T[]): T;
};

/** A value built from as many choices as it takes. */
export const drawn = <T>(build: (d: Draw) => T): fc.Arbitrary<T> =>
  fc.gen().map((g) => {
    const below = (n: number) => (n <= 1 ? 0 : g(natural, n - 1));
    return build({
      below,
      between: (low, high) => low + below(high - low + 1),
      chance: (percent) => below(100) >= 100 - percent,
      pick: (list) => list[below(list.length)],
    });
  });

const natural = (max: number) => fc.noBias(fc.nat({ max }));
