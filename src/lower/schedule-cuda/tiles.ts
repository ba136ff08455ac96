/** How a matrix product is cut into tiles: by which engine, how large, with how many threads, in how many parts. */
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Contraction, Kernel, Operand, Tiling } from "../../ir/kernel.ts";
import { constantOf } from "../../ir/poly.ts";
import { type CudaArch, cuda } from "../../targets/cuda.ts";
import { type ProductWork, productSeconds } from "../../targets/cuda-cost.ts";
import { largest } from "./map.ts";
import { fmaShapes, inPartsOf, mmaShapes, type Shape, streamedShapes } from "./shapes.ts";

/** A product as far as its cut depends on it. */
export type Product = ProductWork & {
  /** Tensor cores take both factors, in 16 bits as they lie, or one of f32 in two parts beside one of bf16. */
  readonly onCores: boolean;
  readonly alongK: boolean;
  readonly computed: boolean;
};

export type Chosen = { readonly shape: Shape; readonly parts: number; readonly seconds: number };

/**
 * Whether tensor cores take factors of these types, undefined for what is computed in f32, and which of them in two
 * parts. f16 hasn't the range for the parts of any f32.
 */
export function coresFor(a: DType | undefined, b: DType | undefined): Pick<Product, "onCores" | "inParts"> {
  const isFloat = (t: DType | undefined): boolean => t === undefined || t === "f32";
  if (a === b && (a === "f16" || a === "bf16")) return { onCores: true };
  if (isFloat(a) && b === "bf16") return { onCores: true, inParts: "a" };
  if (a === "bf16" && isFloat(b)) return { onCores: true, inParts: "b" };
  return { onCores: false };
}

export const typeOf = ({ form }: Operand): DType | undefined =>
  form.kind === "strided" || form.kind === "patches" ? form.dtype : undefined;

export function productOf(kernel: Kernel, c: Contraction): Product {
  const size = (v: number | undefined) =>
    v === undefined ? 1 : Math.max(1, largest(kernel.variables[v].size, kernel.bounds));
  const [batch, m, n, k] = [c.batch, c.m, c.n, c.k].map(size);
  const bytes = (o: Operand): number => byteSize(typeOf(o) ?? "f32");
  return {
    ...{ batch, m, n, k, aBytes: bytes(c.a), bBytes: bytes(c.b) },
    ...coresFor(typeOf(c.a), typeOf(c.b)),
    alongK: c.b.form.kind !== "strided" || constantOf(c.b.form.kStride) === 1,
    computed: c.a.form.kind === "computed",
  };
}

/** The cut that takes the least time by the cost model; of equals the first. */
export function quickestCut(p: Product, arch: CudaArch, mostParts: number = cuda.mostParts): Chosen {
  let best: Chosen | undefined;
  for (const shape of shapesFor(p, arch))
    for (const parts of partsFor(p, shape, mostParts)) {
      const seconds = productSeconds(p, { ...shape, parts }, arch);
      if (best === undefined || seconds < best.seconds) best = { shape, parts, seconds };
    }
  return best!;
}

function shapesFor(p: Product, arch: CudaArch): readonly Shape[] {
  const tiled = (p.onCores ? mmaShapes.map((s) => inPartsOf(s, p.inParts)) : fmaShapes).filter(
    (s) => s.sharedBytes <= arch.sharedBytesPerBlock,
  );
  if (p.m > cuda.skinnyRows) return tiled;
  // A tile of 16 rows would be nearly empty: what the estimates differ by is less than that they are wrong by.
  return p.m <= cuda.streamedRows ? streamedShapes(p) : [...streamedShapes(p), ...tiled];
}

/** Numbers of parts that are none shorter than the others but the last, and long enough to fill a pipeline. */
function partsFor({ batch, m, n, k }: Product, { depth, stages }: Shape, wanted: number): number[] {
  const steps = Math.ceil(k / depth);
  const most = Math.min(wanted, cuda.splitBytes / (4 * batch * m * n));
  const found = new Set([1]);
  for (let each = steps; each >= stages; each--) found.add(Math.ceil(steps / each));
  return [...found].filter((parts) => parts === 1 || parts <= most);
}

/** How a product is cut, in a sentence. */
export function cutText({ engine, rows, columns }: Tiling, c: Contraction, arch: CudaArch): string {
  const { inParts } = coresFor(typeOf(c.a), typeOf(c.b));
  const how = {
    mma: `In tiles of ${rows} x ${columns} on tensor cores${inParts === undefined ? "" : ", the f32 factor as two of bf16"}`,
    fma: `In tiles of ${rows} x ${columns}`,
    skinny: `With few rows, the right factor streamed, a block for ${columns === 1 ? "each column" : `${columns} columns at a time`}`,
    attention: "In one pass",
  }[engine];
  return `${how}: the quickest way by the cost model for ${arch.name}.`;
}

export function tilingOf(kernel: Kernel, c: Contraction, arch: CudaArch, mostParts?: number): Tiling {
  const p = productOf(kernel, c);
  return tilingBy(quickestCut(p, arch, mostParts), [p]);
}

/** The cut of a kernel with these products. */
export function tilingBy({ shape, parts }: Chosen, products: readonly Product[]): Tiling {
  const tiles = products.reduce(
    (sum, p) => sum + p.batch * parts * Math.ceil(p.m / shape.rows) * Math.ceil(p.n / shape.columns),
    0,
  );
  return {
    engine: shape.engine,
    rows: shape.rows,
    columns: shape.columns,
    threads: shape.threads,
    shape: shape.text,
    shared: shape.shared,
    parts,
    partStep: shape.depth,
    blocks: Math.max(1, tiles),
  };
}
