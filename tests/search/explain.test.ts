/** What `lumc explain` and `lumc dump --stage egraph` say of the examples. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type ExplainedModel, explainModel } from "../../src/explain/explain.ts";
import { modelGraph, planGraph } from "../../src/explain/graphs.ts";
import { layered } from "../../src/explain/layout.ts";
import { pageHtml } from "../../src/explain/page.ts";
import { reportText } from "../../src/explain/text.ts";
import { duration, lossText, scaled } from "../../src/explain/units.ts";
import { choicesOf } from "../../src/ir/plan.ts";
import { compile, front } from "../../src/pipeline.ts";
import { cudaMachine } from "../../src/search/cost-cuda.ts";
import { dumpEGraph, egraphText } from "../../src/search/egraph-text.ts";
import { allRules } from "../../src/search/rules.ts";
import { tracing } from "../../src/search/trace.ts";
import { cudaArchOf } from "../../src/targets/cuda.ts";
import { h100 } from "../../src/targets/gpu-machines.ts";
import { example, exampleNames } from "./examples.ts";

const ruleNames = new Set([...allRules().matchAll(/:name "([^"]+)"/g)].map((m) => m[1]));

describe.each(exampleNames)("%s", (name) => {
  let direct: ExplainedModel;
  let searched: ExplainedModel;
  beforeAll(async () => {
    direct = await explainModel(example(name), {});
    searched = await explainModel(example(name), { search: { evaluations: 150 } });
  });

  test("the direct plan is explained as it is compiled", () => {
    const { plan } = compile(example(name));
    const roots = plan.entries.flatMap((e) => [...choicesOf(e.body)].map((c) => c.implementation.family));
    const [p] = direct.report.plans;
    expect(direct.report.plans).toHaveLength(1);
    expect(p.kernels.map((k) => k.family.split(" ")[0])).toEqual(roots);
    expect(p.taken).toEqual([]);
    expect(p.share).toBe(1);
  });

  test("so is the one of a GPU, with the buckets that it has by itself", async () => {
    const { plan, buckets } = compile(example(name), { target: "cuda" });
    const { report } = await explainModel(example(name), { target: "cuda", machine: h100 });
    const families = [plan, ...buckets.map((b) => b.plan)].map((p) =>
      p.entries.flatMap((e) => [...choicesOf(e.body)].map((c) => c.implementation.family)).sort(),
    );
    expect(report.plans.map((p) => p.kernels.map((k) => k.family.split(" ")[0]).sort())).toEqual(families);
  });

  test("kernels take the plan's time, none less than the machine needs", () => {
    for (const { report } of [...direct.plans, ...searched.plans])
      for (const [i, point] of report.points.entries()) {
        const seconds = report.kernels.reduce((sum, k) => sum + k.costs[i].seconds, 0);
        expect(seconds / point.seconds).toBeCloseTo(1, 6);
        expect(report.kernels.reduce((sum, k) => sum + k.costs[i].share, 0)).toBeCloseTo(1, 6);
        for (const k of report.kernels) {
          expect(k.costs[i].ofLimit).toBeGreaterThanOrEqual(0);
          expect(k.costs[i].ofLimit).toBeLessThanOrEqual(1);
        }
      }
  });

  test("runners-up come the nearest first, with rules that exist, and read differently", () => {
    for (const p of searched.report.plans) {
      const shares = p.rejected.map((r) => r.share ?? Infinity);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect(new Set(p.rejected.map((r) => r.text)).size).toBe(p.rejected.length);
      expect(p.rejected.length).toBeGreaterThan(0);
      for (const r of [...p.rejected, ...p.taken])
        for (const rule of r.rules) expect(ruleNames).toContain(rule);
      for (const k of p.kernels) for (const r of k.rejected) expect(p.rejected).toContainEqual(r);
    }
  });

  test("text has every kernel with its line", () => {
    const text = reportText(searched.report);
    for (const p of searched.report.plans)
      for (const k of p.kernels) {
        expect(text).toContain(k.place);
        expect(text).toContain(k.computes);
      }
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });

  test("the page is one file that loads nothing, with a row and a box for each kernel", () => {
    const html = pageHtml(searched);
    expect(/https?:|url\(|@import|<link|<img|src=/.exec(html)?.[0]).toBeUndefined();
    const [, script] = /<script>([\s\S]*)<\/script>/.exec(html)!;
    expect(() => new Function(script)).not.toThrow();
    expect(/undefined|NaN|\[object/.exec(html.replace(script, ""))?.[0]).toBeUndefined();
    for (const [i, p] of searched.report.plans.entries()) {
      const rows = html.match(new RegExp(`id="plan${i}-kernel\\d+"`, "g")) ?? [];
      expect(rows).toHaveLength(p.kernels.length);
      const boxes = html.match(new RegExp(`id="${i}-after-k\\d+"`, "g")) ?? [];
      expect(boxes).toHaveLength(p.kernels.length);
    }
    for (const tag of ["details", "section", "table", "svg", "div", "g", "span"])
      expect((html.match(new RegExp(`<${tag}[ >]`, "g")) ?? []).length, tag).toBe(
        (html.match(new RegExp(`</${tag}>`, "g")) ?? []).length,
      );
  });

  test("both graphs have a path for every kernel's input and an operation for what is computed", () => {
    for (const { plan, report, model, kernelOf } of searched.plans) {
      const after = planGraph(plan, report.kernels, 0);
      expect(after.boxes.filter((b) => b.look === "kernel")).toHaveLength(report.kernels.length);
      const before = modelGraph(model, kernelOf);
      const used = new Set(before.boxes.flatMap((b) => (b.kernel === undefined ? [] : [b.kernel])));
      expect(used.size).toBeGreaterThan(0);
      for (const g of [before, after]) {
        const ids = new Set(g.boxes.map((b) => b.id));
        expect(ids.size).toBe(g.boxes.length);
        for (const e of g.edges) expect(ids.has(e.from) && ids.has(e.to)).toBe(true);
      }
    }
  });

  test("the e-graph's dump is stable, and every term in it has a rule", async () => {
    const model = front(example(name)).hlir;
    const [a, b] = [await dumpEGraph(model), await dumpEGraph(front(example(name)).hlir)];
    expect(egraphText(b)).toBe(egraphText(a));
    expect(b).toEqual(a);
    const made = a.classes.flatMap((c) => c.candidates.filter((x) => x.from === "rules"));
    expect(made.length).toBeGreaterThan(0);
    for (const c of made) {
      expect(c.rules, c.text).not.toEqual([]);
      for (const rule of c.rules) expect(ruleNames).toContain(rule);
    }
  });
});

test("angle brackets of the model are text on the page", async () => {
  const text = `model M {
  dim s in 1..8
  input x: f32[s, 4]
  output y[i, j] = where(x[i, j] < 0.0 and x[i, j] > -1.0, exp(x[i, j]), x[i, j])
}
`;
  const html = pageHtml(await explainModel({ path: "<b>.lum", text }, {}));
  expect(html.includes("where(x[i, j] &lt; 0.0 and x[i, j] &gt; -1.0")).toBe(true);
  expect(html.includes("&lt;b&gt;.lum")).toBe(true);
  expect(html.includes("<b>.lum")).toBe(false);
});

test("tracing leaves the rules what they were", () => {
  const traced = tracing(allRules());
  const names = (text: string) => [...text.matchAll(/:name "([^"]+)"/g)].map((m) => m[1]);
  expect(names(traced)).toEqual(names(allRules()));
  expect(traced).toContain('(made-Binary "mul" r (View b v) "scale-after-sum")');
  expect(traced).toContain('(joined-by e "plus-zero")');
  expect(() => tracing("(rule (a")).toThrow("bracket");
});

test("boxes don't overlap, and edges lead down", () => {
  const graphs = fc.integer({ min: 1, max: 30 }).chain((count) =>
    fc.record({
      sizes: fc.array(fc.tuple(fc.integer({ min: 20, max: 200 }), fc.integer({ min: 10, max: 90 })), {
        minLength: count,
        maxLength: count,
      }),
      edges: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 60 }),
    }),
  );
  fc.assert(
    fc.property(graphs, ({ sizes, edges }) => {
      const boxes = sizes.map(([width, height], i) => ({ id: `b${i}`, width, height }));
      const down = edges.filter(([a, b]) => a < b).map(([a, b]) => ({ from: `b${a}`, to: `b${b}` }));
      const layout = layered(boxes, down);
      const at = (id: string) => layout.boxes.get(id)!;
      for (const e of down) expect(at(e.from).y).toBeLessThan(at(e.to).y);
      for (const a of boxes)
        for (const b of boxes) {
          if (a === b) continue;
          const apart =
            Math.abs(at(a.id).x - at(b.id).x) >= (a.width + b.width) / 2 ||
            Math.abs(at(a.id).y - at(b.id).y) >= (a.height + b.height) / 2;
          expect(apart, `${a.id} and ${b.id}`).toBe(true);
        }
      for (const b of boxes) {
        expect(at(b.id).x - b.width / 2).toBeGreaterThanOrEqual(0);
        expect(at(b.id).x + b.width / 2).toBeLessThanOrEqual(layout.width);
        expect(at(b.id).y + b.height / 2).toBeLessThanOrEqual(layout.height);
      }
    }),
  );
});

test("numbers as people read them", () => {
  expect([0, 12, 999, 1000, 1.5e6, 2.25e12].map((x) => scaled(x, "B"))).toEqual([
    "0 B",
    "12.0 B",
    "999 B",
    "1.00 kB",
    "1.50 MB",
    "2.25 TB",
  ]);
  expect([2e-6, 1.5e-3, 2.5, 1060].map(duration)).toEqual(["2.00 µs", "1.50 ms", "2.50 s", "1060 s"]);
  expect([1, 1.05, 0.995, undefined].map(lossText)).toEqual(["same", "+5.0 %", "−0.50 %", "impossible"]);
});

test("on a GPU it is said where attention is too wide for one pass, and nowhere else", async () => {
  const storedFor = async (width: number): Promise<string[]> => {
    const of = `bf16[4, s, ${width}]`;
    const text = `import { attention } from "std/nn"
model Wide {
  dim s in 1..512
  input q: ${of}, k: ${of}, v: ${of}
  output y = attention(q, k, v, causal_from = 0)
}
`;
    const machine = cudaMachine(cudaArchOf("sm_90a"));
    const { report } = await explainModel({ path: "wide.lum", text }, { target: "cuda", machine });
    return report.plans.flatMap((p) => p.kernels.map((k) => k.stored));
  };
  const said = (await storedFor(512)).filter((text) => text.includes("one pass"));
  expect(said).toEqual([
    "the attention is not computed in one pass: its queries or values have 512 elements, the kernel has room for 256",
  ]);
  expect((await storedFor(256)).filter((text) => text.includes("one pass"))).toEqual([]);
});
