/** What plans cost on NVIDIA GPUs by the analytic model: which of two ways is cheaper, and what follows from the part. */
import { expect, test } from "vitest";
import { byteSize } from "../../src/ir/dtype.ts";
import { choicesOf, type Plan } from "../../src/ir/plan.ts";
import { directPlan } from "../../src/lower/direct/direct.ts";
import { coresFor, quickestCut } from "../../src/lower/schedule-cuda/tiles.ts";
import { scheduleCuda } from "../../src/lower/schedule-cuda.ts";
import { planCost } from "../../src/search/cost.ts";
import { cudaMachine } from "../../src/search/cost-cuda.ts";
import { onePassPlan } from "../../src/search/one-pass.ts";
import { pointsOf } from "../../src/search/points.ts";
import { search } from "../../src/search/search.ts";
import { cuda, cudaArchOf, cudaArchs } from "../../src/targets/cuda.ts";
import { hlirFromText } from "../emit/from-text.ts";

const sm90 = cudaArchOf("sm_90a");
const machine = cudaMachine(sm90);

const hlirOf = (body: string) => hlirFromText({ name: "m", body });
const secondsOf = (plan: Plan, m = machine): number => {
  const { bounds } = pointsOf(plan.hlir.bounds).at(-1)!;
  return planCost(plan, m, bounds).seconds;
};
const directSeconds = (body: string, m = machine): number => secondsOf(directPlan(hlirOf(body)), m);

const product = (T: string, m: number, n: number, k: number): string =>
  `input x: ${T}[${m}, ${k}]\nweight w: ${T}[${n}, ${k}]\noutput y[i, o] = (sum(c) x[i, c] as f32 * w[o, c] as f32) as ${T}`;

const attention = (T: string, s: string, D: number): string =>
  [
    "dim n in 1..4096",
    `input q: ${T}[${s}, 32, ${D}], k: ${T}[n, 8, ${D}], v: ${T}[n, 8, ${D}]`,
    "score[h in 0..32, i, j] = 0.1 * sum(c) q[i, h, c] as f32 * k[j, h / 4, c] as f32",
    "e = exp(score - max(score, axis = -1, keep = true))",
    "p = e / sum(e, axis = -1, keep = true)",
    `output o[i, h, c] = (sum(j) p[h, i, j] * v[j, h / 4, c] as f32) as ${T}`,
  ].join("\n");

const familiesOf = (plan: Plan): string[] =>
  plan.entries.flatMap((e) => [...choicesOf(e.body)].map((c) => c.implementation.family));

test("tensor cores make large products cheaper, and bytes decide over small ones", () => {
  expect(directSeconds(product("bf16", 4096, 4096, 4096))).toBeLessThan(
    directSeconds(product("f32", 4096, 4096, 4096)) / 4,
  );
  const row = directSeconds(product("bf16", 1, 4096, 4096));
  expect(row).toBeGreaterThan((4096 * 4096 * 2) / sm90.memoryBytesPerSecond);
  expect(directSeconds(product("bf16", 1, 8192, 4096))).toBeGreaterThan(row * 1.5);
});

test("a product costs the more the smaller the part", () => {
  for (const body of [product("bf16", 1, 8192, 8192), product("bf16", 8192, 8192, 8192)])
    expect(directSeconds(body, cudaMachine(cudaArchOf("sm_80")))).toBeGreaterThan(directSeconds(body));
});

test("sums are split where tiles are few, and not where they fill the device", () => {
  const cut = (m: number, n: number, k: number) =>
    quickestCut(
      {
        batch: 1,
        m,
        n,
        k,
        aBytes: 2,
        bBytes: 2,
        onCores: true,
        asTf32: false,
        alongK: true,
        computed: false,
      },
      sm90,
    );
  expect(cut(128, 1024, 16384).parts).toBeGreaterThan(1);
  expect(cut(8192, 8192, 8192).parts).toBe(1);
  expect(cut(1, 128256, 4096)).toMatchObject({ parts: 1, shape: { engine: "skinny" } });
  expect(cut(4096, 4096, 4096).shape.engine).toBe("mma");
});

