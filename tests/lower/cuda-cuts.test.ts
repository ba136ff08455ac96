/** Which cuts a GPU's kernels may have, and what of a plan that claims another one is told. */
import { describe, expect, test } from "vitest";
import { keySplits, type ProductTile, productCuts, productTiles } from "../../src/ir/cuts.ts";
import {
  choicesOf,
  type EntryPlan,
  type Plan,
  type Schedule,
  scheduleOf,
  storedIn,
} from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { printPlan } from "../../src/ir/plan-print.ts";
import { directPlan, type Policy } from "../../src/lower/direct/direct.ts";
import { attentionOf, totalsOf } from "../../src/lower/plan-attention.ts";
import { cutsOf } from "../../src/lower/plan-cuts.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { scheduleCuda } from "../../src/lower/schedule-cuda.ts";
import { allNodes } from "../../src/search/encode.ts";
import { cudaArchOf } from "../../src/targets/cuda.ts";
import { hlirFromText } from "../emit/from-text.ts";

const modelOf = (body: string) => hlirFromText({ name: "t", body, head: 'import { conv2d } from "std/nn"' });

function planOf(body: string, policy: Policy = {}): Plan {
  const h = modelOf(body);
  const totalOf = totalsOf(allNodes(h));
  return directPlan(h, { attention: (n) => attentionOf(n, h.bounds, totalOf), ...policy });
}

/** Of the first kernel that has any. */
function legal(body: string): Schedule[] {
  const plan = planOf(body);
  const all = plan.entries.flatMap((e) =>
    [...choicesOf(e.body)].map((c) => cutsOf(c, plan.hlir.bounds, storedIn(e))),
  );
  return all.find((list) => list.length > 0) ?? [];
}

const scheduled = (body: string, wanted: Schedule): Plan => planOf(body, { schedule: () => wanted });

/** The plan with the schedule on every kernel of its family, whether it may or not. */
function claimed(body: string, wanted: Schedule): Plan {
  const plan = planOf(body);
  const family = keySplits.some((s) => s === wanted) ? "attention" : "contraction";
  return {
    ...plan,
    entries: plan.entries.map(
      (e): EntryPlan => ({
        ...e,
        body: e.body.map((s) =>
          s.kind === "kernel" && s.choice.implementation.family === family
            ? {
                ...s,
                choice: {
                  ...s.choice,
                  implementation: {
                    ...s.choice.implementation,
                    schedule: wanted,
                  } as typeof s.choice.implementation,
                },
              }
            : s,
        ),
      }),
    ),
  };
}

const product = (a: string, b: string, m: number, n: number, k: number): string =>
  `input x: ${a}[${m}, ${k}]\nweight w: ${b}[${n}, ${k}]\noutput y[i, o] = sum(c) x[i, c] as f32 * w[o, c] as f32`;

const attention = (s: string, n: string): string =>
  [
    `dim s in ${s}`,
    `dim n in ${n}`,
    "input q: bf16[s, 8, 64], k: bf16[n, 2, 64], v: bf16[n, 2, 64]",
    "score[h in 0..8, i, j] = 0.1 * sum(c) q[i, h, c] as f32 * k[j, h / 4, c] as f32",
    "e = exp(score - max(score, axis = -1, keep = true))",
    "total = sum(e, axis = -1)",
    "output o[i, h, c] = (sum(j) e[h, i, j] * v[j, h / 4, c] as f32) / total[h, i]",
  ].join("\n");

const tilesOf = (list: readonly Schedule[]): Schedule[] =>
  list.filter((s) => productTiles.some((t) => t === s));

