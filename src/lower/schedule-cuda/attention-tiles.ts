/** How one-pass attention is cut: rows of a tile, by which engine, and the parts that few rows' keys are split into. */
import { type KeySplit, keySplits, partsOfKeys } from "../../ir/cuts.ts";
import type { Attention, Kernel, Tiling } from "../../ir/kernel.ts";
import { constantOf, type Poly } from "../../ir/poly.ts";
import { type CudaArch, cuda } from "../../targets/cuda.ts";
import { largest } from "./map.ts";
import { typeOf } from "./tiles.ts";

/** How many items of the model have their rows in one tile: heads that share keys, where each has few rows. */
export function packedItems(kernel: Kernel, s: Attention): number {
  const group = constantOf(s.group);
  const rows = s.row === undefined ? 1 : largest(kernel.variables[s.row].size, kernel.bounds);
  return s.item === undefined || group === undefined || rows > cuda.packedRows ? 1 : group;
}

/** An attention as far as its cut depends on it: items with rows of their own keys. */
export type Rows = {
  readonly items: number;
  readonly rows: number;
  readonly keys: number;
  readonly depth: number;
  readonly width: number;
};

/** With so many items of the model in each; at the largest sizes, unless others are asked for. */
export function rowsOf(
  kernel: Kernel,
  s: Attention,
  packed: number,
  sizeOf: (p: Poly) => number = (p) => largest(p, kernel.bounds),
): Rows {
  const size = (v: number | undefined) =>
    v === undefined ? 1 : Math.max(1, sizeOf(kernel.variables[v].size));
  const [all, own, keys, depth, width] = [s.item, s.row, s.key, s.depth, s.width].map(size);
  return { items: all / packed, rows: own * packed, keys, depth, width };
}

/** The splits that an attention may have: parts of a block of keys at the least, with room for what they have summed. */
export const keySplitsFor = ({ items, rows, keys, width }: Rows): KeySplit[] =>
  keySplits.filter((name) => {
    const parts = partsOfKeys(name);
    const hasRoom = 4 * parts * items * rows * (width + 2) <= cuda.splitBytes;
    return parts === 1 || (hasRoom && parts * partStep <= keys);
  });

/** Parts of the keys end at multiples of it. */
const partStep = 16;

/** Tensor cores where queries, keys and values lie in memory in the same 16-bit type. */
export function attentionTiling(kernel: Kernel, s: Attention, packed: number, arch: CudaArch): Tiling {
  const r = rowsOf(kernel, s, packed);
  const { items, rows, keys, depth, width } = r;
  const types = new Set([s.q, s.k, s.v].map(typeOf));
  const [type] = types;
  const onCores = types.size === 1 && (type === "f16" || type === "bf16");
  const padded = (n: number): number => {
    if (!onCores) return Math.ceil(n / 8) * 8;
    // A row's chunks of 16 bytes are shared out to threads evenly.
    return Math.max(16, 2 ** Math.ceil(Math.log2(n)));
  };
  const [d, dv] = [padded(depth), padded(width)];
  const form = onCores ? mmaForm(rows, d, dv, arch) : fmaForm(rows, d, dv, arch);
  const shape = `lum::${onCores ? "Mma" : "Fma"}Attention<${[d, dv, ...form].join(", ")}>`;
  const tile = onCores ? 16 * form[0] : form[0];
  const tiles = items * Math.ceil(rows / tile);
  const isNamed = s.keySplit !== undefined && keySplitsFor(r).includes(s.keySplit);
  const parts = isNamed
    ? partsOfKeys(s.keySplit!)
    : rows > 4 * cuda.packedRows
      ? 1
      : keyParts(tiles, keys, arch);
  return {
    engine: "attention",
    rows: tile,
    columns: 1,
    threads: onCores ? cuda.warp * form[0] * form[1] : 8 * form[0] * form[1],
    shape,
    shared: `${shape}::shared_bytes()`,
    parts,
    partStep,
    blocks: Math.max(1, tiles * parts),
  };
}

/**
 * Warps over queries and over keys, and keys of a warp: sums of wide values leave registers for fewer, and some parts
 * shared memory.
 */
function mmaForm(rows: number, d: number, dv: number, arch: CudaArch): number[] {
  const most = Math.max(d, dv) <= 128 ? 64 : 16;
  const forms =
    rows <= 16
      ? [
          [1, 4, 16],
          [1, 2, 16],
          [1, 1, 16],
        ]
      : rows <= 32
        ? [
            [2, 2, 16],
            [2, 1, 16],
          ]
        : [64, 32, 16].filter((keys) => keys <= most).map((keys) => [4, 1, keys]);
  const bytes = ([queries, parts, keys]: readonly number[]): number =>
    Math.max(2 * (16 * queries * d + 2 * parts * keys * (d + dv)), 64 * parts * queries * (dv + 8));
  return forms.find((f) => bytes(f) <= arch.sharedBytesPerBlock) ?? forms.at(-1)!;
}

/** Queries of a tile, and parts of its keys, as far as shared memory has room for them. */
function fmaForm(rows: number, d: number, dv: number, arch: CudaArch): number[] {
  const forms =
    rows <= 4
      ? [
          [4, 2],
          [4, 1],
        ]
      : rows <= 8
        ? [
            [8, 2],
            [8, 1],
          ]
        : [
            [32, 1],
            [16, 1],
          ];
  const bytes = ([queries, parts]: readonly number[]): number =>
    4 * (queries * (d + 1) + 32 * parts * (d + 1 + dv) + parts * queries * 33);
  return forms.find((f) => bytes(f) <= arch.sharedBytesPerBlock) ?? [4, 1];
}

/** As many as give every multiprocessor two tiles, of no fewer keys each than are worth a block. */
function keyParts(tiles: number, keys: number, arch: CudaArch): number {
  const wanted = Math.floor((2 * arch.multiprocessors) / Math.max(1, tiles));
  return Math.max(1, Math.min(wanted, Math.floor(keys / cuda.keysOfPart), cuda.mostKeyParts));
}
