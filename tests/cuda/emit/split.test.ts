/** Products whose summed axis is split, and few rows for each of a batch, against the interpreter, every access watched. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hlir } from "../../../src/ir/hlir.ts";
import type { Kernel } from "../../../src/ir/kernel.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import type { KernelCase } from "../../emit/kernel-cases.ts";
import { randomInputs, randomWeights } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { cudaWriter } from "./writer.ts";

type SplitCase = KernelCase & {
  /** Of the product's engine, and whether its sum is in parts. */
  readonly engine: string;
  readonly parts: boolean;
};

const product = (T: string, m: string, n: number, k: number, more = ""): string =>
  [
    ...(m === "s" ? ["dim s in 1..70"] : []),
    `input x: ${T}[${m}, ${k}]`,
    `weight w: ${T}[${n}, ${k}]`,
    `input r: f32[${m}, ${n}]`,
    `output y[i, o] = max(sum(c) x[i, c] as f32 * w[o, c] as f32 + r[i, o], 0.0)${more}`,
  ].join("\n");

const sized = { dims: { s: 35 } };

const cases: readonly SplitCase[] = [
  { name: "f32 tiles", body: product("f32", "s", 37, 4001), ...sized, engine: "fma", parts: true },
  { name: "bf16 tiles", body: product("bf16", "s", 72, 4096), ...sized, engine: "mma", parts: true },
  {
    name: "f16 tiles, an odd depth",
    body: product("f16", "s", 40, 4003),
    ...sized,
    engine: "mma",
    parts: true,
  },
  { name: "f32 row", body: product("f32", "1", 4, 60000), engine: "skinny", parts: true },
  { name: "bf16 rows", body: product("bf16", "3", 3, 60008), engine: "skinny", parts: true },
  { name: "f16 row of odd length", body: product("f16", "1", 5, 60001), engine: "skinny", parts: true },
  { name: "f32 row, enough columns", body: product("f32", "1", 3000, 40), engine: "skinny", parts: false },
  {
    name: "turned right factor",
    body: "input x: f32[2, 30000]\nweight w: f32[30000, 44]\noutput y[i, o] = sum(c) x[i, c] * w[c, o]",
    engine: "skinny",
    parts: true,
  },
  {
    name: "a batch of products",
    body: "dim s in 1..40\ninput x: f16[3, 3000, s], z: f16[3, 3000, 41]\noutput y[b, i, o] = sum(c) x[b, c, i] as f32 * z[b, c, o] as f32",
    dims: { s: 21 },
    engine: "mma",
    parts: true,
  },
  {
    name: "a batch of rows",
    body: "dim n in 1..50\ninput q: f32[6, 33], z: f32[n, 3, 33]\noutput y[h, j] = 0.5 * (sum(c) q[h, c] * z[j, h / 2, c])",
    dims: { n: 47 },
    engine: "skinny",
    parts: false,
  },
  {
    name: "a computed factor",
    body: "input x: f32[2, 40000], g: f32[40000]\nweight w: f32[3, 40000]\nu[i, c] = x[i, c] * g[c]\noutput y[i, o] = sum(c) exp(u[i, c]) * w[o, c]",
    engine: "skinny",
    parts: true,
  },
  {
    name: "windows of bf16",
    head: 'import { conv2d } from "std/nn"',
    body: "input x: bf16[2, 16, 13, 11], k: bf16[24, 16, 3, 3]\noutput y = conv2d(x, k, pad = 1, stride = 2)",
    engine: "mma",
    parts: false,
    tolerance: 2 ** -8,
  },
  {
    name: "windows of f16, many channels, in parts",
    head: 'import { conv2d } from "std/nn"',
    body: "input x: f16[1, 520, 6, 7], k: f16[12, 520, 3, 2]\noutput y = conv2d(x, k, pad = 1, dilation = 2)",
    engine: "mma",
    parts: true,
    tolerance: 2 ** -10,
  },
  {
    name: "windows of f32, many channels, in parts",
    head: 'import { conv2d } from "std/nn"',
    body: "input x: f32[2, 300, 9, 8], k: f32[20, 300, 3, 3]\noutput y = conv2d(x, k, pad = 1)",
    engine: "fma",
    parts: true,
  },
  {
    name: "windows of f32 and filters of bf16",
    head: 'import { conv1d } from "std/nn"',
    body: "dim n in 1..90\ninput x: f32[2, 24, n]\nweight k: bf16[32, 24, 3]\noutput y[b, f, i in 0..n] = sum(c, r in 0..3) x[b, c, i + r - 1 else 0] * k[f, c, r] as f32",
    dims: { n: 77 },
    engine: "mma",
    parts: false,
    tolerance: 1e-5,
  },
  {
    name: "windows beside few filters",
    body: "input x: f32[1, 3, 20, 17]\nweight k: f32[4, 3, 3, 3]\noutput y[n, f, y in 0..18, z in 0..15] = sum(c, r in 0..3, s in 0..3) x[n, c, y + r, z + s] * k[f, c, r, s]",
    engine: "skinny",
    parts: false,
  },
  {
    name: "channels last, the image on the left",
    body: "input x: bf16[2, 12, 14, 20]\nweight k: bf16[3, 3, 20, 32]\noutput y[n, p in 0..12, q in 0..14, f] = sum(c, r in 0..3, s in 0..3) x[n, p + r - 1, q + s - 1, c else 0] as f32 * k[r, s, c, f] as f32",
    engine: "fma",
    parts: false,
  },
  {
    name: "f32 rows and weights of bf16, on tensor cores in two parts",
    body: "dim s in 1..90\ninput x: f32[s, 75], g: f32[75]\nweight w: bf16[40, 75]\nu[i, c] = x[i, c] * g[c]\noutput y[i, o] = sum(c) u[i, c] * w[o, c] as f32",
    dims: { s: 85 },
    engine: "mma",
    parts: false,
    tolerance: 1e-5,
  },
  {
    name: "weights of attention and values of bf16, in parts",
    body: "dim n in 1..5000\ninput p: f32[3, 20, n], v: bf16[n, 3, 24]\noutput y[i, h, c] = sum(j) p[h, i, j] * v[j, h, c] as f32",
    dims: { n: 4001 },
    engine: "mma",
    parts: true,
    tolerance: 1e-5,
  },
  {
    name: "f32 beside f16 stays in f32",
    body: "input x: f32[50, 75]\nweight w: f16[40, 75]\noutput y[i, o] = sum(c) x[i, c] * w[o, c] as f32",
    engine: "fma",
    parts: false,
  },
  {
    name: "a row repeated",
    body: "input x: f32[50000]\nweight w: f32[5, 50000]\noutput y[i in 0..33, o] = (sum(c) x[c] * w[o, c]) * (i as f32)",
    engine: "skinny",
    parts: true,
  },
];

