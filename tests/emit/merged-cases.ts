/** Models whose products share a left factor, with the names of what one kernel must store of them. */
import type { Hlir } from "../../src/ir/hlir.ts";
import type { Plan } from "../../src/ir/plan.ts";
import { directPlan } from "../../src/lower/direct/direct.ts";
import type { KernelCase } from "./kernel-cases.ts";

export type MergedCase = KernelCase & {
  readonly dims: Readonly<Record<string, number>>;
  /** How many products the kernel has. */
  readonly products: number;
};

/** The direct plan with all products in one kernel that can be. */
export const mergedPlan = (h: Hlir): Plan => directPlan(h, { merge: () => true });

const three = (T: string, rows: string, depth = 72): string =>
  [
    ...(rows === "s" ? ["dim s in 1..70"] : []),
    `input x: ${T}[${rows}, ${depth}]`,
    `weight wq: ${T}[50, ${depth}], wk: ${T}[${depth}, 19], wv: ${T}[35, ${depth}], bias: f32[19]`,
    "output q[i, o] = sum(c) x[i, c] as f32 * wq[o, c] as f32",
    "output k[i, o] = tanh(sum(c) x[i, c] as f32 * wk[c, o] as f32 + bias[o])",
    "output v[i, h in 0..5, d in 0..7] = sum(c) x[i, c] as f32 * wv[7 * h + d, c] as f32",
  ].join("\n");

const gated = (T: string, rows: string): string =>
  [
    ...(rows === "s" ? ["dim s in 1..70"] : []),
    `input x: ${T}[${rows}, 70]`,
    `weight g: ${T}[150, 70], u: ${T}[150, 70]`,
    "a[i, f] = sum(c) x[i, c] as f32 * g[f, c] as f32",
    "output o[i, f] = a[i, f] * sigmoid(a[i, f]) * sum(c) x[i, c] as f32 * u[f, c] as f32",
  ].join("\n");

export const mergedCases: readonly MergedCase[] = [
  { name: "f32, many rows", body: three("f32", "s"), dims: { s: 70 }, products: 3 },
  { name: "f32, an odd depth", body: three("f32", "s", 77), dims: { s: 13 }, products: 3 },
  { name: "f32, a row", body: three("f32", "1", 77), dims: {}, products: 3 },
  { name: "f32, few rows", body: three("f32", "3", 77), dims: {}, products: 3 },
  { name: "bf16, many rows", body: three("bf16", "s"), dims: { s: 35 }, products: 3 },
  { name: "bf16, an odd depth", body: three("bf16", "s", 75), dims: { s: 66 }, products: 3 },
  { name: "bf16, a row", body: three("bf16", "1", 80), dims: {}, products: 3 },
  { name: "f16, few rows", body: three("f16", "7", 75), dims: {}, products: 3 },
  {
    name: "weights of two types",
    body: "dim s in 1..70\ninput x: bf16[s, 64]\nweight u: bf16[24, 64], v: f32[40, 64]\noutput o[i, j] = sum(c) x[i, c] as f32 * u[j, c] as f32\noutput p[i, j] = sum(c) x[i, c] as f32 * v[j, c]",
    dims: { s: 33 },
    products: 2,
  },
  {
    name: "a left factor that is computed",
    body: "dim s in 1..6\ninput x: f32[s, 45], r: f32[s]\nweight u: f32[45, 40], v: f32[45, 9]\noutput o[i, j] = sum(c) (x[i, c] * r[i]) * u[c, j]\noutput p[i, j] = sum(c) (x[i, c] * r[i]) * v[c, j]",
    dims: { s: 5 },
    products: 2,
  },
  {
    name: "no rows, and a depth of two axes",
    body: "input x: f32[3, 24]\nweight u: f32[90, 72], v: f32[17, 72]\noutput o[j] = sum(a, c) x[a, c] * u[j, 24 * a + c]\noutput p[j] = sum(a, c) x[a, c] * v[j, 24 * a + c]",
    dims: {},
    products: 2,
  },
  {
    name: "into a state",
    body: "dim s in 1..6\ndim pos in 0..4\ninput x: f32[s, 40]\nweight u: f32[24, 40], v: f32[24, 40]\nstate c: f32[10, 24]\noutput o[i, j] = sum(k) x[i, k] * u[j, k]\nc[pos + i, j] := sum(k) x[i, k] * v[j, k]",
    dims: { s: 6, pos: 4 },
    products: 2,
  },
  {
    name: "per layer",
    body: "dim s in 1..9\ninput x: f32[s, 33]\nh = x\nfor l in 0..3 {\n  weight u: f32[21, 33], v: f32[12, 33], w: f32[21, 33]\n  a[i, j] = sum(k) h[i, k] * u[j, k]\n  b[i, j] = sum(k) h[i, k] * v[j, k]\n  h[i, k] = tanh(sum(j) a[i, j] * w[j, k]) + b[i, 0]\n}\noutput o = h",
    dims: { s: 8 },
    products: 2,
  },
  {
    name: "gated, many rows",
    body: gated("f32", "s"),
    dims: { s: 61 },
    products: 2,
  },
  { name: "gated, a row", body: gated("f32", "1"), dims: {}, products: 2 },
  { name: "gated, bf16", body: gated("bf16", "s"), dims: { s: 37 }, products: 2 },
  { name: "gated, bf16, few rows", body: gated("bf16", "5"), dims: {}, products: 2 },
  {
    name: "gated by a sum as it is",
    body: "dim s in 1..70\ninput x: f32[s, 70]\nweight g: f32[150, 70], u: f32[150, 70]\noutput a[i, f] = sum(c) x[i, c] * g[f, c]\noutput o[i, f] = a[i, f] * sum(c) x[i, c] * u[f, c]",
    dims: { s: 61 },
    products: 2,
  },
  {
    name: "gated beside another product",
    body: `${gated("f32", "s")}\nweight r: f32[30, 70]\noutput q[i, j] = sum(c) x[i, c] * r[j, c]`,
    dims: { s: 9 },
    products: 3,
  },
  {
    name: "bf16 weights for f32 rows",
    body: "dim s in 1..70\ninput x: f32[s, 64]\nweight u: bf16[24, 64], v: bf16[40, 64]\noutput o[i, j] = sum(c) x[i, c] * u[j, c] as f32\noutput p[i, j] = sum(c) x[i, c] * v[j, c] as f32",
    dims: { s: 33 },
    products: 2,
    tolerance: 1e-3,
  },
];
