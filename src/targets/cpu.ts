/** What lowering knows of CPUs, as data: sizes that decide between two ways of writing a kernel. */
export const cpu = {
  /** Bytes that temporaries start at: a cache line, and any vector register. */
  alignment: 64,
  /** Rows up to which the contraction engine streams its right factor where it lies (`kSkinnyRows` in gemm_skinny.h). */
  streamedRows: 8,
  /** Rows up to which the engine has no register tile to choose (`kSkinnyRows` in gemm_skinny.h). */
  skinnyRows: 4,
  /** What a product that is split over its depth may have at most, and a depth worth two parts (`gemm_split_depth`). */
  splitRows: 384,
  splitColumns: 512,
  splitDepth: 512,
  /** Bytes of weights beyond which a second copy in panels costs more room than packing costs time. */
  largestPacked: 256 << 20,
  /** Iterations from which a loop is worth sharing out to threads before its inner ones. */
  enoughForThreads: 16,
  /**
   * Of kernels that read across what they write: iterations of a block along what is written and along what is read, as
   * many lines of memory as a set of the first cache has room for, also where they lie a power of two apart; iterations
   * that are worth blocks; bytes from which the innermost loop jumps to another line; elements after which one is gone.
   */
  block: { along: 8, against: 64, fewest: 4, jump: 64, reach: 32 },
  /** Terms up to which a reduction is written out for each lane of its result instead of folded in lanes. */
  fewTerms: 16,
  /** The share of a kernel's elements that read nothing outside, from which they are computed in loops of their own. */
  worthInside: 0.5,
  /** Cost of an operation (that of an addition is 1) from which its value is kept in memory between two passes. */
  worthKeeping: 4,
  /** Cost of recomputing a value that equals writing it once and reading it again. */
  worthStoring: 16,
  /** Depth and free extent from which a sum of products is a blocked contraction. */
  smallestDepth: 4,
  smallestFree: 4,
  /** Most elements of a query and of a value that the attention kernel's part of the workspace has room for. */
  attentionDepth: 4096,
  /** Channels of an image whose transformed tiles fit the workspace (`panels_at_a_time` in winograd.h). */
  winogradChannels: 512,
} as const;
