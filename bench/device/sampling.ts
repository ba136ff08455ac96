/** Random inputs, and results in double precision at some places of an output. */
import type { Expected, Inputs } from "./workload.ts";

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

export function bf16(bits: number): number {
  word[0] = bits << 16;
  return single[0];
}

/** Numbers that no two seeds share, the same in every run. */
export function randomNumbers(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

/** bf16 bits of values from -1 to 1, none of them zero. */
export function randomBf16(count: number, seed: number): Uint16Array {
  const next = randomNumbers(seed);
  const bits = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    single[0] = ((next() & 0xffff) + 0.5) / 32768 - 1;
    bits[i] = word[0] >>> 16;
  }
  return bits;
}

/** Rows of an output: the first, the last and some between. */
export function sampledRows(rows: number, most: number): number[] {
  const next = randomNumbers(rows);
  const all = [0, rows - 1, ...Array.from({ length: most }, () => next() % rows)];
  return [...new Set(all)].sort((a, b) => a - b);
}

/** Whole rows of a result: `of` computes one. */
export function rowsOf(rows: number, n: number, of: (row: number) => ArrayLike<number>): Expected[] {
  return sampledRows(rows, 62).flatMap((row) =>
    Array.from(of(row), (value, i) => ({ at: row * n + i, value })),
  );
}

/** An element in each tile of 64 x 64, and the corners. */
export function productOf(inputs: Inputs, m: number, n: number, k: number): Expected[] {
  const [a, b] = [inputs.get("a")!, inputs.get("b")!].map((bits) => Float32Array.from(bits, bf16));
  const next = randomNumbers(m + n);
  const at = (i: number, j: number): Expected => {
    let sum = 0;
    for (let t = 0; t < k; t++) sum += a[i * k + t] * b[j * k + t];
    return { at: i * n + j, value: sum };
  };
  const found = [at(0, 0), at(m - 1, 0), at(0, n - 1), at(m - 1, n - 1)];
  for (let i = 0; i < m; i += 64)
    for (let j = 0; j < n; j += 64)
      found.push(at(i + (next() % Math.min(64, m - i)), j + (next() % Math.min(64, n - j))));
  return found;
}

/** Causal attention over [positions, heads, width]; the last query sees the last key. */
export function attentionOf(
  inputs: Inputs,
  shape: {
    readonly queries: number;
    readonly keys: number;
    readonly heads: number;
    readonly kvHeads: number;
    readonly width: number;
  },
): Expected[] {
  const { queries, keys, heads, kvHeads, width } = shape;
  const [q, k, v] = ["q", "k", "v"].map((name) => inputs.get(name)!);
  const offset = keys - queries;
  return rowsOf(queries * heads, width, (row) => {
    const [query, head] = [Math.floor(row / heads), row % heads];
    const shared = Math.floor(head / (heads / kvHeads));
    const seen = Math.min(keys, offset + query + 1);
    const place = (key: number) => (key * kvHeads + shared) * width;
    const scores = Array.from({ length: seen }, (_, key) => {
      let dot = 0;
      for (let c = 0; c < width; c++) dot += bf16(q[row * width + c]) * bf16(k[place(key) + c]);
      return dot / Math.sqrt(width);
    });
    const largest = scores.reduce((x, y) => Math.max(x, y), -Infinity);
    const weights = scores.map((s) => Math.exp(s - largest));
    const total = weights.reduce((x, y) => x + y, 0);
    const sums = new Float64Array(width);
    weights.forEach((w, key) => {
      for (let c = 0; c < width; c++) sums[c] += w * bf16(v[place(key) + c]);
    });
    return sums.map((s) => s / total);
  });
}

/** ‖found − expected‖ / ‖expected‖; a NaN makes it infinite. */
export function errorOf(output: Uint16Array, expected: readonly Expected[]): number {
  let [difference, size] = [0, 0];
  for (const { at, value } of expected) {
    difference += (bf16(output[at]) - value) ** 2;
    size += value ** 2;
  }
  const error = Math.sqrt(difference / size);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}
