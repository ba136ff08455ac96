/** What a convolution by Winograd's filtering takes: products of transformed tiles, and the transforms (`winograd.h`). */
import type { WinogradTile } from "../ir/plan.ts";
import type { Machine } from "../targets/machines.ts";

export type ConvolutionSize = {
  readonly images: number;
  /** Of the outputs. */
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputs: number;
};

/** Additions that bringing a tile's inputs, and its outputs, from one form into the other takes for each channel. */
const transformWork: { readonly [T in WinogradTile]: { readonly inputs: number; readonly outputs: number } } =
  {
    2: { inputs: 100, outputs: 65 },
    4: { inputs: 320, outputs: 220 },
  };

/** Floats of a thread's workspace, and rows of sums that are kept beside the tiles (`panels_at_a_time`). */
const workspace = 393216;
const sumRows = 96;

/** Operations, and seconds on all threads of the machine. */
export function winogradTime(
  size: ConvolutionSize,
  tile: WinogradTile,
  machine: Machine,
): { readonly operations: number; readonly seconds: number } {
  const { images, height, width, channels, outputs } = size;
  const places = (tile + 2) ** 2;
  const count = images * Math.ceil(height / tile) * Math.ceil(width / tile);
  const panels = Math.ceil(count / machine.tile.n);
  const tiles = panels * machine.tile.n;
  const rows = Math.ceil(outputs / machine.tile.m) * machine.tile.m;
  const products = 2 * places * tiles * channels * rows;
  const transforms = tiles * (channels * transformWork[tile].inputs + outputs * transformWork[tile].outputs);
  // Each block of tiles reads all filters.
  const atATime = Math.floor(workspace / places / machine.tile.n / (channels + Math.min(sumRows, rows)));
  const filters = 4 * places * channels * rows;
  const rate = machine.levels.find((l) => filters <= l.bytes)!.bytesPerSecond;
  const streaming = (filters * Math.ceil(panels / Math.max(1, atATime))) / rate;
  return {
    operations: products + transforms,
    seconds: Math.max(products / machine.contractionRate, streaming) + transforms / machine.vectorRate,
  };
}
