/** Sizes of random programs: a number, or the run-time dim `s` and a number. */

export type Size = { readonly runTime: boolean; readonly plus: number };

/** The bounds of `s`. */
export type Bounds = { readonly low: number; readonly high: number };

export const fixed = (n: number): Size => ({ runTime: false, plus: n });
export const runTime: Size = { runTime: true, plus: 0 };

export const longer = (z: Size, by: number): Size => ({ ...z, plus: z.plus + by });
export const same = (a: Size, b: Size): boolean => a.runTime === b.runTime && a.plus === b.plus;
export const sameShape = (a: readonly Size[], b: readonly Size[]): boolean =>
  a.length === b.length && a.every((z, i) => same(z, b[i]));

export const least = (z: Size, s: Bounds): number => (z.runTime ? s.low : 0) + z.plus;
export const greatest = (z: Size, s: Bounds): number => (z.runTime ? s.high : 0) + z.plus;
export const numberOf = (z: Size, s: number): number => (z.runTime ? s : 0) + z.plus;

/** a ≤ b for every s. */
export const atMost = (a: Size, b: Size, s: Bounds): boolean =>
  a.runTime === b.runTime ? a.plus <= b.plus : greatest(a, s) <= least(b, s);

export function sizeText(z: Size): string {
  if (!z.runTime) return String(z.plus);
  if (z.plus === 0) return "s";
  return z.plus > 0 ? `s + ${z.plus}` : `s - ${-z.plus}`;
}

export const shapeText = (shape: readonly Size[]): string => `[${shape.map(sizeText).join(", ")}]`;
