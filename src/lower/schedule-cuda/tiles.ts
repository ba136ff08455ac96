/** How a matrix product is cut into tiles: by which engine, how large, with how many threads. */
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Attention, Contraction, Kernel, Operand, Tiling } from "../../ir/kernel.ts";
import { constantOf } from "../../ir/poly.ts";
import { cuda } from "../../targets/cuda.ts";
import { largest } from "./map.ts";

/** Element type that tensor cores take as it lies: both factors strided and of the same 16-bit type. */
export function halfOf(c: Contraction): DType | undefined {
  const [a, b] = [typeOf(c.a), typeOf(c.b)];
  return a === b && (a === "f16" || a === "bf16") ? a : undefined;
}

const typeOf = (o: Operand): DType | undefined => (o.form.kind === "strided" ? o.form.dtype : undefined);

export function tilingOf(kernel: Kernel, c: Contraction): Tiling {
  const size = (v: number | undefined) =>
    v === undefined ? 1 : largest(kernel.variables[v].size, kernel.bounds);
  const [batch, m, n, k] = [c.batch, c.m, c.n, c.k].map(size);
  // Items of a batch come one after the other there, so each must have columns for all of the grid.
  if (m <= cuda.skinnyRows && (batch === 1 || n >= cuda.skinnyBatch)) return skinny(c, m, n, k);
  const count = (rows: number, columns: number): number =>
    Math.max(1, batch * Math.ceil(m / rows) * Math.ceil(n / columns));
  const large = count(128, 128) >= cuda.wave;
  const shape = halfOf(c) === undefined ? fmaShape(large, m, n) : mmaShape(large, m);
  return { ...shape, blocks: count(shape.rows, shape.columns) };
}

/** Few rows: every element of the right factor is read once, by a warp or several for each column. */
function skinny(c: Contraction, m: number, n: number, k: number): Tiling {
  const rows = [1, 2, 4, 8].find((r) => m <= r)!;
  const warps = cuda.threads / cuda.warp;
  const { form } = c.b;
  const alongK = form.kind !== "strided" || constantOf(form.kStride) === 1;
  const perColumn = alongK ? ([1, 2, 4, 8].find((w) => (n * w) / warps >= 2 * cuda.wave) ?? warps) : 1;
  const element = c.a.form.kind === "strided" ? byteSize(c.a.form.dtype) : 4;
  const staged = (rows > 1 || c.a.form.kind === "computed") && rows * k * element <= cuda.stagedBytes;
  return {
    engine: "skinny",
    rows,
    columns: alongK ? warps / perColumn : cuda.skinnyColumns,
    threads: cuda.threads,
    shape: `${rows}, ${perColumn}, ${staged}`,
    shared: `lum::skinny_shared_bytes(${warps}, ${rows}, ${staged ? k : 0}, ${element})`,
    blocks: Math.max(1, Math.ceil(n / (alongK ? warps / perColumn : cuda.skinnyColumns))),
  };
}

/** Tiles of query rows: on tensor cores where queries, keys and values lie there in the same 16-bit type. */
export function attentionTiling(kernel: Kernel, s: Attention): Tiling {
  const size = (v: number | undefined) =>
    v === undefined ? 1 : largest(kernel.variables[v].size, kernel.bounds);
  const [items, rows, depth, width] = [s.item, s.row, s.depth, s.width].map(size);
  const types = new Set([s.q, s.k, s.v].map(typeOf));
  const [type] = types;
  const onCores = types.size === 1 && (type === "f16" || type === "bf16");
  const few = rows <= 16;
  const padded = (n: number): number => {
    if (!onCores) return Math.ceil(n / 8) * 8;
    return n <= 16 ? 16 : n <= 32 ? 32 : Math.ceil(n / 64) * 64;
  };
  const form = onCores ? (few ? [1, 4, 16] : [4, 1, 64]) : few ? [4, 2] : [32, 1];
  const shape = `lum::${onCores ? "Mma" : "Fma"}Attention<${[padded(depth), padded(width), ...form].join(", ")}>`;
  const tile = onCores ? 16 * form[0] : form[0];
  return {
    engine: "attention",
    rows: tile,
    columns: 1,
    threads: onCores ? cuda.warp * form[0] * form[1] : 8 * form[0] * form[1],
    shape,
    shared: `${shape}::shared_bytes()`,
    blocks: Math.max(1, items * Math.ceil(rows / tile)),
  };
}

type Shape = Omit<Tiling, "blocks">;

function mmaShape(large: boolean, m: number): Shape {
  const [rows, columns, depth, warpsM, warpsN, stages] = large
    ? [128, 128, 32, 2, 4, 4]
    : m <= 16
      ? [16, 64, 128, 1, 4, 4]
      : m <= 32
        ? [32, 64, 64, 1, 4, 3]
        : [64, 64, 64, 2, 2, 3];
  const shape = `lum::MmaShape<${[rows, columns, depth, warpsM, warpsN, stages].join(", ")}>`;
  const threads = cuda.warp * warpsM * warpsN;
  return { engine: "mma", rows, columns, threads, shape, shared: `${shape}::shared_bytes(2)` };
}

function fmaShape(large: boolean, m: number, n: number): Shape {
  const [rows, columns, depth, own, across] = large
    ? [128, 128, 8, 8, 8]
    : Math.min(m, n) <= 32
      ? [32, 32, 16, 4, 2]
      : [64, 64, 16, 4, 4];
  const shape = `lum::FmaShape<${[rows, columns, depth, own, across].join(", ")}>`;
  const threads = (rows / own) * (columns / across);
  return { engine: "fma", rows, columns, threads, shape, shared: `${shape}::shared_bytes()` };
}
