/** Small models with attention written out, for the comparison of its kernel with the interpreter. */
import type { KernelCase } from "../emit/kernel-cases.ts";

export type AttentionCase = KernelCase & {
  /** Several values of the dims, run with one program. */
  readonly calls?: never;
  readonly sizes: readonly Readonly<Record<string, number>>[];
};

/** Queries [s, H, D], keys and values [n, G, D] of type T, and what the score of a key is. */
function heads(o: {
  readonly T?: string;
  readonly H?: number;
  readonly G?: number;
  readonly D?: number;
  readonly E?: number;
  readonly score: string;
  readonly inputs?: string;
}): string {
  const { T = "f32", H = 2, G = H, D = 8, E = D } = o;
  const share = H / G;
  return [
    "dim s in 1..600",
    "dim n in 1..900",
    `input q: ${T}[s, ${H}, ${D}], k: ${T}[n, ${G}, ${D}], v: ${T}[n, ${G}, ${E}]${o.inputs ?? ""}`,
    `dot[h in 0..${H}, i, j] = sum(c) q[i, h, c] as f32 * k[j, h / ${share}, c] as f32`,
    `score[h, i, j] = ${o.score}`,
    "e = exp(score - max(score, axis = -1, keep = true))",
    "total = sum(e, axis = -1)",
    `output o[i, h, c] = (sum(j) e[h, i, j] * v[j, h / ${share}, c] as f32) / total[h, i]`,
  ].join("\n");
}

const causal = "where(j <= (n - s) + i, 0.3 * dot[h, i, j], -inf)";
const odd = [
  { s: 1, n: 1 },
  { s: 1, n: 700 },
  { s: 3, n: 17 },
  { s: 13, n: 300 },
  { s: 217, n: 260 },
];

export const attentionCases: readonly AttentionCase[] = [
  { name: "every key", body: heads({ score: "0.3 * dot[h, i, j]" }), sizes: odd },
  { name: "causal", body: heads({ score: causal }), sizes: odd },
  {
    name: "window",
    body: heads({
      score: "where(j <= (n - s) + i and j > (n - s) + i - 5, 0.3 * dot[h, i, j], -inf)",
    }),
    sizes: odd,
  },
  { name: "grouped heads", body: heads({ H: 6, G: 2, score: causal }), sizes: odd },
  { name: "one head of keys", body: heads({ H: 5, G: 1, score: causal }), sizes: odd },
  { name: "f16", body: heads({ T: "f16", H: 4, G: 2, D: 16, score: causal }), sizes: odd, tolerance: 1e-4 },
  { name: "bf16", body: heads({ T: "bf16", H: 4, G: 2, D: 33, score: causal }), sizes: odd, tolerance: 1e-4 },
  { name: "odd widths", body: heads({ D: 5, E: 19, score: causal }), sizes: odd },
  { name: "wide", body: heads({ H: 1, D: 70, E: 130, score: causal }), sizes: odd },
  {
    name: "mask from data",
    body: heads({ inputs: ", seen: i32[n]", score: "where(seen[j] > 0 or j == 0, dot[h, i, j], -inf)" }),
    sizes: odd,
  },
  {
    name: "bias and a squashed score",
    body: heads({ inputs: ", bias: f32[n]", score: "tanh(dot[h, i, j] * 0.1) * 8.0 + bias[j]" }),
    sizes: odd,
  },
  {
    name: "some rows see nothing",
    body: heads({ score: "where(j < i - 3, dot[h, i, j], -inf)" }),
    sizes: odd,
  },
  {
    name: "queries from data",
    body: [
      "dim s in 1..40",
      "dim n in 1..300",
      "input t: i32[s], q: f32[4, 3, 8], k: f32[n, 3, 8], v: f32[n, 3, 8]",
      "dot[h in 0..3, i, j] = sum(c) q[t[i], h, c] * (k[j, h, c] * 0.5)",
      "e = exp(dot - max(dot, axis = -1, keep = true))",
      "total = sum(e, axis = -1)",
      "output o[h, i, c] = (sum(j) e[h, i, j] * v[j, h, c]) / total[h, i]",
    ].join("\n"),
    sizes: [
      { s: 1, n: 30 },
      { s: 20, n: 299 },
    ],
  },
  {
    name: "batches, values turned, the total after the sum",
    body: [
      "dim b in 1..3",
      "dim s in 1..70",
      "input q: f32[b, s, 12], k: f32[b, s, 12], v: f32[b, 20, s], r: f32[b, 20, s]",
      "dot[x, i, j] = sum(c) q[x, i, c] * k[x, j, c]",
      "e = exp(dot - max(dot, axis = -1, keep = true))",
      "w[x, c, i] = sum(j) e[x, i, j] * v[x, c, j]",
      "output o[x, c, i] = w[x, c, i] / sum(j) e[x, i, j] + r[x, c, i]",
    ].join("\n"),
    sizes: [
      { b: 1, s: 1 },
      { b: 3, s: 61 },
    ],
  },
];