test("tiles that need one wave more cost more than their operations", () => {
  const p = {
    batch: 1,
    n: 128,
    k: 8192,
    aBytes: 2,
    bBytes: 2,
    onCores: true,
    asTf32: false,
    alongK: true,
    computed: false,
  };
  const share = (rows: number) => quickestCut({ ...p, m: rows }, sm90, 1).seconds / rows;
  const full = 128 * sm90.multiprocessors;
  expect(share(full + 1)).toBeGreaterThan(share(full));
});

test("one pass is cheaper than three kernels, and impossible for wide heads", () => {
  for (const s of ["1", "512"]) {
    const h = hlirOf(attention("bf16", s, 128));
    const plan = onePassPlan(h, cuda.attentionWidth);
    expect(familiesOf(plan)).toEqual(["attention"]);
    expect(secondsOf(plan)).toBeLessThan(secondsOf(directPlan(h)));
  }
  const wide = hlirOf(attention("bf16", "512", 320));
  expect(familiesOf(onePassPlan(wide, cuda.attentionWidth))).not.toContain("attention");
  expect(secondsOf(onePassPlan(wide, 4096))).toBe(Infinity);
});

test("the search finds one pass by these costs", async () => {
  const found = await search(hlirOf(attention("bf16", "1", 64)), { machine, evaluations: 60 });
  expect(familiesOf(found.plan)).toEqual(["attention"]);
  expect(found.share).toBeLessThan(1);
});

test("a rounding between softmax and its weighted sum is left out, values beyond it aren't", () => {
  const h = hlirOf(attention("bf16", "8", 64));
  const rounded = hlirOf(
    attention("bf16", "8", 64)
      .replace("p = e / sum(e, axis = -1, keep = true)", "p = (e / sum(e, axis = -1, keep = true)) as bf16")
      .replace("p[h, i, j] *", "p[h, i, j] as f32 *"),
  );
  expect(familiesOf(onePassPlan(h, 256))).toEqual(["attention"]);
  expect(familiesOf(onePassPlan(rounded, 256))).toEqual(["attention"]);
  const other = hlirOf(attention("bf16", "8", 64).replace("e / sum(e,", "e / sum(e * e,"));
  expect(familiesOf(onePassPlan(other, 256))).not.toContain("attention");
});

test.each(cudaArchs.map((a) => [a.name, a] as const))(
  "what is chosen for %s fits its shared memory",
  (_, arch) => {
    for (const m of [1, 2, 7, 8, 16, 40, 500, 5000])
      for (const [a, b] of [
        ["bf16", "bf16"],
        ["f32", "f32"],
        ["f32", "bf16"],
        ["bf16", "f32"],
      ] as const) {
        const sizes = { batch: 1, m, n: 4096, k: 4096, alongK: true, computed: a === "f32" };
        const p = { ...sizes, aBytes: byteSize(a), bBytes: byteSize(b), ...coresFor(a, b) };
        expect(quickestCut(p, arch).shape.sharedBytes).toBeLessThanOrEqual(arch.sharedBytesPerBlock);
      }
    for (const T of ["f32", "bf16"])
      for (const s of ["1", "4", "512"])
        for (const D of [16, 64, 128, 200, 256]) {
          const plan = onePassPlan(hlirOf(attention(T, s, D)), cuda.attentionWidth);
          const [first] = scheduleCuda(plan, [], arch).kernels;
          expect(first.launch?.tiling?.engine).toBe("attention");
          expect(attentionBytes(first.launch!.tiling!.shape)).toBeLessThanOrEqual(arch.sharedBytesPerBlock);
        }
  },
);

/** As `shared_bytes()` of the shapes in attention.cuh has it. */
function attentionBytes(shape: string): number {
  const [d, dv, ...form] = [...shape.matchAll(/\d+/g)].map(Number);
  if (shape.startsWith("lum::Mma")) {
    const [queries, parts, keys] = form;
    return Math.max(2 * (16 * queries * d + 2 * parts * keys * (d + dv)), 64 * parts * queries * (dv + 8));
  }
  const [queries, parts] = form;
  const tiles = queries * (d + 1) + 32 * parts * (d + 1 + dv) + parts * queries * 33;
  return 4 * Math.max(tiles, parts * queries * (dv + 2));
}
