/** Walking a domain in row-major order, a run of elements at a time. */

/** Row-major. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/**
 * Visits the elements start … start + count - 1 of a domain, row by row. `at` holds the coordinates of the first
 * element of the run (one and the same array in every call), `length` more elements follow along the last axis,
 * `offset` counts the elements visited before. A scalar domain is one run of length 1 with no coordinates.
 */
export function forEachRun(
  shape: readonly number[],
  start: number,
  count: number,
  visit: (at: readonly number[], length: number, offset: number) => void,
): void {
  const rank = shape.length;
  const at = new Array<number>(rank);
  let left = start;
  for (let i = rank - 1; i >= 0; i--) {
    at[i] = left % shape[i];
    left = Math.floor(left / shape[i]);
  }
  for (let offset = 0; offset < count; ) {
    const length = rank === 0 ? 1 : Math.min(shape[rank - 1] - at[rank - 1], count - offset);
    visit(at, length, offset);
    offset += length;
    if (rank > 0) at[rank - 1] = 0;
    for (let i = rank - 2; i >= 0; i--) {
      if (++at[i] < shape[i]) break;
      at[i] = 0;
    }
  }
}

/** Each element of a run with its own coordinates. */
export function eachElement(
  at: readonly number[],
  length: number,
  visit: (k: number, at: readonly number[]) => void,
): void {
  const last = at.length - 1;
  const own = [...at];
  for (let k = 0; k < length; k++) {
    if (last >= 0) own[last] = at[last] + k;
    visit(k, own);
  }
}
