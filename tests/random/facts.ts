/**
 * What is known of the numbers of a value. Numbers that are multiples of 2^-step and small enough for the 24 bits
 * of an f32 are computed without any error in every order, so they may be compared, rounded and used as indices;
 * of others the likely size and error are estimated, which says how closely two computations must agree.
 */
import { type DType, isFloat } from "../../src/ir/dtype.ts";

export type Facts = {
  /** Bounds of exact numbers; of others, what to expect. */
  readonly low: number;
  readonly high: number;
  /** Exact multiples of 2^-step. */
  readonly step: number | undefined;
  /** Expected error of one element. */
  readonly error: number;
  /** Something was rounded to 16 bits on the way. */
  readonly coarse: boolean;
};

const unit = 2 ** -23;

export const magnitude = (f: Facts): number => Math.max(Math.abs(f.low), Math.abs(f.high));
export const isExact = (f: Facts): boolean => f.step !== undefined;

export const exactly = (low: number, high: number, step: number): Facts =>
  settle({ low, high, step, error: 0, coarse: false });

export const roughly = (low: number, high: number, from: readonly Facts[], error: number): Facts => ({
  low,
  high,
  step: undefined,
  error: error + unit * Math.max(Math.abs(low), Math.abs(high)),
  coarse: from.some((f) => f.coarse),
});

/** Stays exact only while the bits suffice. */
function settle(f: Facts, bits = 24): Facts {
  if (f.step === undefined || magnitude(f) * 2 ** f.step <= 2 ** bits) return f;
  return { ...f, step: undefined, error: f.error + magnitude(f) * 2 ** -bits };
}

const steps = (a: Facts, b: Facts, join: (x: number, y: number) => number): number | undefined =>
  a.step === undefined || b.step === undefined ? undefined : join(a.step, b.step);

const combined = (
  a: Facts,
  b: Facts,
  low: number,
  high: number,
  step: number | undefined,
  error: number,
): Facts =>
  step === undefined ? roughly(low, high, [a, b], error) : settle({ ...exactly(low, high, step), error: 0 });

export const add = (a: Facts, b: Facts): Facts =>
  combined(a, b, a.low + b.low, a.high + b.high, steps(a, b, Math.max), a.error + b.error);

export const subtract = (a: Facts, b: Facts): Facts =>
  combined(a, b, a.low - b.high, a.high - b.low, steps(a, b, Math.max), a.error + b.error);

export function multiply(a: Facts, b: Facts): Facts {
  const ends = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
  const error = a.error * magnitude(b) + b.error * magnitude(a);
  return combined(
    a,
    b,
    Math.min(...ends),
    Math.max(...ends),
    steps(a, b, (x, y) => x + y),
    error,
  );
}

/** Either of both: where, max, min, reads with else. */
export const either = (a: Facts, b: Facts): Facts =>
  combined(
    a,
    b,
    Math.min(a.low, b.low),
    Math.max(a.high, b.high),
    steps(a, b, Math.max),
    Math.max(a.error, b.error),
  );

export const negate = (f: Facts): Facts => ({ ...f, low: -f.high, high: -f.low });
export const absolute = (f: Facts): Facts => ({ ...f, low: 0, high: magnitude(f) });

/** The sum of so many elements; inexact ones grow as a random walk does. */
export function summed(f: Facts, count: number): Facts {
  if (f.step !== undefined)
    return settle(exactly(Math.min(0, f.low * count), Math.max(0, f.high * count), f.step));
  const by = Math.max(1, Math.sqrt(count));
  return roughly(Math.min(0, f.low * by), f.high * by, [f], f.error * by + unit * by * magnitude(f));
}

/** After rounding to the type of a definition. */
export function stored(f: Facts, dtype: DType): Facts {
  if (!isFloat(dtype) || dtype === "f32") return f;
  const bits = dtype === "bf16" ? 8 : 11;
  const rounded = settle(f, bits);
  return rounded.step === undefined
    ? { ...rounded, error: f.error + magnitude(f) * 2 ** -bits, coarse: true }
    : rounded;
}

/** Two computations may differ too much for anything to be built on it. */
export const isShaky = (f: Facts): boolean => f.error > 0.03 * Math.max(magnitude(f), 0.03);
