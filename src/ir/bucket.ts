/** Buckets: ranges of dims that are planned on their own, `s=1` beside the whole of `s in 1..512`. */

/** Inclusive ends by the name of the dim, in the order that they were written. */
export type Bucket = ReadonlyMap<string, BucketRange>;

export type BucketRange = { readonly low: number; readonly high: number };

/** `s=1`, `s=2..16,pos=0` */
export const bucketText = (b: Bucket): string =>
  [...b].map(([name, r]) => `${name}=${r.low === r.high ? r.low : `${r.low}..${r.high}`}`).join(",");

/** The same as part of an identifier: `s1`, `s2to16_pos0`. */
export const bucketSuffix = (b: Bucket): string =>
  [...b].map(([name, r]) => `${name}${r.low === r.high ? r.low : `${r.low}to${r.high}`}`).join("_");

/** `s=1` or `s=2..16`, several with commas between; undefined where it is not of that form. */
export function parseBucket(text: string): Bucket | undefined {
  const out = new Map<string, BucketRange>();
  for (const part of text.split(",")) {
    const found = /^\s*([A-Za-z_]\w*)\s*=\s*(\d+)(?:\s*\.\.\s*(\d+))?\s*$/.exec(part);
    if (found === null || out.has(found[1])) return undefined;
    const low = Number(found[2]);
    const high = found[3] === undefined ? low : Number(found[3]);
    if (!Number.isSafeInteger(high) || high < low) return undefined;
    out.set(found[1], { low, high });
  }
  return out;
}
