/** Divisions by sizes such as s and s + 1: every claim is compared with all values that the bounds allow. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as B from "../../src/ir/bounds.ts";
import * as P from "../../src/ir/poly.ts";

const [s, t, a0, a1, a2] = [P.dim("s"), P.dim("t"), P.axis(0), P.axis(1), P.axis(2)];
const sPlus = (constant: number): P.Poly => P.add(s, P.int(constant));

/** s in 0..4, t in 1..3: sizes such as s may be 0, those such as s + 1 are not. */
const over = (...axes: P.Poly[]): B.Bounds => ({
  dims: new Map([
    ["s", { low: P.zero, high: P.int(4) }],
    ["t", { low: P.one, high: P.int(3) }],
  ]),
  loops: new Map(),
  axes,
});

type Point = { readonly dims: Readonly<Record<string, number>>; readonly axes: readonly number[] };

const valueAt = (p: P.Poly, at: Point): number =>
  P.evaluate(p, (a) => {
    if (a.kind === "axis") return at.axes[a.axis];
    if (a.kind === "dim") return at.dims[a.name];
    throw new Error(`no value for ${a.kind}`);
  });

/** Every point of the domain, for every value of the dims. */
function pointsOf(b: B.Bounds): Point[] {
  const points: Point[] = [];
  for (let sv = 0; sv <= 4; sv++)
    for (let tv = 1; tv <= 3; tv++) {
      const dims = { s: sv, t: tv };
      const sizes = b.axes.map((size) => valueAt(size, { dims, axes: [] }));
      let tuples: number[][] = [[]];
      for (const size of sizes)
        tuples = tuples.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i]));
      for (const axes of tuples) points.push({ dims, axes });
    }
  return points;
}

describe("a division by a size with a constant is bounded", () => {
  const flat = (row: P.Poly, width: P.Poly, column: P.Poly): P.Poly => P.add(P.multiply(row, width), column);

  const inside: readonly [string, P.Poly, P.Poly, B.Bounds][] = [
    ["rows of s + 1", P.floorDiv(a0, sPlus(1)), P.int(5), over(P.scale(sPlus(1), 5))],
    ["columns of s + 1", P.modulo(a0, sPlus(1)), sPlus(1), over(P.scale(sPlus(1), 5))],
    ["a column of s in rows of s + 1", P.floorDiv(flat(a0, sPlus(1), a1), sPlus(1)), t, over(t, s)],
    [
      "rows of 2s + 3",
      P.floorDiv(a0, P.add(P.scale(s, 2), P.int(3))),
      t,
      over(P.multiply(t, P.add(P.scale(s, 2), P.int(3)))),
    ],
    [
      "rows of a stack, shifted by one",
      P.floorDiv(P.add(flat(a0, sPlus(2), a1), P.one), sPlus(2)),
      P.int(3),
      over(P.int(3), sPlus(1)),
    ],
    [
      "rows of t, as many as s + 1",
      P.floorDiv(P.add(P.multiply(P.add(P.multiply(a0, t), a1), sPlus(1)), a2), sPlus(1)),
      P.scale(t, 2),
      over(P.int(2), t, sPlus(1)),
    ],
  ];
  test.each(inside)("%s", (_, index, size, bounds) => {
    expect(B.within(index, size, bounds)).toBe(true);
    for (const at of pointsOf(bounds)) {
      expect(valueAt(index, at)).toBeGreaterThanOrEqual(0);
      expect(valueAt(index, at)).toBeLessThan(valueAt(size, at));
    }
  });

  const unproved: readonly [string, P.Poly, P.Poly, B.Bounds][] = [
    ["one row fewer", P.floorDiv(a0, sPlus(1)), P.int(4), over(P.scale(sPlus(1), 5))],
    [
      "rows shifted past their end",
      P.floorDiv(P.add(a0, P.one), sPlus(1)),
      P.int(5),
      over(P.scale(sPlus(1), 5)),
    ],
    [
      "rows before the first",
      P.floorDiv(P.subtract(a0, P.one), sPlus(1)),
      P.int(5),
      over(P.scale(sPlus(1), 5)),
    ],
    ["a size that is 0 where s is", P.floorDiv(a0, s), P.int(5), over(P.scale(sPlus(1), 5))],
  ];
  test.each(unproved)("not %s", (_, index, size, bounds) =>
    expect(B.within(index, size, bounds)).toBe(false),
  );
});

/** A coordinate of a reshaped tensor: axes of random sizes, flattened, then divided by random sizes. */
const sizes = fc.constantFrom(P.one, P.int(2), P.int(3), t, sPlus(1), sPlus(2), P.add(P.scale(s, 2), P.one));
const factors = fc.integer({ min: -3, max: 3 });
const reshaped = fc
  .record({
    axes: fc.tuple(sizes, sizes, sizes),
    strides: fc.tuple(sizes, sizes, sizes),
    signs: fc.tuple(factors, factors, factors),
    plus: fc.integer({ min: -3, max: 6 }),
    by: fc.array(fc.record({ size: sizes, mod: fc.boolean() }), { minLength: 1, maxLength: 3 }),
    straight: fc.boolean(),
  })
  .map(({ axes, strides, signs, plus, by, straight }) => {
    const rows = P.add(P.multiply(P.add(P.multiply(a0, axes[1]), a1), axes[2]), a2);
    const loose = P.add(...[a0, a1, a2].map((a, i) => P.scale(P.multiply(a, strides[i]), signs[i])));
    let p = P.add(straight ? rows : loose, P.int(plus));
    for (const { size, mod } of by) p = mod ? P.modulo(p, size) : P.floorDiv(p, size);
    return { p, bounds: over(...axes), by: by[0].size };
  });

describe("against every value of random quotients and remainders", () => {
  test("lowest and highest enclose them", () => {
    let known = 0;
    fc.assert(
      fc.property(reshaped, ({ p, bounds }) => {
        const [low, high] = [B.lowest(p, bounds), B.highest(p, bounds)];
        const values = pointsOf(bounds).map((at) => valueAt(p, at));
        if (low !== undefined) expect(values.every((v) => v >= low)).toBe(true);
        if (high !== undefined) expect(values.every((v) => v <= high)).toBe(true);
        if (low !== undefined && high !== undefined) known++;
      }),
      { numRuns: 400 },
    );
    expect(known).toBeGreaterThan(40);
  });

  test("within claims what is so, and divided gives the quotient", () => {
    let claims = 0;
    fc.assert(
      fc.property(reshaped, sizes, ({ p, bounds, by }, size) => {
        const inside = B.within(p, size, bounds);
        const { quotient, remainder } = B.divided(p, by, bounds);
        if (inside) claims++;
        for (const at of pointsOf(bounds)) {
          const [value, divisor] = [valueAt(p, at), valueAt(by, at)];
          if (inside) expect(value >= 0 && value < valueAt(size, at)).toBe(true);
          expect(valueAt(quotient, at)).toBe(Math.floor(value / divisor) + 0);
          expect(valueAt(remainder, at) + 0).toBe(value - divisor * Math.floor(value / divisor) + 0);
        }
      }),
      { numRuns: 400 },
    );
    expect(claims).toBeGreaterThan(20);
  });
});
