/** Both sides must compute the same before their times are compared. */
import { toFloat32 } from "../src/loader/native.ts";
import type { Arrays } from "./case.ts";
import type { Side } from "./side.ts";

export const TOLERANCE = 1e-3;

/** Of outputs in bf16, whose own rounding is a part of it. */
const TOLERANCE_BF16 = 3e-2;

/**
 * The largest difference over all outputs that both give and over several inputs, each relative to the largest
 * magnitude in its output. Throws where it is above the tolerance, or where an output is not finite or all zero.
 */
export function checkAgreement(a: Side, b: Side, calls: number): number {
  let worst = 0;
  for (let i = 0; i < calls; i++) {
    a.call(i);
    b.call(i);
    worst = Math.max(worst, difference(a.outputs, b.outputs));
  }
  return worst;
}

function difference(a: Arrays, b: Arrays): number {
  const shared = Object.keys(a).filter((name) => name in b);
  if (shared.length === 0) throw new Error("the two sides have no output in common");
  return Math.max(
    ...shared.map((name) => {
      const isHalf = a[name] instanceof Uint16Array;
      const error = relativeError(numbers(a[name]), numbers(b[name]));
      if (error <= (isHalf ? TOLERANCE_BF16 : TOLERANCE)) return error;
      throw new Error(`${name}: the two sides differ by ${error.toExponential(1)} of the largest value`);
    }),
  );
}

const numbers = (values: Arrays[string]): Float32Array =>
  values instanceof Uint16Array ? toFloat32(values, "bf16") : (values as Float32Array);

/** NaN where anything is not finite or the reference is all zero, so that no comparison passes. */
export function relativeError(values: Float32Array, reference: Float32Array): number {
  if (values.length !== reference.length) return Number.NaN;
  let [largest, apart] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const difference = Math.abs(values[i] - reference[i]);
    if (!Number.isFinite(difference)) return Number.NaN;
    apart = Math.max(apart, difference);
    largest = Math.max(largest, Math.abs(reference[i]));
  }
  return largest === 0 ? Number.NaN : apart / largest;
}
