/** What a target's kernels can read without a copy, where it decides how a plan is scheduled. */
export type Engine = {
  readonly target: "cpu" | "cuda" | "metal";
  /** Weights laid out in panels ahead of time. */
  readonly panels: boolean;
  /** Windows of an image as a matrix; else they are computed index by index. */
  readonly windows: boolean;
  /** Filters in Winograd's transform. */
  readonly filters: boolean;
  /** Integers of a byte as factors; else they are converted one by one. */
  readonly bytes: boolean;
};
