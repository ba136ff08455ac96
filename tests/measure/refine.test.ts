/** A search with measurements: the measured sums decide, and what lies within their spread changes nothing. */
import { describe, expect, test } from "vitest";
import { choicesOf, type Plan } from "../../src/ir/plan.ts";
import { front } from "../../src/pipeline.ts";
import type { Measurer } from "../../src/search/measure/measure.ts";
import { search } from "../../src/search/search.ts";

const text = `
model Rows {
  dim    s in 1..64
  input  x: f32[s, 96], w: f32[96, 96]
  h[i, j] = sum(k) x[i, k] * w[k, j]
  g[i, j] = tanh(h[i, j] + x[i, j])
  e[i, j] = exp(g[i, j] - max(n) g[i, n])
  output y[i, j] = e[i, j] / sum(n) e[i, n]
  output z[j, i] = g[i, j] * 2
}
`;
const { hlir } = front({ path: "rows.lum", text });

const kernels = (p: Plan): number => p.entries.reduce((n, e) => n + [...choicesOf(e.body)].length, 0);

/** Seconds by the number of kernels. */
function measurer(seconds: (kernels: number) => number) {
  const seen: number[] = [];
  const made: Measurer = {
    plans: async (plans, points) => {
      seen.push(...plans.map(kernels));
      return plans.map((p) => points.map(() => seconds(kernels(p))));
    },
    calls: async () => [],
    counts: () => ({ timed: 0, known: 0 }),
  };
  return { made, seen };
}

describe("a search that measures", () => {
  test("takes what is faster by measurement, though the cost model likes it less", async () => {
    const analytic = await search(hlir);
    const { made, seen } = measurer((n) => 1 / (1 + n));
    const found = await search(hlir, { measure: made });
    expect(kernels(found.plan)).toBeGreaterThan(kernels(analytic.plan));
    expect(kernels(found.plan)).toBe(Math.max(...seen));
    expect(found.measured).toMatchObject({ plans: seen.length });
    expect(found.measured!.seconds[0]).toBe(1 / (1 + kernels(found.plan)));
    expect(found.measured!.share).toBeLessThan(1);
  });

  test("takes fewer kernels where these are faster", async () => {
    const { made, seen } = measurer((n) => n);
    const found = await search(hlir, { measure: made });
    expect(kernels(found.plan)).toBe(Math.min(...seen));
  });

  test("keeps the analytic choice where the difference is within the spread", async () => {
    const analytic = await search(hlir);
    const { made, seen } = measurer((n) => 1 - n * 1e-4);
    const found = await search(hlir, { measure: made });
    expect(new Set(seen).size).toBeGreaterThan(1);
    expect(found.taken).toEqual(analytic.taken);
  });

  test("times no plan twice, and is the same on repeat", async () => {
    const one = measurer((n) => 1 / (1 + n));
    const two = measurer((n) => 1 / (1 + n));
    const [a, b] = [await search(hlir, { measure: one.made }), await search(hlir, { measure: two.made })];
    expect(a.taken).toEqual(b.taken);
    expect(one.seen).toEqual(two.seen);
    expect(a.measured!.plans).toBe(one.seen.length);
  });
});
