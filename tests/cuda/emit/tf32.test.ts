/** Products of f32 are rounded to TF32 where that was allowed, and nowhere else; run by the SIMT layer. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import { choicesOf, type Plan, storedIn } from "../../../src/ir/plan.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { cudaMachine } from "../../../src/search/cost-cuda.ts";
import { cudaArchOf, defaultCudaArch } from "../../../src/targets/cuda.ts";
import { compareValues } from "../../../src/verify.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import type { KernelCase } from "../../emit/kernel-cases.ts";
import { mergedPlan } from "../../emit/merged-cases.ts";
import { randomInputs, randomWeights } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { cudaWriter } from "./writer.ts";

const exact = cudaArchOf(defaultCudaArch);
const rounded = cudaArchOf(defaultCudaArch, ["tf32"]);

type Tf32Case = Omit<KernelCase, "dims"> & {
  /** Engines of its products without and with permission. */
  readonly engines: readonly [string, string];
  readonly plan?: (h: Hlir) => Plan;
};

const dims = { s: 67 };

const cases: readonly Tf32Case[] = [
  {
    name: "f32 with f32",
    body: "dim s in 1..70\ninput x: f32[s, 300]\nweight w: f32[72, 300]\noutput y[i, o] = sum(c) x[i, c] * w[o, c]",
    engines: ["fma", "tf32"],
  },
  {
    name: "a computed factor with a turned one",
    body: "dim s in 1..70\ninput x: f32[s, 301], g: f32[301]\nweight w: f32[301, 41]\nu[i, c] = x[i, c] * g[c]\noutput y[i, o] = sum(c) exp(u[i, c]) * w[c, o]",
    engines: ["fma", "tf32"],
  },
  {
    name: "beside each other",
    body: "dim s in 1..70\ninput x: f32[s, 96]\nweight w: f32[40, 96], v: f32[40, 96]\na[i, o] = sum(c) x[i, c] * w[o, c]\nb[i, o] = sum(c) x[i, c] * v[o, c]\noutput y[i, o] = a[i, o] * b[i, o]",
    engines: ["fma", "tf32"],
    plan: mergedPlan,
  },
  {
    name: "bf16 with bf16",
    body: "dim s in 1..70\ninput x: bf16[s, 96]\nweight w: bf16[40, 96]\noutput y[i, o] = sum(c) x[i, c] as f32 * w[o, c] as f32",
    engines: ["mma", "mma"],
  },
  {
    name: "f32 with bf16",
    body: "dim s in 1..70\ninput x: f32[s, 96]\nweight w: bf16[40, 96]\noutput y[i, o] = sum(c) x[i, c] * w[o, c] as f32",
    engines: ["mma", "mma"],
  },
  {
    name: "f16 with f32, which has no form of both",
    body: "dim s in 1..70\ninput x: f16[s, 96]\nweight w: f32[40, 96]\noutput y[i, o] = sum(c) x[i, c] as f32 * w[o, c]",
    engines: ["fma", "fma"],
  },
];

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const engines = new Map<string, string[]>();

beforeAll(() => {
  for (const c of cases) {
    const h = hlirFromText(c);
    models.set(c.name, h);
    const p = (c.plan ?? ((x) => plan(x, { search: "direct" })))(h);
    const programs = [exact, rounded].map((arch) => scheduleCuda(p, [], arch));
    engines.set(
      c.name,
      programs.flatMap(({ kernels }) => [...new Set(kernels.flatMap((k) => k.launch?.tiling?.engine ?? []))]),
    );
    programs.forEach((program, i) => bundle.add(`${c.name} ${i}`, program));
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

describe.each(cases.map((c) => [c.name, c] as const))("%s", (name, c) => {
  test("has the engine that its factors and the permission give", () => {
    expect(engines.get(name)).toEqual(c.engines);
  });

  test("is rounded as TF32 is, with permission only", () => {
    const h = models.get(name)!;
    const [entry] = h.entries;
    const [inputs, weights] = [randomInputs(entry, dims, { seed: 3, below: 2 }), randomWeights(h, dims)];
    const { y } = interpret(h, entry.name, { dims, inputs, weights }).outputs;
    const [without, withIt] = [0, 1].map((i) => {
      const got = bundle.run(`${name} ${i}`, entry.name, { dims, inputs, weights }).outputs;
      return compareValues(got.y.data, y.data).maxRelative;
    });
    expect(without).toBeLessThan(1e-5);
    if (c.engines[1] === "tf32") {
      expect(withIt).toBeGreaterThan(2e-5);
      expect(withIt).toBeLessThan(2 ** -9);
    } else expect(withIt).toBe(without);
  });

  test("offers the search what is allowed", () => {
    const h = models.get(name)!;
    const p = plan(h, { search: "direct" });
    const offered = (machine: ReturnType<typeof cudaMachine>): string[] =>
      p.entries.flatMap((e) =>
        [...choicesOf(e.body)].flatMap((x) => machine.schedulesOf!(x, h.bounds, storedIn(e))),
      );
    expect(offered(cudaMachine(exact)).filter((s) => s.startsWith("tf32"))).toEqual([]);
    const found = offered(cudaMachine(rounded)).filter((s) => s.startsWith("tf32"));
    expect(found.length > 0).toBe(c.engines[1] === "tf32");
  });
});
