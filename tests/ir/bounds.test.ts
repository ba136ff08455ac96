import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as B from "../../src/ir/bounds.ts";
import * as P from "../../src/ir/poly.ts";
import { environments, expressions, sampleBounds, toPoly, valueIn } from "./poly-samples.ts";

describe("a bound is never wrong", () => {
  test("lowest and highest enclose every sampled value", () => {
    fc.assert(
      fc.property(expressions, fc.array(environments, { minLength: 8, maxLength: 20 }), (e, samples) => {
        const p = toPoly(e);
        const [low, high] = [B.lowest(p, sampleBounds), B.highest(p, sampleBounds)];
        for (const env of samples) {
          const value = P.evaluate(p, valueIn(env));
          fc.pre(Number.isSafeInteger(value));
          if (low !== undefined) expect(value).toBeGreaterThanOrEqual(low);
          if (high !== undefined) expect(value).toBeLessThanOrEqual(high);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("within and alwaysOutside hold on samples", () => {
    fc.assert(
      fc.property(expressions, expressions, environments, (e, f, env) => {
        const [index, size] = [toPoly(e), toPoly(f)];
        const [i, n] = [P.evaluate(index, valueIn(env)), P.evaluate(size, valueIn(env))];
        if (B.within(index, size, sampleBounds)) expect(i >= 0 && i < n).toBe(true);
        if (B.alwaysOutside(index, size, sampleBounds)) expect(i < 0 || i >= n).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });
});

test("what is divided gives the quotient and the remainder", () => {
  fc.assert(
    fc.property(expressions, fc.integer({ min: 1, max: 3 }), environments, (e, factor, env) => {
      const p = toPoly(e);
      const value = P.evaluate(p, valueIn(env));
      fc.pre(Number.isSafeInteger(value));
      const { quotient, remainder } = B.divided(p, P.scale(P.dim("s"), factor), sampleBounds);
      const at = P.evaluate(quotient, valueIn(env));
      expect(at).toBe(Math.floor(value / (factor * env.s)) + 0);
      expect(P.evaluate(remainder, valueIn(env))).toBe(value - factor * env.s * at + 0);
    }),
    { numRuns: 1500 },
  );
});

describe("what is proved", () => {
  const [s, pos, a0, a1] = [P.dim("s"), P.dim("pos"), P.axis(0), P.axis(1)];
  const on = (...axes: P.Poly[]) => B.withAxes(sampleBounds, axes);

  const inside: readonly [string, P.Poly, P.Poly, B.Bounds][] = [
    ["the new tokens fit into the cache", P.add(pos, a0), P.int(16), on(s)],
    ["the last token exists", P.subtract(s, P.one), s, on()],
    ["the half of an axis", P.add(P.scale(a0, 2), P.one), s, on(P.floorDiv(s, P.int(2)))],
    ["rows of a flattened matrix", P.floorDiv(a0, P.int(4)), s, on(P.scale(s, 4))],
    ["columns of a flattened matrix", P.modulo(a0, P.int(4)), P.int(4), on(P.scale(s, 4))],
    ["rows of a matrix with rows of s", P.floorDiv(a0, s), P.int(5), on(P.scale(s, 5))],
    [
      "rows of s in a stack of one",
      P.floorDiv(P.add(P.multiply(P.add(P.scale(a0, 3), a1), s), P.axis(2)), s),
      P.int(3),
      on(P.one, P.int(3), s),
    ],
    [
      "columns of s, by what is taken off",
      P.subtract(a0, P.multiply(s, P.floorDiv(a0, s))),
      s,
      on(P.scale(s, 5)),
    ],
    ["groups of heads", P.floorDiv(a0, P.int(3)), P.int(2), on(P.int(6))],
    ["a flattened pair", P.add(P.multiply(s, a1), a0), P.multiply(P.int(5), s), on(s, P.int(5))],
    ["a clamped index", P.minimum(a0, P.int(3)), P.int(4), on(s)],
  ];
  test.each(inside)("%s", (_, index, size, bounds) => expect(B.within(index, size, bounds)).toBe(true));

  const unproved: readonly [string, P.Poly, P.Poly, B.Bounds][] = [
    ["the token after the last", s, s, on()],
    ["the token before the first", P.subtract(a0, P.one), s, on(s)],
    ["one past the cache", P.add(pos, a0, P.one), P.int(16), on(s)],
    ["an axis that is longer", a0, s, on(P.int(16))],
  ];
  test.each(unproved)("not %s", (_, index, size, bounds) =>
    expect(B.within(index, size, bounds)).toBe(false),
  );

  test("quotients of dims have the ends that their dims give them", () => {
    const rows = P.floorDiv(P.add(s, P.int(3)), P.int(2));
    expect([B.lowest(rows, sampleBounds), B.highest(rows, sampleBounds)]).toEqual([2, 9]);
    const again = P.floorDiv(P.add(rows, P.one), P.int(2));
    expect([B.lowest(again, sampleBounds), B.highest(again, sampleBounds)]).toEqual([1, 5]);
    const both = P.add(rows, P.floorDiv(pos, P.int(4)));
    expect(B.lowest(both, sampleBounds)).toBe(2);
    expect(B.highest(both, sampleBounds)).toBeGreaterThanOrEqual(9);
  });

  test("no claim about a variable without a range", () => {
    expect(B.lowest(P.dim("unknown"), sampleBounds)).toBeUndefined();
    expect(B.within(P.zero, P.dim("unknown"), sampleBounds)).toBe(false);
  });
});

test("a quotient of a quotient stays within its rows, also where there may be none", () => {
  const s = P.dim("s");
  const dims = new Map([["s", { low: P.zero, high: P.int(7) }]]);
  // reshape(x, [3, s, 7]) of x[7, s, 3].
  const flat = P.add(P.multiply(P.scale(P.axis(0), 7), s), P.scale(P.axis(1), 7), P.axis(2));
  const row = P.floorDiv(P.floorDiv(flat, P.int(3)), s);
  const bounds: B.Bounds = { dims, loops: new Map(), axes: [P.int(3), s, P.int(7)] };
  expect(B.within(row, P.int(7), bounds)).toBe(true);
  expect(B.within(row, P.int(6), bounds)).toBe(false);
});
