import { expect } from "vitest";
import type { Tensor } from "../../../src/lower/tensor.ts";

/** Element by element, within a share of the largest expected value; NaN and infinities where they are expected. */
export function expectClose(name: string, got: Tensor, wanted: Tensor, tolerance: number): void {
  expect(got.shape, name).toEqual(wanted.shape);
  const scale = Math.max(1e-6, ...[...wanted.data].filter(Number.isFinite).map(Math.abs));
  for (const [i, w] of wanted.data.entries()) {
    const g = got.data[i];
    const same = g === w || (Number.isNaN(g) && Number.isNaN(w)) || Math.abs(g - w) <= tolerance * scale;
    if (!same) expect.fail(`${name}[${i}] is ${g}, expected ${w}`);
  }
}
