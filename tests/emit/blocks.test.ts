/** Kernels that read across what they write: which go through blocks, and that blocks miss and repeat nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kernelSource } from "../../src/emit/kernels/source.ts";
import { workOf } from "../../src/emit/work.ts";
import { type DType, dtypes } from "../../src/ir/dtype.ts";
import type { Program } from "../../src/ir/llir.ts";
import { interpret } from "../../src/lower/interpret.ts";
import { plan } from "../../src/lower/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { hlirFromText } from "./from-text.ts";
import { randomInputs } from "./random-tensors.ts";
import { Bundle } from "./run-kernels.ts";

const programOf = (body: string): Program =>
  schedule(plan(hlirFromText({ name: "blocks", body }), { search: "direct" }));

const sourceOf = (body: string): string => programOf(body).kernels.map(kernelSource).join("\n");

describe("what goes through blocks", () => {
  const across: readonly [string, string][] = [
    ["a matrix, turned", "input x: f32[200, 100]\noutput y[j, i] = x[i, j]"],
    ["of any number of rows", "dim n in 1..300\ninput x: u8[n, 100]\noutput y[j, i] = x[i, j]"],
    ["channels brought last", "input x: f32[2, 64, 9, 9]\noutput y[n, h, w, c] = x[n, c, h, w] + 1.0"],
    ["heads apart, elements before tokens", "input x: bf16[90, 4, 64]\noutput y[h, d, t] = x[t, h, d]"],
    ["one of two factors", "input x: f32[70, 70], z: f32[70, 70]\noutput y[i, j] = z[i, j] * x[j, i]"],
    ["across an axis between", "input x: f32[40, 9, 50]\noutput y[k, m, i] = x[i, m, k]"],
  ];
  test.each(across)("%s", (_, body) => {
    const text = sourceOf(body);
    expect(text).toMatch(/for \(i64 \w+_block = /);
    expect(text).toContain("Reads across what it writes");
  });

  const along: readonly [string, string][] = [
    ["what is read as it is written", "input x: f32[200, 100]\noutput y[i, j] = x[i, j] + 1.0"],
    ["rows in another order", "input x: f32[50, 8, 64]\noutput y[h, t, d] = x[t, h, d]"],
    ["a column for all", "input x: f32[200, 100], b: f32[90]\noutput y[j, i] = b[i] + x[0, j]"],
    ["three interleaved channels", "input x: f32[500, 3]\noutput y[c, i] = x[i, c]"],
    ["what fits into a few lines", "input x: f32[7, 90]\noutput y[j, i] = x[i, j]"],
    ["indices from data", "input x: f32[64, 80], t: i32[64]\noutput y[j, i] = x[t[i], j]"],
  ];
  test.each(along)("not %s", (_, body) => expect(sourceOf(body)).not.toContain("_block"));

  test("a block counts its own iterations", () => {
    const [turned] = programOf("input x: f32[512, 512]\noutput y[j, i] = x[i, j]").kernels;
    const [straight] = programOf("input x: f32[512, 512]\noutput y = x + 1.0").kernels;
    expect(workOf(turned)).toBe(workOf(straight));
  });
});

const turned = (dtype: DType): string =>
  `dim n in 1..200\ninput x: ${dtype}[n, 3, 131]\noutput y[j, k, i] = x[i, k, j]`;

describe("what comes out of blocks", () => {
  const bundle = new Bundle();
  const models = new Map(dtypes.map((t) => [t, hlirFromText({ name: `turned-${t}`, body: turned(t) })]));
  beforeAll(() => {
    for (const [t, h] of models) bundle.add(t, schedule(plan(h, { search: "direct" })));
    bundle.compile();
  }, 600_000);
  afterAll(() => bundle.remove());

  test.each(dtypes)("is turned, of %s, at sizes with and without a rest", (t) => {
    const h = models.get(t)!;
    const [entry] = h.entries;
    for (const n of [1, 7, 8, 9, 64, 131]) {
      const inputs = randomInputs(entry, { n }, { seed: n, below: 100 });
      const wanted = interpret(h, entry.name, { dims: { n }, inputs }).outputs.y;
      const { y } = bundle.run(t, entry.name, { dims: { n }, inputs }).outputs;
      expect(y.shape).toEqual([131, 3, n]);
      expect(y.data).toEqual(wanted.data);
    }
  });
});
