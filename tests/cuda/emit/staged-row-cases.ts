/**
 * Rows that stay in shared memory: the first and last lengths that do as a whole, in parts beyond, lengths of a dim, views,
 * guarded reads, states.
 */

export type StagedRowCase = {
  readonly name: string;
  readonly body: string;
  readonly dims: Readonly<Record<string, number>>;
  /** Bytes of shared memory that rows have, for each of the tensors that stay there; none: in registers, or read again. */
  readonly staged: readonly number[];
};

/** As many rows as no device has room for at once, so that each stays one block's work. */
const many = "dim s in 1..4096\n";

const softmax = (t: string, n: number): string => `${many}input x: ${t}[s, ${n}]\noutput y = softmax(x)`;
const named = (t: string, n: number, staged: readonly number[]): StagedRowCase => ({
  name: `softmax ${t} ${n}`,
  body: softmax(t, n),
  dims: { s: n > 10000 ? 2 : 5 },
  staged,
});

const lengths: StagedRowCase[] = [
  named("f32", 8192, []),
  named("f32", 8196, [32784]),
  named("f32", 8191, [32768]),
  named("f32", 25216, [100864]),
  named("f32", 25217, [24 * 1024]),
  named("bf16", 16384, []),
  named("bf16", 16392, [32784]),
  named("bf16", 16391, [32784]),
  named("f16", 50432, [100864]),
  named("f16", 50433, [24 * 1024]),
  named("f16", 1031, [2064]),
];

const forms: StagedRowCase[] = [
  {
    name: "norms of a length that isn't known",
    body: "dim s in 1..4096, n in 1..6000\ninput x: bf16[s, n], w: bf16[n], b: f32[n]\noutput y = rms_norm(x, w)\noutput z = layer_norm(x, w as f32, b)",
    dims: { s: 4, n: 1237 },
    staged: [12000, 12000],
  },
  {
    name: "whole vectors of a length that isn't known",
    body: "dim s in 1..4096, n in 1..3000\ninput x: f32[s, 4 * n]\noutput y = softmax(x)",
    dims: { s: 4, n: 701 },
    staged: [48000],
  },
  {
    name: "columns",
    body: "dim s in 1..4096\ninput x: f32[1900, s]\noutput y = softmax(transpose(x, [1, 0]))",
    dims: { s: 5 },
    staged: [7600],
  },
  {
    name: "rows backwards, and one for all",
    body: `${many}input x: f32[s, 3001], b: f32[3001]\nu[i, j] = x[i, 3000 - j] * b[j]\noutput y = softmax(u)`,
    dims: { s: 5 },
    staged: [12016],
  },
  {
    name: "guarded reads",
    body: `${many}input x: f32[s, 2005]\nm[i, j in 0..2005] = x[i, j + i - 2 else -inf]\noutput y = softmax(m)`,
    dims: { s: 5 },
    staged: [8032],
  },
  {
    name: "a mask",
    body: `${many}input x: f32[s, 2005]\nm[i, j] = where(j > 300 * i + 1, -inf, x[i, j])\noutput y = softmax(m)`,
    dims: { s: 5 },
    staged: [8032],
  },
  {
    name: "the place and what it is, from two loops",
    body: `${many}input x: f16[s, 2005]\noutput y[i] = argmax(j) abs(x[i, j] - max(k) x[i, k] / 2.0)`,
    dims: { s: 5 },
    staged: [4016],
  },
  {
    name: "what is read again after another is left",
    body: `${many}input x: f32[s, 3001]\nu[i, j] = exp(x[i, j] - max(k) x[i, k])\noutput y[i, j] = u[i, j] / (sum(k) u[i, k]) + x[i, j]`,
    dims: { s: 5 },
    staged: [12016, 12016],
  },
  {
    name: "a state in its own place",
    body: "dim s in 1..2\nstate x: f32[40, 2005]\ninput a: f32[40, 2005]\nx[i, j] := exp(x[i, j] + a[i, j] - max(k) (x[i, k] + a[i, k]))\noutput y = x",
    dims: { s: 1 },
    staged: [8032],
  },
  {
    name: "one loop",
    body: `${many}input x: f32[s, 3001]\noutput y[i] = sum(j) x[i, j]`,
    dims: { s: 5 },
    staged: [],
  },
  {
    name: "short rows",
    body: "dim s in 1..4096, n in 1..512\ninput x: f32[s, n]\noutput y = softmax(x)",
    dims: { s: 9, n: 77 },
    staged: [],
  },
  {
    name: "two that have room in parts",
    body: `${many}input x: f32[s, 16001], w: f32[s, 16001]\nu[i, j] = x[i, j] * w[i, j]\noutput y = softmax(u)`,
    dims: { s: 2 },
    staged: [16384, 16384],
  },
];

export const stagedRowCases: readonly StagedRowCase[] = [...lengths, ...forms];
