/** What a target's kernels can read without a copy, where it decides how a plan is scheduled. */
export type Engine = {
  readonly target: "cpu" | "cuda" | "metal";
  /** Weights laid out in panels ahead of time. */
  readonly panels: boolean;
  /** Windows of an image as a matrix, and filters in Winograd's transform; else they are computed index by index. */
  readonly windows: boolean;
};
