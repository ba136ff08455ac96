/** How a matrix product is cut into tiles: by which engine, how large, with how many threads, in how many parts. */
import { type ProductCut, type ProductTile, productCuts, tileAndParts } from "../../ir/cuts.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Contraction, Kernel, Operand, Tiling } from "../../ir/kernel.ts";
import { constantOf, type Poly } from "../../ir/poly.ts";
import { type CudaArch, cuda } from "../../targets/cuda.ts";
import { type ProductWork, productSeconds } from "../../targets/cuda-cost.ts";
import { largest } from "./map.ts";
import {
  fmaShapes,
  inPartsOf,
  mmaShapes,
  type Shape,
  shapeName,
  streamedShapes,
  tf32Shapes,
} from "./shapes.ts";

/** A product as far as its cut depends on it. */
export type Product = ProductWork & {
  /** Tensor cores take both factors, in 16 bits as they lie, or one of f32 in two parts beside one of bf16. */
  readonly onCores: boolean;
  /** They would take both in TF32, where that is allowed. */
  readonly asTf32: boolean;
  readonly alongK: boolean;
  readonly computed: boolean;
};

export type Chosen = { readonly shape: Shape; readonly parts: number; readonly seconds: number };

const isF8 = (t: DType | undefined): boolean => t === "f8e4m3" || t === "f8e5m2";

/** All of whose values are values of bf16, and of f16. */
const inByte = (t: DType | undefined): boolean => isF8(t) || t === "i8" || t === "u8";

/**
 * Whether tensor cores take factors of these types, undefined for what is computed in f32, and which of them in two
 * parts. f16 hasn't the range for the parts of any f32.
 */
export function coresFor(
  a: DType | undefined,
  b: DType | undefined,
): Pick<Product, "onCores" | "asTf32" | "inParts"> {
  const isFloat = (t: DType | undefined): boolean => t === undefined || t === "f32";
  const asTf32 = isFloat(a) && isFloat(b);
  const isHalf = (t: DType | undefined): boolean => t === "f16" || t === "bf16";
  if (isHalf(a) && (b === a || inByte(b))) return { onCores: true, asTf32 };
  if (inByte(a) && isHalf(b)) return { onCores: true, asTf32 };
  if (isF8(a) && isF8(b)) return { onCores: true, asTf32 };
  if (isFloat(a) && b === "bf16") return { onCores: true, asTf32, inParts: "a" };
  if (a === "bf16" && isFloat(b)) return { onCores: true, asTf32, inParts: "b" };
  return { onCores: false, asTf32 };
}

export const typeOf = ({ form }: Operand): DType | undefined =>
  form.kind === "strided" || form.kind === "patches" ? form.dtype : undefined;

/** At the largest sizes, unless others are asked for. */
export function productOf(
  kernel: Kernel,
  c: Contraction,
  sizeOf: (p: Poly) => number = (p) => largest(p, kernel.bounds),
): Product {
  const size = (v: number | undefined) =>
    v === undefined ? 1 : Math.max(1, sizeOf(kernel.variables[v].size));
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

/** The cut that a plan names, by the quickest of the shapes that have that name; undefined where it is none of these sizes. */
export function cutNamed(p: Product, name: ProductCut, arch: CudaArch): Chosen | undefined {
  const { parts } = tileAndParts(name);
  let best: Chosen | undefined;
  for (const shape of shapesNamed(p, name)) {
    if (shape.engine === "tf32" && !arch.allowed?.has("tf32")) continue;
    const seconds = productSeconds(p, { ...shape, parts }, arch);
    if (shape.sharedBytes <= arch.sharedBytesPerBlock && (best === undefined || seconds < best.seconds))
      best = { shape, parts, seconds };
  }
  return best;
}

/** The cuts that the engines offer for these factors and sizes, whatever the part. */
export const cutsFor = (p: Product): ProductCut[] =>
  productCuts.filter((name) => shapesNamed(p, name).length > 0);

/** With as many parts as the name says, none of them empty, and room for their sums. */
function shapesNamed(p: Product, name: ProductCut): Shape[] {
  const { tile, parts } = tileAndParts(name);
  const hasRoom = 4 * parts * p.batch * p.m * p.n <= cuda.splitBytes;
  return shapesOf(p, tile).filter(({ depth }) => {
    const steps = Math.ceil(p.k / depth);
    return parts === 1 || (hasRoom && Math.ceil(steps / Math.ceil(steps / parts)) === parts);
  });
}

function shapesOf(p: Product, tile: ProductTile): readonly Shape[] {
  if (tile === "streaming") return p.m <= cuda.skinnyRows ? streamedShapes(p) : [];
  const cores = p.onCores ? mmaShapes.map((s) => inPartsOf(s, p.inParts)) : [];
  return [...cores, ...(p.asTf32 ? tf32Shapes : []), ...fmaShapes].filter((s) => shapeName(s) === tile);
}

function shapesFor(p: Product, arch: CudaArch): readonly Shape[] {
  const inF32 = p.asTf32 && arch.allowed?.has("tf32") ? [...tf32Shapes, ...fmaShapes] : fmaShapes;
  const tiled = (p.onCores ? mmaShapes.map((s) => inPartsOf(s, p.inParts)) : inF32).filter(
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
export function cutText(tiling: Tiling, c: Contraction, arch: CudaArch): string {
  const { engine, rows, columns } = tiling;
  const { inParts } = coresFor(typeOf(c.a), typeOf(c.b));
  const how = {
    mma: `In tiles of ${rows} x ${columns} on tensor cores${inParts === undefined ? "" : ", the f32 factor as two of bf16"}`,
    tf32: `In tiles of ${rows} x ${columns} on tensor cores, the factors rounded to TF32 (--allow tf32)`,
    fma: `In tiles of ${rows} x ${columns}`,
    skinny: `With few rows, the right factor streamed, a block for ${columns === 1 ? "each column" : `${columns} columns at a time`}`,
    attention: "In one pass",
  }[engine];
  return c.cut !== undefined && isCutBy(tiling, c.cut)
    ? `${how}: chosen by the search.`
    : `${how}: the quickest way by the cost model for ${arch.name}.`;
}

const isCutBy = (tiling: Tiling, cut: ProductCut): boolean => {
  const { tile, parts } = tileAndParts(cut);
  return shapeName(tiling) === tile && tiling.parts === parts;
};

export function tilingOf(kernel: Kernel, c: Contraction, arch: CudaArch, mostParts?: number): Tiling {
  const p = productOf(kernel, c);
  // A part of the family may have too little shared memory for what was found on another.
  const named = c.cut === undefined || mostParts !== undefined ? undefined : cutNamed(p, c.cut, arch);
  return tilingBy(named ?? quickestCut(p, arch, mostParts), [p]);
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
