/** Into how many parts the cost model cuts rows, and what it says of the bytes that they move. */
import { describe, expect, test } from "vitest";
import { cuda, cudaArchs, rowBytesOfAll } from "../../../src/targets/cuda.ts";
import { quickestParts, type RowWork, rowBytes, rowSeconds } from "../../../src/targets/cuda-cost.ts";

/** A softmax of f32: read, read and written, read and written again; in parts read twice and written. */
const softmax = (rows: number, terms: number): RowWork => ({
  rows,
  terms,
  bytes: { once: 8, inLoops: 20, inKernels: 12, kept: 4 },
  kernels: 2,
});

const argmax = (rows: number, terms: number): RowWork => ({
  rows,
  terms,
  bytes: { once: 4, inLoops: 4, inKernels: 4, kept: 0 },
  kernels: 2,
});

describe.each(cudaArchs.map((a) => [a.name, a] as const))("%s", (_, arch) => {
  test("a vocabulary has blocks on a good part of the device", () => {
    for (const work of [argmax(1, 128256), softmax(1, 128256), softmax(2, 50257)]) {
      const parts = quickestParts(work, arch);
      expect(parts * work.rows).toBeGreaterThan(arch.multiprocessors / 4);
      expect(work.terms / parts).toBeGreaterThanOrEqual(cuda.leastPiece);
      expect(rowSeconds(work, parts, arch)).toBeLessThan(rowSeconds(work, 1, arch));
    }
  });

  test("short rows, and as many as fill the device, stay whole", () => {
    for (const work of [softmax(1, 4096), argmax(1, 2048), softmax(4096, 4096), argmax(8192, 50257)])
      expect(quickestParts(work, arch)).toBe(1);
  });

  test("many rows that have no room on the chip are cut into parts that have", () => {
    const work = softmax(4096, 60000);
    const parts = quickestParts(work, arch);
    expect((work.terms / parts) * work.bytes.kept).toBeLessThanOrEqual(cuda.pieceBytes);
  });
});

test("a row moves once while it has room on the chip", () => {
  const last = rowBytesOfAll / 4;
  expect(rowBytes(softmax(1, last), 1)).toBe(8);
  expect(rowBytes(softmax(1, last + 1), 1)).toBe(20);
  expect(rowBytes(softmax(1, last + 1), 4)).toBe(12);
});
