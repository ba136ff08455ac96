/** What the analytic cost model knows of a machine, as data. Rates are of the whole machine at the threads given. */
export type Machine = {
  readonly name: string;
  readonly threads: number;
  /** A tensor that fits into `bytes` moves at `bytesPerSecond`; the last entry is memory itself. */
  readonly levels: readonly { readonly bytes: number; readonly bytesPerSecond: number }[];
  /** Floating-point operations of a blocked contraction in f32, a multiply-add counting as two. */
  readonly contractionRate: number;
  /** Units of an operation's `cost` in a loop that the compiler vectorizes, operands in cache. */
  readonly vectorRate: number;
  /** Rows and columns of the contraction's register tile: what is not a multiple is computed in part for nothing. */
  readonly tile: { readonly m: number; readonly n: number };
  /** Seconds from the start of one kernel to the start of the next, with nothing to do. */
  readonly launch: number;
};

/**
 * A server core pair with AVX2 at about 3 GHz. The figures were read off one machine by the project's own
 * benchmarks; `lumc doctor --calibrate` measures the machine at hand.
 */
export const genericCpu: Machine = {
  name: "x86-64-v3, 2 threads",
  threads: 2,
  levels: [
    { bytes: 512 << 10, bytesPerSecond: 120e9 },
    { bytes: 8 << 20, bytesPerSecond: 50e9 },
    { bytes: Infinity, bytesPerSecond: 20e9 },
  ],
  contractionRate: 150e9,
  vectorRate: 16e9,
  tile: { m: 6, n: 16 },
  launch: 2e-6,
};