/** One value of very many terms; `m` mixes two folds of one loop. */
const folds: readonly KernelCase[] = [
  { name: "sum of all", body: "dim s in 1..70\ninput x: f32[s, 1003]\noutput y = sum(x)", dims: { s: 66 } },
  {
    name: "sum of few of many",
    body: "dim s in 1..900\ninput x: f32[s, 96]\noutput y = 2.0 * sum(x)",
    dims: { s: 3 },
  },
  {
    name: "sum of vectors",
    body: "dim s in 1..900\ninput x: bf16[s, 96]\noutput y = sum(x as f32)",
    dims: { s: 511 },
  },
  {
    name: "greatest of a turned tensor",
    body: "dim s in 1..200\ninput x: f16[s, 301]\noutput y = max(i, j) abs(x[j, i] as f32)",
    dims: { s: 190 },
  },
  { name: "a mean", body: "input x: f32[40000]\noutput y = mean(x^2)" },
];

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const kernels = new Map<string, readonly Kernel[]>();

beforeAll(() => {
  for (const c of [...cases, ...folds]) {
    const h = hlirFromText(c);
    const program = scheduleCuda(plan(h, { search: "direct" }));
    models.set(c.name, h);
    kernels.set(c.name, program.kernels);
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test.each(cases.map((c): [string, SplitCase] => [c.name, c]))("%s", (name, c) => {
  const h = models.get(name)!;
  const tiling = kernels.get(name)!.flatMap((k) => k.launch?.tiling ?? [])[0];
  expect(tiling.engine, tiling.shape).toBe(c.engine);
  expect(kernels.get(name)!.some((k) => k.name.endsWith("_parts"))).toBe(c.parts);
  const dims = c.dims ?? {};
  const entry = h.entries[0];
  const inputs = randomInputs(entry, dims, { seed: 3, below: 4 });
  const weights = randomWeights(h, dims);
  const wanted = interpret(h, entry.name, { dims, inputs, weights }).outputs.y;
  const once = bundle.run(name, entry.name, { dims, inputs, weights }).outputs.y;
  expectClose("y", once, wanted, c.tolerance ?? 1e-4);
  const again = bundle.run(name, entry.name, { dims, inputs, weights }).outputs.y;
  expect([...again.data]).toEqual([...once.data]);
});

test.each(folds.map((c): [string, KernelCase] => [c.name, c]))("%s", (name, c) => {
  const h = models.get(name)!;
  expect(kernels.get(name)!.map((k) => k.name)).toEqual(["y_parts", "y"]);
  const dims = c.dims ?? {};
  const inputs = randomInputs(h.entries[0], dims, { seed: 3, below: 4 });
  const wanted = interpret(h, "forward", { dims, inputs }).outputs.y;
  const once = bundle.run(name, "forward", { dims, inputs }).outputs.y;
  expectClose("y", once, wanted, 1e-4);
  expect([...bundle.run(name, "forward", { dims, inputs }).outputs.y.data]).toEqual([...once.data]);
});
