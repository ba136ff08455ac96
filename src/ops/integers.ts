/**
 * Integer arithmetic as the emitted code does it: two's complement, wrapping. Values are held as numbers, so an
 * i64 beyond 2^53 is rounded to the nearest double.
 */
import type { DType } from "../ir/dtype.ts";

/** An integer brought into the range of `t` modulo 2^width. */
export function wrap(value: number, t: DType): number {
  switch (t) {
    case "i32":
      return Number.isSafeInteger(value) ? value | 0 : Number(BigInt.asIntN(32, BigInt(value)));
    case "i16":
      return (value << 16) >> 16;
    case "i8":
      return (value << 24) >> 24;
    case "u8":
      return value & 255;
    case "i64":
      return Math.abs(value) < 2 ** 63 ? value : Number(BigInt.asIntN(64, BigInt(value)));
    default:
      return value;
  }
}

/** `exact` on numbers while the result is exact there, else on big integers, wrapped to 64 bits. */
export function wide(
  fast: (a: number, b: number) => number,
  exact: (a: bigint, b: bigint) => bigint,
): (a: number, b: number) => number {
  return (a, b) => {
    const value = fast(a, b);
    if (Number.isSafeInteger(value)) return value + 0;
    return Number(BigInt.asIntN(64, exact(BigInt(a), BigInt(b))));
  };
}

/** Floor of the quotient; 0 for a divisor of 0, so that the result is defined for any data. */
export const floorDivide = (a: number, b: number): number => (b === 0 ? 0 : Math.floor(a / b) + 0);

/** a - b * floor(a / b): the sign of the divisor; a for a divisor of 0. */
export function floorModulo(a: number, b: number): number {
  if (b === 0) return a;
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest + 0;
}

/** base^exponent by squaring. A negative exponent gives the truncated quotient 1 / base^-exponent, and 0 for base 0. */
export function integerPower(base: bigint, exponent: bigint, bits: 32 | 64): bigint {
  if (exponent < 0n) {
    if (base === 1n) return 1n;
    return base === -1n ? (exponent % 2n === 0n ? 1n : -1n) : 0n;
  }
  let [result, square, left] = [1n, base, exponent];
  for (; left > 0n; left >>= 1n) {
    if (left & 1n) result = BigInt.asIntN(bits, result * square);
    square = BigInt.asIntN(bits, square * square);
  }
  return result;
}
