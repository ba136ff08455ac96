/**
 * The storage formats of floats: exact rounding of an f64 to the nearest value of a format, halves to even, and
 * the bits of a value. f8e4m3 has no infinity: beyond 448 there is NaN.
 */
import type { DType } from "../ir/dtype.ts";
import { roundToEven } from "../ops/special-functions.ts";

export type NarrowFloat = "f16" | "bf16" | "f8e4m3" | "f8e5m2";

type Format = { readonly exponent: number; readonly mantissa: number; readonly infinite: boolean };

const formats: Readonly<Record<NarrowFloat, Format>> = {
  f16: { exponent: 5, mantissa: 10, infinite: true },
  bf16: { exponent: 8, mantissa: 7, infinite: true },
  f8e4m3: { exponent: 4, mantissa: 3, infinite: false },
  f8e5m2: { exponent: 5, mantissa: 2, infinite: true },
};

export const isNarrowFloat = (t: DType): t is NarrowFloat => t in formats;

const word = new DataView(new ArrayBuffer(8));

/** floor(log2 |x|) of a finite number that is not 0; -1023 for subnormals, which no narrow format reaches. */
function exponentOf(x: number): number {
  word.setFloat64(0, x);
  return ((word.getUint16(0) >> 4) & 0x7ff) - 1023;
}

const bias = (f: Format): number => 2 ** (f.exponent - 1) - 1;

/** Distance between neighbouring values of the format at x. */
const stepAt = (x: number, f: Format): number => 2 ** (Math.max(exponentOf(x), 1 - bias(f)) - f.mantissa);

/** The greatest finite value: all ones, less what infinity and NaN take. */
function largest(f: Format): number {
  if (f.infinite) return (2 - 2 ** -f.mantissa) * 2 ** bias(f);
  return (2 - 2 ** (1 - f.mantissa)) * 2 ** (bias(f) + 1);
}

function roundNarrow(x: number, f: Format): number {
  if (x === 0 || Number.isNaN(x)) return x;
  const beyond = f.infinite ? Math.sign(x) * Number.POSITIVE_INFINITY : Number.NaN;
  if (!Number.isFinite(x)) return beyond;
  const step = stepAt(x, f);
  const rounded = roundToEven(x / step) * step;
  return Math.abs(rounded) > largest(f) ? beyond : rounded;
}

/** The value of `t` nearest to x; x itself where `t` is no float. */
export function roundFloat(x: number, t: DType): number {
  if (t === "f32") return Math.fround(x);
  return isNarrowFloat(t) ? roundNarrow(x, formats[t]) : x;
}

/** Bits of the value of `t` nearest to x, as an unsigned number. NaN becomes the quiet one without payload. */
export function floatBits(x: number, t: NarrowFloat): number {
  const f = formats[t];
  const rounded = roundNarrow(x, f);
  const sign = rounded < 0 || Object.is(rounded, -0) ? 2 ** (f.exponent + f.mantissa) : 0;
  const allOnes = (2 ** f.exponent - 1) * 2 ** f.mantissa;
  if (Number.isNaN(rounded)) return allOnes + (f.infinite ? 2 ** (f.mantissa - 1) : 2 ** f.mantissa - 1);
  if (!Number.isFinite(rounded)) return sign + allOnes;
  if (rounded === 0) return sign;
  const exponent = Math.max(exponentOf(rounded), 1 - bias(f));
  // The leading one of a normal value adds 1 to the exponent field; a subnormal has none, and field 0.
  const significand = Math.abs(rounded) / 2 ** (exponent - f.mantissa);
  return sign + (exponent + bias(f) - 1) * 2 ** f.mantissa + significand;
}

/** The value that bits of the format stand for. */
export function floatFromBits(bits: number, t: NarrowFloat): number {
  const f = formats[t];
  const sign = Math.floor(bits / 2 ** (f.exponent + f.mantissa)) % 2 === 1 ? -1 : 1;
  const field = Math.floor(bits / 2 ** f.mantissa) % 2 ** f.exponent;
  const fraction = bits % 2 ** f.mantissa;
  if (field === 2 ** f.exponent - 1) {
    if (f.infinite) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (fraction === 2 ** f.mantissa - 1) return Number.NaN;
  }
  if (field === 0) return sign * fraction * 2 ** (1 - bias(f) - f.mantissa);
  return sign * (1 + fraction / 2 ** f.mantissa) * 2 ** (field - bias(f));
}
