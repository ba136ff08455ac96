/** `lumc explain --measure`: times of kernels beside the estimates, and the whole programs that were compared. */
import { beforeAll, describe, expect, test } from "vitest";
import { type ExplainedModel, explainModel } from "../../src/explain/explain.ts";
import { pageHtml } from "../../src/explain/page.ts";
import { reportText } from "../../src/explain/text.ts";
import { duration } from "../../src/explain/units.ts";
import { choicesOf } from "../../src/ir/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { front } from "../../src/pipeline.ts";
import { callsOf, type KernelCall } from "../../src/search/measure/calls.ts";
import { kernelTimes } from "../../src/search/measure/kernel-times.ts";
import type { Measurer } from "../../src/search/measure/measure.ts";
import { search } from "../../src/search/search.ts";
import { example, exampleNames } from "./examples.ts";

/** A call takes as many microseconds as its kernel's text has letters: another kernel, another time. */
const secondsOf = (c: KernelCall): number => c.source.length * 1e-6;

const measurer: Measurer = {
  plans: async (plans, points) => plans.map((_, i) => points.map(() => 1 + i / 10)),
  calls: async (calls) => calls.map(secondsOf),
  programs: async ({ points }) => {
    const at = (median: number) => ({ median, low: 0.999 * median, high: 1.001 * median });
    const times = points.map(({ rivals }) => rivals.map((r) => at(1e-3 * (10 - r))));
    return { times, fresh: times.flat().length };
  },
  counts: () => ({ timed: 0, known: 0 }),
};

describe.each(exampleNames)("%s", (name) => {
  let explained: ExplainedModel;
  beforeAll(async () => {
    explained = await explainModel(example(name), { search: { evaluations: 60, measure: measurer } });
  });

  test("every kernel has a measured time at every point", () => {
    for (const { report } of explained.plans)
      for (const k of report.kernels) for (const c of k.costs) expect(c.measured).toBeGreaterThan(0);
  });

  test("text and page tell them beside the estimates, and every program", () => {
    const text = reportText(explained.report);
    const html = pageHtml(explained).replace(/<script>[\s\S]*<\/script>/, "");
    expect(text + html).not.toMatch(/undefined|NaN|\[object/);
    for (const p of explained.report.plans) {
      const last = p.points.length - 1;
      for (const k of p.kernels) {
        const measured = duration(k.costs[last].measured!);
        expect(html).toContain(`${measured} measured`);
        if (k.costs[last].share > 0.001) expect(text).toContain(`by estimate, ${measured} measured`);
      }
      for (const program of p.measured!.programs ?? [])
        for (const told of [text, html]) expect(told.toLowerCase()).toContain(program.plan);
    }
  });

  test("the program that is taken is the fastest, and the others differ from it", () => {
    for (const { measured } of explained.report.plans) {
      // The example's own sizes may be too large for this machine.
      if (measured!.programs === undefined) expect(measured!.note).toMatch(/GiB of memory|worth it/);
      const [taken, ...others] = measured!.programs ?? [];
      for (const o of others) {
        expect(o.share).toBeGreaterThan(taken.share);
        expect([...o.adds, ...o.lacks].length).toBeGreaterThan(0);
      }
    }
  });
});

test.each(exampleNames)("in %s a kernel has the time of its own call", async (name) => {
  const { hlir } = front(example(name));
  for (const evaluations of [0, 60]) {
    const { plan, points } = await search(hlir, { evaluations });
    const { dims } = points[0];
    // No two calls take the same time, however often they are repeated.
    const secondsOf = (_: unknown, i: number): number => 1000 + i;
    const stepAt = new Map(
      callsOf(schedule(plan), dims).map((c, i) => [c.runs * secondsOf(c, i), c.step!] as const),
    );
    const calls = async (all: readonly KernelCall[]) => all.map(secondsOf);
    const times = await kernelTimes(plan, [dims], { ...measurer, calls });
    expect([...times.keys()]).toEqual(plan.entries.flatMap((e) => [...choicesOf(e.body)]));
    for (const [choice, { seconds, choices }] of times) {
      const step = stepAt.get(seconds[0]);
      if (step?.kind !== "call") throw new Error("no call takes that time");
      expect(choices).toContain(choice);
      expect(step.computes).toContain(choice.root.name ?? "");
    }
  }
});

test("nothing measured is told where nothing was", async () => {
  const { report } = await explainModel(example(exampleNames[0]), { search: { evaluations: 20 } });
  expect(report.plans.every((p) => p.measured === undefined)).toBe(true);
  expect(reportText(report)).not.toContain("measured");
});
