// Reference conversions of floating-point numbers, written from the formats' definitions and sharing nothing with
// the C++ runtime: a table of all values of a 16-bit format, searched for the nearest.

export type Format = "f64" | "f32" | "f16" | "bf16";

type Narrow = { readonly exponentBits: number; readonly mantissaBits: number };
const NARROW: Readonly<Record<"f16" | "bf16", Narrow>> = {
  f16: { exponentBits: 5, mantissaBits: 10 },
  bf16: { exponentBits: 8, mantissaBits: 7 },
};

/** The value of a 16-bit pattern. */
export function decode16(bits: number, { exponentBits, mantissaBits }: Narrow): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
  const mantissa = bits & ((1 << mantissaBits) - 1);
  const bias = (1 << (exponentBits - 1)) - 1;
  if (exponent === (1 << exponentBits) - 1)
    return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (1 + mantissa / (1 << mantissaBits)) * 2 ** (exponent - bias);
}

/** The nearest pattern, ties to the even one; values that round past the largest become infinite. */
export function encode16(value: number, format: Narrow): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  const infinity = ((1 << format.exponentBits) - 1) << format.mantissaBits;
  if (size === Number.POSITIVE_INFINITY) return sign | infinity;
  let [low, high] = [0, infinity];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (decode16(middle, format) <= size) low = middle;
    else high = middle;
  }
  // The step past the largest finite value is as large as the one before it.
  const below = decode16(low, format);
  const above = high === infinity ? below + (below - decode16(low - 1, format)) : decode16(high, format);
  const [down, up] = [size - below, above - size];
  const nearest = down < up || (down === up && low % 2 === 0) ? low : high;
  return sign | nearest;
}

/** The bytes of these values in a format. */
export function encodeAll(values: readonly number[], format: Format): Buffer {
  if (format === "f64") return Buffer.from(new Float64Array(values).buffer);
  if (format === "f32") return Buffer.from(new Float32Array(values).buffer);
  return Buffer.from(new Uint16Array(values.map((value) => encode16(value, NARROW[format]))).buffer);
}

/** The values of bytes in a format. */
export function decodeAll(bytes: Uint8Array, format: Format): number[] {
  const buffer = Uint8Array.from(bytes).buffer;
  if (format === "f64") return [...new Float64Array(buffer)];
  if (format === "f32") return [...new Float32Array(buffer)];
  return [...new Uint16Array(buffer)].map((bits) => decode16(bits, NARROW[format]));
}
