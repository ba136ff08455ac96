/** What is asked of buckets: dims of the model, values that they can have. */
import { CompileError, diagnostic } from "../diagnostics.ts";
import { type Bucket, type BucketRange, bucketText } from "../ir/bucket.ts";
import type { Dim, Hlir } from "../ir/hlir.ts";
import { constantOf, printPoly } from "../ir/poly.ts";
import { nearest } from "../nearest.ts";

/** The buckets themselves; throws with everything that is wrong with them. */
export function checkedBuckets(buckets: readonly Bucket[], hlir: Hlir): readonly Bucket[] {
  const faults = buckets.flatMap((b) =>
    [...b].flatMap(([name, range]) => faultOf(bucketText(b), name, range, hlir) ?? []),
  );
  if (faults.length > 0) throw new CompileError(faults);
  return buckets;
}

/**
 * What is worth a plan of its own without being asked for: in a model with state, one element of a dim whose range
 * begins there, the step that text is generated with.
 */
export function usualBuckets(hlir: Hlir): Bucket[] {
  if (hlir.states.length === 0) return [];
  return hlir.dims.flatMap((d) => {
    const [low, high] = [constantOf(d.low), constantOf(d.high)];
    return low === 1 && high !== undefined && high > 1 ? [new Map([[d.name, { low: 1, high: 1 }]])] : [];
  });
}

function faultOf(bucket: string, name: string, { low, high }: BucketRange, hlir: Hlir) {
  const dim = hlir.dims.find((d) => d.name === name);
  if (dim === undefined) {
    const names = hlir.dims.map((d) => d.name);
    const near = nearest(name, names);
    const known = names.join(", ") || "none";
    const help = near === undefined ? {} : { help: `did you mean \`${near}\`?` };
    return diagnostic("LUM5120", undefined, { bucket, name, known }, help);
  }
  const range = rangeText(dim);
  const ends = [constantOf(dim.low), constantOf(dim.high)];
  if (ends[0] === undefined || ends[1] === undefined)
    return diagnostic("LUM5122", dim.span, { bucket, name, range });
  if (low < ends[0] || high > ends[1]) return diagnostic("LUM5121", dim.span, { bucket, name, range });
  return undefined;
}

const rangeText = (d: Dim): string => `${printPoly(d.low)}..${printPoly(d.high)}`;
