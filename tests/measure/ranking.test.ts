/** The numbers of the ranking report: Kendall's tau and the loss of trusting an estimate. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rankingProgram } from "../../bench/ranking-programs.ts";
import { kendallTau, lossOfFirst } from "../../bench/ranking-stats.ts";
import { front } from "../../src/pipeline.ts";

describe("Kendall's tau", () => {
  test("of small lists", () => {
    expect(kendallTau([1, 2, 3, 4], [10, 20, 30, 40])).toBe(1);
    expect(kendallTau([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
    // 1 of 6 pairs is turned round.
    expect(kendallTau([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(4 / 6);
    // A tie in one: 5 pairs agree of the 6 that b has and the 5 that a has.
    expect(kendallTau([1, 1, 3, 4], [1, 2, 3, 4])).toBeCloseTo(5 / Math.sqrt(6 * 5));
    expect(kendallTau([1, 1], [1, 2])).toBeNaN();
  });

  test("is of the order alone, and turns with it", () => {
    const list = fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(list, (a) => {
        const b = a.map((x) => (x * 7919) % 1000003);
        const tau = kendallTau(a, b);
        expect(kendallTau(a.map(Math.log), b)).toBeCloseTo(tau);
        expect(
          kendallTau(
            a,
            b.map((x) => -x),
          ),
        ).toBeCloseTo(-tau);
        expect(kendallTau(b, a)).toBeCloseTo(tau);
      }),
    );
  });
});

test("the loss of the first is what the estimate's choice takes beyond the fastest", () => {
  expect(
    lossOfFirst([
      { analytic: 1, measured: 3 },
      { analytic: 2, measured: 2 },
    ]),
  ).toBeCloseTo(0.5);
  expect(
    lossOfFirst([
      { analytic: 2, measured: 3 },
      { analytic: 1, measured: 2 },
    ]),
  ).toBe(0);
});

test("the report's random programs are models", () => {
  for (let seed = 1; seed <= 12; seed++)
    expect(front({ path: "r.lum", text: rankingProgram(seed) }).hlir.name).toBe(`Random${seed}`);
});
