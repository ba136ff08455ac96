/** What is timed, at the sizes of a GPU or tiny ones for the emulation. */
import { attentionOf, bf16, productOf, rowsOf } from "./sampling.ts";
import type { Inputs, PartName, Workload } from "./workload.ts";

const half = 2;

/** Elementwise work and rows: `inputs` tensors of rows x n are read, one is written. */
type Rows = { readonly rows: number; readonly n: number };

function fused({ rows, n }: Rows): Workload {
  const count = rows * n;
  return {
    name: `fused ${rows} x ${n}`,
    model: "fused.lum",
    set: { rows, n },
    dims: {},
    buckets: [],
    inputs: { a: count, b: count, c: count },
    outputs: count,
    bytes: 4 * count * half,
    flops: 5 * count,
    limit: "copy",
    rival: { kind: "fused", rows, n },
    expected: (inputs) =>
      rowsOf(rows, n, (row) => {
        const [a, b, c] = ["a", "b", "c"].map((name) => rowIn(inputs, name, row, n));
        return a.map((x, i) => (x / (1 + Math.exp(-x))) * b[i] + c[i]);
      }),
  };
}

function norm({ rows, n }: Rows): Workload {
  const count = rows * n;
  return {
    name: `rms norm ${rows} x ${n}`,
    model: "norm.lum",
    set: { rows, n },
    dims: {},
    buckets: [],
    inputs: { x: count, w: n },
    outputs: count,
    bytes: (2 * count + n) * half,
    flops: 4 * count,
    limit: "copy",
    rival: { kind: "rms_norm", rows, n },
    expected: (inputs) =>
      rowsOf(rows, n, (row) => {
        const x = rowIn(inputs, "x", row, n);
        const w = rowIn(inputs, "w", 0, n);
        const mean = x.reduce((sum, v) => sum + v * v, 0) / n;
        return x.map((v, i) => (v / Math.sqrt(mean + 1e-6)) * w[i]);
      }),
  };
}

function softmax({ rows, n }: Rows): Workload {
  const count = rows * n;
  return {
    name: `softmax ${rows} x ${n}`,
    model: "softmax.lum",
    set: { rows, n },
    dims: {},
    buckets: [],
    inputs: { x: count },
    outputs: count,
    bytes: 2 * count * half,
    flops: 4 * count,
    limit: "copy",
    rival: { kind: "softmax", rows, n },
    expected: (inputs) =>
      rowsOf(rows, n, (row) => {
        const x = rowIn(inputs, "x", row, n);
        const largest = x.reduce((a, b) => Math.max(a, b), -Infinity);
        const e = x.map((v) => Math.exp(v - largest));
        const total = e.reduce((a, b) => a + b, 0);
        return e.map((v) => v / total);
      }),
  };
}

function matmul(size: number): Workload {
  return {
    name: `matmul ${size}`,
    model: "matmul.lum",
    set: { m: size, n: size, k: size },
    dims: {},
    buckets: [],
    inputs: { a: size * size, b: size * size },
    outputs: size * size,
    bytes: 3 * size * size * half,
    flops: 2 * size ** 3,
    limit: "tensor cores",
    rival: { kind: "matmul", m: size, n: size, k: size },
    expected: (inputs) => productOf(inputs, size, size, size),
  };
}

const skinnyRows = [1, 2, 4, 8, 16];

function skinny(n: number, k: number): Workload[] {
  return skinnyRows.map((m) => ({
    name: `${m} row${m === 1 ? "" : "s"} x [${n}, ${k}]`,
    model: "skinny.lum",
    set: { n, k },
    dims: { m },
    buckets: skinnyRows.map((rows) => `m=${rows}`),
    inputs: { a: m * k, b: n * k },
    outputs: m * n,
    bytes: (m * k + n * k + m * n) * half,
    flops: 2 * m * n * k,
    limit: "read",
    rival: { kind: "matmul", m, n, k },
    expected: (inputs) => productOf(inputs, m, n, k),
  }));
}

type Heads = { readonly heads: number; readonly kvHeads: number; readonly width: number };

function attention(queries: number, keys: number, { heads, kvHeads, width }: Heads): Workload {
  const [q, kv] = [queries * heads * width, keys * kvHeads * width];
  const pairs = queries === 1 ? keys : (keys * (keys + 1)) / 2;
  const common = { heads, kv_heads: kvHeads, head_dim: width };
  return {
    name: queries === 1 ? `decode, ${keys} keys` : `prefill ${queries}`,
    model: queries === 1 ? "decode.lum" : "prefill.lum",
    set: queries === 1 ? { keys, ...common } : { s: queries, ...common },
    dims: {},
    buckets: [],
    inputs: { q, k: kv, v: kv },
    outputs: q,
    bytes: (2 * q + 2 * kv) * half,
    flops: 4 * pairs * heads * width,
    limit: queries === 1 ? "read" : "tensor cores",
    rival: { kind: "attention", queries, keys, ...common },
    expected: (inputs) => attentionOf(inputs, { queries, keys, heads, kvHeads, width }),
  };
}

function rowIn(inputs: Inputs, name: string, row: number, n: number): Float64Array {
  return Float64Array.from(inputs.get(name)!.subarray(row * n, (row + 1) * n), bf16);
}

/** The workloads of a part that consists of them. */
export function workloadsOf(part: PartName, tiny: boolean): Workload[] {
  const rows = tiny ? [{ rows: 6, n: 136 }] : [4096, 8192].map((n) => ({ rows: 16384, n }));
  const heads = tiny ? { heads: 4, kvHeads: 2, width: 64 } : { heads: 32, kvHeads: 8, width: 128 };
  switch (part) {
    case "fused":
      return rows.slice(0, 1).map(fused);
    case "norm":
      return rows.map(norm);
    case "softmax":
      return rows.map(softmax);
    case "matmul":
      return (tiny ? [96] : [1024, 2048, 4096, 8192]).map(matmul);
    case "skinny":
      return (tiny ? [[40, 64]] : [4096, 14336, 1024].map((n) => [n, 4096])).flatMap(([n, k]) =>
        skinny(n, k),
      );
    case "attention":
      return tiny
        ? [attention(24, 24, heads), attention(1, 40, heads)]
        : [512, 4096, 16384]
            .map((s) => attention(s, s, heads))
            .concat([4096, 16384, 131072].map((n) => attention(1, n, heads)));
    default:
      return [];
  }
}
