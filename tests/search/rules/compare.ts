/** Comparison of tensors from the interpreter, and what can be seen in their elements. */
import { isFloat } from "../../../src/ir/dtype.ts";
import type { Tensor } from "../../../src/lower/tensor.ts";

/** The interpreter computes floats in f64, so that only the order of operations is left to round. */
const rounding = 1e-9;

/** What differs, by more than `loose` or the rounding of f64 where they are floats. */
export function differenceOf(got: Tensor, wanted: Tensor, loose: number): string | undefined {
  if (got.dtype !== wanted.dtype) return `${got.dtype} for ${wanted.dtype}`;
  if (got.shape.join() !== wanted.shape.join()) return `[${got.shape}] for [${wanted.shape}]`;
  const scale = wanted.data.reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 0);
  const tolerance = isFloat(wanted.dtype) ? Math.max(loose, rounding) * scale : 0;
  for (const [i, w] of wanted.data.entries()) {
    const g = got.data[i];
    const same = g === w || (Number.isNaN(g) && Number.isNaN(w)) || Math.abs(g - w) <= tolerance;
    if (!same) return `element ${i} is ${g} for ${w}`;
  }
  return undefined;
}

/** Axes along which some two neighbours differ, as bits. */
export function moving({ shape, data }: Tensor): number {
  let mask = 0;
  let inner = 1;
  for (let a = shape.length - 1; a >= 0; a--) {
    const step = inner;
    const block = step * shape[a];
    if (
      data.some(
        (x, i) =>
          i % block >= step && x !== data[i - step] && !(Number.isNaN(x) && Number.isNaN(data[i - step])),
      )
    )
      mask |= 1 << a;
    inner = block;
  }
  return mask;
}
