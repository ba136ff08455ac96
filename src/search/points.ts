/** The sizes that a plan is judged at: its dims at their ends, and between them. */
import { type Bounds, highest, lowest } from "../ir/bounds.ts";
import type { Bucket } from "../ir/bucket.ts";
import { constantOf, int } from "../ir/poly.ts";

/** Dims at a point, in declaration order. */
export type Point = { readonly dims: ReadonlyMap<string, number>; readonly bounds: Bounds };

/**
 * Every dim as small as it can be with something to compute, in the geometric middle, and as large as it can be.
 * Values that have a plan elsewhere, in a bucket at the lower end of a dim, are left out.
 * A dim's range may depend on earlier ones, `pos in 0..max_len - s`, and is taken at their values.
 */
export function pointsOf(all: Bounds, elsewhere: readonly Bucket[] = []): readonly Point[] {
  const bounds = elsewhere.reduce(without, all);
  const found = new Map<string, Point>();
  for (const part of [0, 0.5, 1]) {
    const at = pointAt(bounds, part);
    const key = [...at.dims].join(" ");
    if (!found.has(key)) found.set(key, at);
  }
  return [...found.values()];
}

function pointAt(bounds: Bounds, part: number): Point {
  const dims = new Map<string, number>();
  let at: Bounds = bounds;
  for (const [name, range] of bounds.dims) {
    const low = lowest(range.low, at);
    const high = highest(range.high, at);
    if (low === undefined || high === undefined) continue;
    const from = Math.min(Math.max(1, low), Math.max(0, high));
    const value = Math.round(from <= 0 ? high * part : from ** (1 - part) * high ** part);
    dims.set(name, value);
    const fixed = { low: int(value), high: int(value) };
    at = { ...at, dims: new Map([...at.dims, [name, fixed]]) };
  }
  return { dims, bounds: at };
}

/** What is left of a dim's range above a bucket that begins where the range does. */
function without(bounds: Bounds, bucket: Bucket): Bounds {
  const [only] = bucket;
  const range = bucket.size === 1 ? bounds.dims.get(only[0]) : undefined;
  if (range === undefined || constantOf(range.low) !== only[1].low) return bounds;
  const rest = { low: int(only[1].high + 1), high: range.high };
  if ((highest(rest.high, bounds) ?? 0) <= only[1].high) return bounds;
  return {
    ...bounds,
    dims: new Map([...bounds.dims].map(([name, r]) => [name, name === only[0] ? rest : r])),
  };
}
