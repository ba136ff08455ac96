/** A seeded generator: the same numbers on every machine. Mulberry32, period 2^32. */
export function seeded(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** In 0 <= x < 1. */
    next,
    /** An integer in 0 <= x < n. */
    below: (n: number): number => Math.floor(next() * n),
  };
}
