/** Products and attentions at sizes that no tile divides, each by the cuts that its factors and sizes allow. */
import type { KernelCase } from "../../emit/kernel-cases.ts";

export type CutCase = Omit<KernelCase, "dims" | "calls"> & {
  readonly calls: readonly Readonly<Record<string, number>>[];
};

const rows = [{ s: 3 }, { s: 67 }];
const few = [{ s: 1 }, { s: 5 }];

const product = (a: string, b: string, most: number, n: number, k: number): string =>
  [
    `dim s in 1..${most}`,
    `input x: ${a}[s, ${k}], r: f32[s, ${n}]`,
    `weight w: ${b}[${n}, ${k}]`,
    "output y[i, o] = max(sum(c) x[i, c] as f32 * w[o, c] as f32 + r[i, o], 0.0)",
  ].join("\n");

const turned = (T: string, n: number, k: number): string =>
  `dim s in 1..5\ninput x: ${T}[s, ${k}]\nweight w: ${T}[${k}, ${n}]\noutput y[i, o] = sum(c) x[i, c] as f32 * w[c, o] as f32`;

export const productCases: readonly CutCase[] = [
  { name: "f32", body: product("f32", "f32", 70, 37, 551), calls: rows },
  { name: "bf16", body: product("bf16", "bf16", 70, 72, 552), calls: rows },
  { name: "f16, odd", body: product("f16", "f16", 70, 39, 547), calls: rows },
  { name: "f32 beside bf16", body: product("f32", "bf16", 70, 41, 530), calls: rows, tolerance: 1e-4 },
  { name: "bf16 beside f8", body: product("bf16", "f8e4m3", 70, 41, 536), calls: rows },
  { name: "f8 beside f8, odd", body: product("f8e5m2", "f8e4m3", 70, 24, 263), calls: rows },
  { name: "i8 beside f16", body: product("i8", "f16", 70, 40, 272), calls: rows },
  { name: "f16 beside f32", body: product("f16", "f32", 70, 33, 293), calls: rows },
  { name: "few rows of f32", body: product("f32", "f32", 5, 11, 1101), calls: few },
  { name: "few rows of bf16", body: product("bf16", "bf16", 5, 9, 2103), calls: few },
  { name: "few rows of f16, turned", body: turned("f16", 45, 700), calls: few },
  { name: "few rows of bf16, turned", body: turned("bf16", 40, 602), calls: few },
  {
    name: "a batch of f16",
    body: "dim s in 1..40\ninput x: f16[3, 300, s], z: f16[3, 300, 41]\noutput y[b, i, o] = sum(c) x[b, c, i] as f32 * z[b, c, o] as f32",
    calls: [{ s: 1 }, { s: 21 }],
  },
  {
    name: "a depth that grows",
    body: "dim n in 1..602\ninput p: bf16[3, 20, n], v: bf16[n, 3, 24]\noutput y[i, h, c] = sum(j) p[h, i, j] as f32 * v[j, h, c] as f32",
    calls: [{ n: 1 }, { n: 601 }],
  },
  {
    name: "a factor computed as it is read",
    body: "dim s in 1..5\ninput x: f32[s, 1101], g: f32[1101]\nweight w: f32[9, 1101]\nu[i, c] = x[i, c] * g[c]\noutput y[i, o] = sum(c) exp(u[i, c]) * w[o, c]",
    calls: few,
  },
  {
    name: "windows of f16",
    head: 'import { conv2d } from "std/nn"',
    body: "input x: f16[1, 120, 6, 7], k: f16[12, 120, 3, 2]\noutput y = conv2d(x, k, pad = 1, dilation = 2)",
    calls: [{}],
    tolerance: 2 ** -10,
  },
  {
    name: "windows of f32",
    head: 'import { conv2d } from "std/nn"',
    body: "input x: f32[2, 60, 9, 8], k: f32[20, 60, 3, 3]\noutput y = conv2d(x, k, pad = 1)",
    calls: [{}],
  },
];
