/** What a search is held against: the plan that is built without one, at each of the sizes that are looked at. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { TargetName } from "../../src/backends.ts";
import { printPlan } from "../../src/ir/plan-print.ts";
import { compile, searchPlans } from "../../src/pipeline.ts";
import { planCost } from "../../src/search/cost.ts";
import { cudaMachine } from "../../src/search/cost-cuda.ts";
import { pointsOf } from "../../src/search/points.ts";
import { losesTo } from "../../src/search/search.ts";
import { cudaArchOf, defaultCudaArch } from "../../src/targets/cuda.ts";
import { genericCpu, type Machine } from "../../src/targets/machines.ts";

const machines: Readonly<Record<TargetName, Machine>> = {
  cpu: genericCpu,
  cuda: cudaMachine(cudaArchOf(defaultCudaArch)),
};

const cases = (["cpu", "cuda"] as const).flatMap((target) =>
  ["llama", "gpt", "bert"].map((name) => [target, name] as const),
);

describe.each(cases)("for %s, %s", (target, name) => {
  const path = fileURLToPath(new URL(`../../examples/${name}/${name}.lum`, import.meta.url));
  const source = { path, text: readFileSync(path, "utf8") };
  const machine = machines[target];

  test("is the direct plan that is built", async () => {
    const { searched, start, elsewhere, buckets } = await searchPlans(source, {
      target,
      search: { machine, evaluations: 0 },
    });
    const built = compile(source, { target, buckets: buckets.map((b) => b.bucket) });
    const pairs = [
      { made: searched, plan: built.plan, points: pointsOf(start.hlir.bounds, elsewhere) },
      ...buckets.map((b, i) => ({
        made: b.searched,
        plan: built.buckets[i].plan,
        points: pointsOf(b.model.bounds),
      })),
    ];
    for (const { made, plan, points } of pairs) {
      const seconds = points.map((p) => planCost(plan, machine, p.bounds).seconds);
      expect(made.points.map((p) => p.directSeconds)).toEqual(seconds);
      expect(made.points.map((p) => p.seconds)).toEqual(seconds);
      expect(printPlan(made.plan)).toBe(printPlan(plan));
    }
  });

  test("is lost to at no size", async () => {
    const { searched, buckets } = await searchPlans(source, {
      target,
      search: { machine, evaluations: 120 },
    });
    for (const s of [searched, ...buckets.map((b) => b.searched)]) {
      expect(s.share).toBeLessThanOrEqual(1);
      const direct = s.points.map((p) => p.directSeconds);
      for (const [i, p] of s.points.entries()) expect(losesTo(direct, p.seconds, i)).toBe(false);
    }
  });
});
