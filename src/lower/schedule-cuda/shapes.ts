/** The shapes that a product's tiles may have, as the target's headers offer them, with what each takes of the chip. */
import type { Tiling } from "../../ir/kernel.ts";
import { cuda } from "../../targets/cuda.ts";
import type { Cut } from "../../targets/cuda-cost.ts";

/** A shape with its spelling in C++. */
export type Shape = Omit<Cut, "parts"> & { readonly text: string; readonly shared: string };

/** Registers as ptxas reports them for the plain kernels of tests/cuda/nvcc; shares are estimates. */
const tensor = (
  engine: "mma" | "tf32",
  [rows, columns, depth, warpsM, warpsN, stages]: readonly number[],
  registers: number,
  share: number,
): Shape => {
  const bytes = engine === "mma" ? 2 : 4;
  const text = `lum::MmaShape<${[rows, columns, depth, warpsM, warpsN, stages].join(", ")}>`;
  const threads = cuda.warp * warpsM * warpsN;
  const sharedBytes = bytes * stages * (rows + columns) * depth;
  const shared = `${text}::shared_bytes(${bytes})`;
  return {
    engine,
    rows,
    columns,
    depth,
    stages,
    threads,
    registers,
    sharedBytes,
    share,
    text,
    shared,
  };
};

/** On tensor cores. A warp's part of 64 x 32 reads the least of shared memory for each product. */
export const mmaShapes: readonly Shape[] = [
  tensor("mma", [128, 128, 32, 2, 4, 4], 128, 0.8),
  tensor("mma", [64, 64, 64, 2, 2, 3], 96, 0.6),
  tensor("mma", [32, 64, 64, 1, 4, 3], 96, 0.4),
  tensor("mma", [16, 64, 128, 1, 4, 4], 96, 0.25),
];

/** On tensor cores, factors of f32 rounded to TF32 on their way into registers. */
export const tf32Shapes: readonly Shape[] = [
  tensor("tf32", [128, 128, 32, 2, 4, 3], 128, 0.7),
  tensor("tf32", [64, 64, 32, 2, 2, 3], 96, 0.5),
  tensor("tf32", [32, 64, 32, 1, 4, 4], 120, 0.35),
  tensor("tf32", [16, 64, 64, 1, 4, 4], 96, 0.2),
];

/** What a cut calls the tiles of a shape. */
export const shapeName = ({ engine, rows, columns }: Pick<Tiling, "engine" | "rows" | "columns">): string =>
  engine === "skinny"
    ? "streaming"
    : `${{ mma: "tensor cores", tf32: "tf32 tensor cores", fma: "multiply-adds", attention: "attention" }[engine]} ${rows}x${columns}`;

/** The shape for a product of which one factor is in two parts, both of which lie in shared memory. */
export function inPartsOf(s: Shape, which: "a" | "b" | undefined): Shape {
  if (which === undefined) return s;
  const more = 2 * s.stages * (which === "a" ? s.rows : s.columns) * s.depth;
  const shared = `${s.text}::shared_bytes(2, ${which === "a" ? "2" : "1, 2"})`;
  return { ...s, sharedBytes: s.sharedBytes + more, shared, registers: s.registers + 32 };
}

const fma = ([rows, columns, depth, own, across]: readonly number[], registers: number, share: number) => {
  const text = `lum::FmaShape<${[rows, columns, depth, own, across].join(", ")}>`;
  const threads = (rows / own) * (columns / across);
  const sharedBytes = 4 * 3 * (rows + columns + 8) * depth;
  const shared = `${text}::shared_bytes()`;
  const shape: Shape = {
    ...{
      engine: "fma",
      rows,
      columns,
      depth,
      stages: 3,
      threads,
      registers,
      sharedBytes,
      share,
      text,
      shared,
    },
  };
  return shape;
};

/** Multiply-adds in f32. */
export const fmaShapes: readonly Shape[] = [
  fma([128, 128, 8, 8, 8], 128, 0.75),
  fma([64, 64, 16, 4, 4], 80, 0.5),
  fma([32, 32, 16, 4, 2], 48, 0.25),
];

export type Streamed = {
  readonly m: number;
  readonly k: number;
  readonly aBytes: number;
  readonly bBytes: number;
  /** The right factor lies along k, or anyhow; else along n. */
  readonly alongK: boolean;
  readonly computed: boolean;
};

/** Few rows: every element of the right factor is read once, by a warp or several for each column. */
export function streamedShapes(s: Streamed): readonly Shape[] {
  const rows = [1, 2, 4, 8].find((r) => s.m <= r)!;
  const warps = cuda.threads / cuda.warp;
  const staged = (rows > 1 || s.computed) && rows * s.k * s.aBytes <= cuda.stagedBytes;
  return (s.alongK ? [1, 2, 4, 8] : [1]).map((perColumn) => {
    const columns = s.alongK ? warps / perColumn : cuda.skinnyColumns;
    const held = staged ? s.k : 0;
    return {
      engine: "skinny",
      rows,
      columns,
      // Four loads of 16 bytes under way in every lane.
      depth: (warps * cuda.warp * 64) / (columns * s.bBytes),
      stages: 2,
      threads: cuda.threads,
      registers: rows > 4 ? 112 : 56,
      sharedBytes: 4 * warps * rows * cuda.skinnyColumns + rows * held * s.aBytes,
      share: 0.25,
      text: `${rows}, ${perColumn}, ${staged}`,
      shared: `lum::skinny_shared_bytes(${warps}, ${rows}, ${held}, ${s.aBytes})`,
    };
  });
}
