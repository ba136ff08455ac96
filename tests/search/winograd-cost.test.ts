/** What the search expects of tiles of either size. */
import { expect, test } from "vitest";
import { type ConvolutionSize, winogradTime } from "../../src/search/winograd-cost.ts";
import { genericCpu } from "../../src/targets/machines.ts";

const seconds = (size: Partial<ConvolutionSize>, tile: 2 | 4): number => {
  const usual = { images: 1, height: 56, width: 56, channels: 64, outputs: 64 };
  return winogradTime({ ...usual, ...size }, tile, genericCpu).seconds;
};

test("a quarter of the multiplications pays where there are many outputs", () => {
  expect(seconds({}, 4)).toBeLessThan(0.8 * seconds({}, 2));
});

test("filters that grow fourfold don't pay for a few positions", () => {
  const deep = { height: 7, width: 7, channels: 512, outputs: 512 };
  expect(seconds(deep, 2)).toBeLessThan(0.8 * seconds(deep, 4));
});

test("tiles that stick out of the image are paid for", () => {
  expect(seconds({ height: 5, width: 5 }, 4)).toBe(seconds({ height: 8, width: 8 }, 4));
});

test.each([2, 4] as const)("images of a batch share vectors of %i x %i tiles", (tile) => {
  const narrow = { height: 9, width: 9 };
  expect(seconds({ ...narrow, images: 8 }, tile)).toBeLessThan(7 * seconds(narrow, tile));
});
