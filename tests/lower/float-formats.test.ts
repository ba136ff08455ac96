import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { floatBits, floatFromBits, type NarrowFloat, roundFloat } from "../../src/lower/float-formats.ts";

const formats: readonly [NarrowFloat, bits: number][] = [
  ["f16", 16],
  ["bf16", 16],
  ["f8e4m3", 8],
  ["f8e5m2", 8],
];

describe.each(formats)("%s", (t, bits) => {
  const all = Array.from({ length: 2 ** bits }, (_, i) => floatFromBits(i, t));
  const finite = [...new Set(all.filter(Number.isFinite))].sort((a, b) => a - b);

  test("every value survives rounding and its bits come back", () => {
    const changed = all.filter((x) => !Object.is(roundFloat(x, t), x));
    const recoded = all.filter((x, i) => !Number.isNaN(x) && floatBits(x, t) !== i);
    expect([...changed, ...recoded]).toEqual([]);
  });

  test("rounds to the nearest value, halves to even bits", () => {
    const positive = finite.filter((x) => x >= 0);
    fc.assert(
      fc.property(fc.nat(positive.length - 2), fc.double({ min: 0, max: 1, noNaN: true }), (i, part) => {
        const [low, high] = [positive[i], positive[i + 1]];
        const x = low + (high - low) * part;
        const middle = (low + high) / 2;
        const even = floatBits(low, t) % 2 === 0 ? low : high;
        const nearest = x < middle ? low : x > middle ? high : even;
        expect(roundFloat(x, t)).toBe(nearest);
        expect(roundFloat(middle, t)).toBe(even);
        expect(roundFloat(-x, t) + 0).toBe(-nearest + 0);
      }),
      { numRuns: 2000 },
    );
  });

  test("beyond the greatest value", () => {
    const greatest = finite[finite.length - 1];
    const step = greatest - finite[finite.length - 2];
    expect(roundFloat(greatest + step * 0.49, t)).toBe(greatest);
    const beyond = roundFloat(greatest + step * 0.51, t);
    expect(beyond).toBe(t === "f8e4m3" ? Number.NaN : Infinity);
    expect(roundFloat(-Infinity, t)).toBe(t === "f8e4m3" ? Number.NaN : -Infinity);
  });
});

test("known values", () => {
  expect(roundFloat(0.1, "f16")).toBe(0.0999755859375);
  expect(roundFloat(0.1, "bf16")).toBe(0.10009765625);
  expect(floatFromBits(0x7e, "f8e4m3")).toBe(448);
  expect(floatFromBits(0x7b, "f8e5m2")).toBe(57344);
  expect(roundFloat(65504 + 15.9, "f16")).toBe(65504);
  expect(roundFloat(65520, "f16")).toBe(Infinity);
  expect(roundFloat(2 ** -24, "f16")).toBe(2 ** -24);
  expect(Object.is(roundFloat(-(2 ** -26), "f16"), -0)).toBe(true);
});
