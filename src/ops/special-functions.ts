/** Functions that JavaScript's Math lacks, accurate to a few units in the last place of f64. */

/**
 * The error function. Small arguments by the series with positive terms only,
 * erf x = 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!! (Abramowitz and Stegun 7.1.6);
 * large ones by the continued fraction of erfc (7.1.14).
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x)) return x;
  const value = size < 3 ? erfSeries(size) : size < 6 ? 1 - erfcFraction(size) : 1;
  return x < 0 || Object.is(x, -0) ? -value : value;
}

function erfSeries(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; term > sum * 1e-18; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** erfc x = exp(-x^2)/sqrt(pi) · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))), from the inside out. */
function erfcFraction(x: number): number {
  let tail = x;
  for (let k = 80; k >= 1; k--) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}

/** 1 / (1 + exp(-x)) without overflow, precise where it is near 0. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** To the nearest integer, halves to the even one. */
export function roundToEven(x: number): number {
  if (Math.abs(x) >= 2 ** 52 || Number.isNaN(x)) return x;
  const below = Math.floor(x);
  const part = x - below;
  const up = part > 0.5 || (part === 0.5 && below % 2 !== 0);
  const value = up ? below + 1 : below;
  return value === 0 && (x < 0 || Object.is(x, -0)) ? -0 : value;
}
