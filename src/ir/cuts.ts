/**
 * Ways that a GPU's kernels may be cut, where their scheduler does not decide by the largest sizes: closed sets, so
 * that a lock can name each and a search can try all.
 */

/**
 * Which engine computes a product, in tiles of rows x columns; streaming has a block for a few columns. TF32 rounds the
 * factors to 10 digits of a fraction: none is taken without the permission that `--allow tf32` gives.
 */
export const productTiles = [
  "tensor cores 128x128",
  "tensor cores 64x64",
  "tensor cores 32x64",
  "tensor cores 16x64",
  "tf32 tensor cores 128x128",
  "tf32 tensor cores 64x64",
  "tf32 tensor cores 32x64",
  "tf32 tensor cores 16x64",
  "multiply-adds 128x128",
  "multiply-adds 64x64",
  "multiply-adds 32x32",
  "streaming",
] as const;

export type ProductTile = (typeof productTiles)[number];

const depthParts = [2, 4, 8, 16] as const;
const keyParts = [2, 4, 8, 16, 32, 64] as const;

/** A product's tiles, and the parts that its summed axis is split into, each a tile's work. */
export type ProductCut = ProductTile | `${ProductTile}, depth in ${(typeof depthParts)[number]}`;

/** Parts of the keys of an attention, each a tile's work. */
export type KeySplit = "keys in one part" | `keys in ${(typeof keyParts)[number]} parts`;

type Cut = { readonly tile: ProductTile; readonly parts: number };

const cuts = new Map<ProductCut, Cut>(
  productTiles.flatMap((tile): [ProductCut, Cut][] => [
    [tile, { tile, parts: 1 }],
    ...depthParts.map((parts): [ProductCut, Cut] => [`${tile}, depth in ${parts}`, { tile, parts }]),
  ]),
);

const splits = new Map<KeySplit, number>([
  ["keys in one part", 1],
  ...keyParts.map((n): [KeySplit, number] => [`keys in ${n} parts`, n]),
]);

export const productCuts: readonly ProductCut[] = [...cuts.keys()];
export const keySplits: readonly KeySplit[] = [...splits.keys()];

export const tileAndParts = (cut: ProductCut): Cut => cuts.get(cut)!;
export const partsOfKeys = (split: KeySplit): number => splits.get(split)!;

export const isProductCut = (name: string): name is ProductCut => productCuts.some((c) => c === name);
export const isKeySplit = (name: string): name is KeySplit => keySplits.some((s) => s === name);
