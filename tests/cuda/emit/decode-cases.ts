/** Attention with few rows, whose heads share tiles and whose keys are split; products too small to fill a device. */
import type { AttentionCase } from "../../attention/cases.ts";

type Heads = {
  readonly T: string;
  /** The rows: none, or a dim. */
  readonly rows?: string;
  readonly H: number;
  readonly G: number;
  readonly D: number;
  readonly E?: number;
  readonly score: string;
  readonly keys?: number;
  /** Heads side by side in a row, or a plane for each. */
  readonly planes?: boolean;
};

function decoding({ T, rows, H, G, D, E = D, score, keys = 900, planes = false }: Heads): string {
  const share = H / G;
  const s = rows === undefined ? "1" : "s";
  const [q, k, v] = planes
    ? [`${T}[${H}, ${s}, ${D}]`, `${T}[${G}, n, ${D}]`, `${T}[${G}, ${E}, n]`]
    : [`${T}[${s}, ${H}, ${D}]`, `${T}[n, ${G}, ${D}]`, `${T}[n, ${G}, ${E}]`];
  const at = planes
    ? { q: "q[h, i, c]", k: `k[h / ${share}, j, c]`, v: `v[h / ${share}, c, j]` }
    : { q: "q[i, h, c]", k: `k[j, h / ${share}, c]`, v: `v[j, h / ${share}, c]` };
  return [
    ...(rows === undefined ? [] : [`dim s in ${rows}`]),
    `dim n in 1..${keys}`,
    `input q: ${q}, k: ${k}, v: ${v}`,
    `dot[h in 0..${H}, i, j] = sum(c) ${at.q} as f32 * ${at.k} as f32`,
    `score[h, i, j] = ${score.replaceAll("S", s)}`,
    "e = exp(score - max(score, axis = -1, keep = true))",
    "total = sum(e, axis = -1)",
    `output o[i, h, c] = (sum(j) e[h, i, j] * ${at.v} as f32) / total[h, i]`,
  ].join("\n");
}

const plain = "0.3 * dot[h, i, j]";
const causal = "where(j <= (n - S) + i, 0.3 * dot[h, i, j], -inf)";
const window = "where(j <= (n - S) + i and j > (n - S) + i - 70, 0.3 * dot[h, i, j], -inf)";
const slope = "where(j <= (n - S) + i, 0.3 * dot[h, i, j] - 0.01 * (h as f32) * ((n - j) as f32), -inf)";

const lengths = [{ n: 1 }, { n: 15 }, { n: 300 }, { n: 899 }];
const both = [
  { s: 1, n: 1 },
  { s: 3, n: 130 },
  { s: 5, n: 899 },
];

export const decodeCases: readonly AttentionCase[] = [
  { name: "f32, one row", body: decoding({ T: "f32", H: 6, G: 2, D: 24, score: plain }), sizes: lengths },
  {
    name: "f32, every head its keys",
    body: decoding({ T: "f32", H: 3, G: 3, D: 8, score: causal }),
    sizes: lengths,
  },
  {
    name: "f32, a window",
    body: decoding({ T: "f32", rows: "1..5", H: 4, G: 2, D: 9, E: 5, score: window }),
    sizes: both,
  },
  {
    name: "bf16, one row",
    body: decoding({ T: "bf16", H: 8, G: 2, D: 64, score: plain }),
    sizes: lengths,
    tolerance: 1e-4,
  },
  {
    name: "bf16, rows of their own places",
    body: decoding({ T: "bf16", rows: "1..5", H: 8, G: 2, D: 33, score: causal }),
    sizes: both,
    tolerance: 1e-4,
  },
  {
    name: "f16, more rows than a tile",
    body: decoding({ T: "f16", rows: "1..7", H: 10, G: 2, D: 16, score: causal }),
    sizes: both,
    tolerance: 1e-4,
  },
  {
    name: "f16, planes, values turned",
    body: decoding({ T: "f16", rows: "1..2", H: 6, G: 3, D: 20, E: 12, score: window, planes: true }),
    sizes: [
      { s: 1, n: 4 },
      { s: 2, n: 703 },
    ],
    tolerance: 1e-4,
  },
  {
    name: "scores that know their head",
    body: decoding({ T: "f32", rows: "1..3", H: 4, G: 1, D: 8, score: slope }),
    sizes: [
      { s: 1, n: 40 },
      { s: 3, n: 500 },
    ],
  },
  {
    name: "bf16, wide, one row",
    body: decoding({ T: "bf16", H: 4, G: 2, D: 200, E: 170, score: plain }),
    sizes: [{ n: 1 }, { n: 301 }],
    tolerance: 1e-4,
  },
  {
    name: "few keys, in one part",
    body: decoding({ T: "bf16", H: 32, G: 8, D: 16, score: causal, keys: 100 }),
    sizes: [{ n: 1 }, { n: 77 }],
    tolerance: 1e-4,
  },
];
