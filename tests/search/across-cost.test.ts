/** What reads across what it writes is estimated dearer than the same bytes in order: the walk, not the bytes, decides. */
import { expect, test } from "vitest";
import type { DType } from "../../src/ir/dtype.ts";
import { plan } from "../../src/lower/plan.ts";
import { type KernelCost, planCost } from "../../src/search/cost.ts";
import { genericCpu } from "../../src/targets/machines.ts";
import { hlirFromText } from "../emit/from-text.ts";

function costOf(body: string): KernelCost {
  const h = hlirFromText({ name: "across", body });
  const { kernels } = planCost(plan(h, { search: "direct" }), genericCpu, h.bounds);
  expect(kernels.size).toBe(1);
  return [...kernels.values()][0];
}

const square = (dtype: DType, value: string): string =>
  `input x: ${dtype}[2048, 2048]\noutput y[j, i] = ${value}`;

test.each(["u8", "bf16"] as const)("of narrow %s, the loads take longer than the bytes", (t) => {
  const [turned, straight] = [costOf(square(t, "x[i, j]")), costOf(square(t, "x[j, i] + x[j, i]"))];
  expect(turned.bound).toBe("compute");
  expect(straight.bound).toBe("memory");
  expect(turned.bytes).toBe(straight.bytes);
  expect(turned.seconds).toBeGreaterThan(2 * straight.seconds);
});

test("of wide elements, the bytes hide the loads", () => {
  const [turned, straight] = [costOf(square("f64", "x[i, j]")), costOf(square("f64", "x[j, i] + 1.0"))];
  expect(turned.seconds).toBeCloseTo(straight.seconds, 9);
});

test("rows in another order cost no more than rows in order", () => {
  const moved = costOf("input x: u8[64, 64, 1024]\noutput y[h, t, d] = x[t, h, d]");
  const straight = costOf("input x: u8[64, 64, 1024]\noutput y[h, t, d] = x[h, t, d] + x[h, t, d]");
  expect(moved.seconds).toBeLessThanOrEqual(straight.seconds);
});