describe("premises", () => {
  test("tensor cores take factors of 16 bits, bytes and f32 beside them, and f32 in TF32", () => {
    const tiles = productTiles.filter((t) => t !== "streaming");
    const of = (...engines: readonly string[]) =>
      tiles.filter((t) => engines.includes(t.replace(/ \d+x\d+$/, "")));
    const pairs: readonly (readonly [readonly string[], readonly ProductTile[]])[] = [
      [["bf16 bf16", "f16 f16", "f32 bf16", "bf16 f32"], of("tensor cores", "multiply-adds")],
      [["bf16 f8e4m3", "i8 f16", "f8e5m2 f8e4m3", "bf16 u8"], of("tensor cores", "multiply-adds")],
      [["f32 f32"], of("tf32 tensor cores", "multiply-adds")],
      [["f16 f32", "f32 f16", "f32 f8e4m3"], of("multiply-adds")],
    ];
    for (const [types, wanted] of pairs)
      for (const pair of types) {
        const [a, b] = pair.split(" ");
        expect(tilesOf(legal(product(a, b, 64, 64, 512))), pair).toEqual(wanted);
      }
  });

  test("only few rows are streamed", () => {
    expect(legal(product("f32", "f32", 8, 64, 512))).toContain("streaming");
    expect(legal(product("f32", "f32", 9, 64, 512))).not.toContain("streaming");
    expect(
      legal(
        "dim s in 1..9\ninput x: f32[s, 512]\nweight w: f32[64, 512]\noutput y[i, o] = sum(c) x[i, c] * w[o, c]",
      ),
    ).not.toContain("streaming");
  });

  test("no part of a split is empty, and the parts have room", () => {
    const short = legal(product("bf16", "bf16", 64, 64, 256));
    expect(short).toContain("tensor cores 64x64, depth in 4");
    expect(short).not.toContain("tensor cores 64x64, depth in 8");
    expect(short).not.toContain("tensor cores 64x64, depth in 16");
    const wide = legal(product("bf16", "bf16", 2048, 4096, 4096));
    expect(wide).toContain("tensor cores 64x64, depth in 2");
    expect(wide).not.toContain("tensor cores 64x64, depth in 4");
  });

  test("rows few or many, a tile is a tile", () =>
    expect(legal(product("bf16", "bf16", 1, 64, 256))).toContain("tensor cores 128x128"));

  test("windows of an image are cut like other products", () =>
    expect(
      legal(
        "input x: f16[2, 16, 12, 13], k: f16[32, 16, 3, 3]\noutput y = conv2d(x, k, stride = 1, pad = 1)",
      ),
    ).toContain("tensor cores 64x64"));

  test("keys are split where there are as many, and there is room for what the parts sum", () => {
    expect(legal(attention("1..1", "1..2048"))).toEqual(keySplits);
    expect(legal(attention("1..4", "1..60"))).toEqual(["keys in one part", "keys in 2 parts"]);
    expect(legal(attention("1..4096", "1..4096"))).toEqual([
      "keys in one part",
      "keys in 2 parts",
      "keys in 4 parts",
    ]);
  });
});

test("a plan has what is wanted where it may, and says so; the CPU's program knows nothing of it", () => {
  const body = product("bf16", "bf16", 64, 64, 512);
  const plan = scheduled(body, "tensor cores 32x64, depth in 2");
  expect(() => checkPlan(plan, "a test")).not.toThrow();
  expect(printPlan(plan)).toMatch(/schedule "tensor cores 32x64, depth in 2"/);
  expect(printPlan(scheduled(product("f32", "f32", 64, 64, 512), "tensor cores 32x64"))).not.toMatch(
    /schedule/,
  );
  expect(schedule(plan)).toEqual(schedule(planOf(body)));
  const split = scheduled(attention("1..1", "1..2048"), "keys in 8 parts");
  expect(() => checkPlan(split, "a test")).not.toThrow();
  expect(printPlan(split)).toMatch(/attention, .*schedule "keys in 8 parts"/);
});

test.each([
  ["tensor cores 64x64", product("f32", "f32", 64, 64, 512)],
  ["tensor cores 64x64", product("f16", "f32", 64, 64, 512)],
  ["streaming", product("f32", "f32", 9, 64, 512)],
  ["tensor cores 64x64, depth in 8", product("bf16", "bf16", 64, 64, 256)],
  ["multiply-adds 64x64, depth in 16", product("f32", "f32", 4096, 4096, 4096)],
  ["keys in 4 parts", attention("1..4", "1..60")],
  ["keys in 8 parts", attention("1..4096", "1..4096")],
] as const)('a plan that claims "%s" without its premises is refused', (wanted, body) =>
  expect(() => checkPlan(claimed(body, wanted), "a test")).toThrow(`can't have the schedule "${wanted}"`),
);

test("a schedule of another family is none", () => {
  const plan = scheduled(product("bf16", "bf16", 64, 64, 512), "keys in 2 parts");
  expect(plan.entries.flatMap((e) => [...choicesOf(e.body)].flatMap((c) => scheduleOf(c) ?? []))).toEqual([]);
});

test("what was found for a part with more shared memory runs on one with less", () => {
  const plan = scheduled(product("bf16", "f32", 64, 4096, 4096), "tensor cores 16x64");
  const tilingFor = (arch: string) => scheduleCuda(plan, [], cudaArchOf(arch)).kernels[0];
  expect(tilingFor("sm_90a").launch?.tiling).toMatchObject({ engine: "mma", rows: 16 });
  expect(tilingFor("sm_90a").notes.join()).toMatch(/chosen by the search/);
  expect(tilingFor("sm_86").launch?.tiling).not.toMatchObject({ rows: 16 });
  expect(tilingFor("sm_86").notes.join()).toMatch(/by the cost model for sm_86/);
});

test("names are closed sets", () => {
  expect(new Set(productCuts).size).toBe(productTiles.length * 5);
  expect(new Set(keySplits).size).toBe(7);
});
