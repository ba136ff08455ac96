/** How a matrix product is cut into tiles: by which engine, how large, with how many threads. */
import type { DType } from "../../ir/dtype.ts";
import type { Contraction, Kernel, Operand, Tiling } from "../../ir/kernel.ts";
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
  const [batch, m, n] = [size(c.batch), size(c.m), size(c.n)];
  const count = (rows: number, columns: number): number =>
    Math.max(1, batch * Math.ceil(m / rows) * Math.ceil(n / columns));
  if (m <= cuda.skinnyRows) {
    // One warp for each column, for all rows at once.
    const rows = m <= 1 ? 1 : m <= 4 ? 4 : m <= 8 ? 8 : 16;
    const columns = cuda.threads / cuda.warp;
    return {
      engine: "skinny",
      rows,
      columns,
      threads: cuda.threads,
      shape: String(rows),
      shared: "0",
      blocks: count(m, columns),
    };
  }
  const half = halfOf(c);
  const large = count(128, 128) >= cuda.wave;
  const edge = large ? 128 : 64;
  if (half !== undefined) {
    const [warpsM, warpsN] = large ? [2, 4] : [2, 2];
    const shape = `lum::MmaShape<${edge}, ${edge}, 32, ${warpsM}, ${warpsN}, 3>`;
    return tiled("mma", edge, 32 * warpsM * warpsN, shape, count(edge, edge));
  }
  return tiled(
    "fma",
    edge,
    cuda.threads,
    `lum::FmaShape<${edge}, ${edge}, 16, ${edge / 16}, ${edge / 16}>`,
    count(edge, edge),
  );
}

const tiled = (
  engine: "mma" | "fma",
  edge: number,
  threads: number,
  shape: string,
  blocks: number,
): Tiling => ({
  engine,
  rows: edge,
  columns: edge,
  threads,
  shape,
  shared: `${shape}::shared_bytes(${engine === "mma" ? 2 : ""})`,
  blocks,
});
