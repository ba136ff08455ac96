/** One thing that is timed: its model, what it must move and compute, what it should give, and what the rival is asked. */

export type Spread = { readonly median_ms: number; readonly low_ms: number; readonly high_ms: number };

/** bf16 bits of each input by name. */
export type Inputs = ReadonlyMap<string, Uint16Array>;

/** A sampled element of the output: its place and its value in double precision. */
export type Expected = { readonly at: number; readonly value: number };

export type Workload = {
  readonly name: string;
  /** File in `models/`. */
  readonly model: string;
  readonly set: Readonly<Record<string, number>>;
  readonly dims: Readonly<Record<string, number>>;
  /** Values of a dim that are planned on their own. */
  readonly buckets: readonly string[];
  readonly inputs: Readonly<Record<string, number>>;
  readonly outputs: number;
  /** The least that goes through memory: every input once, the output once. */
  readonly bytes: number;
  readonly flops: number;
  /** What it is held against. */
  readonly limit: "copy" | "read" | "tensor cores";
  /** For rivals.py. */
  readonly rival: Readonly<Record<string, string | number>>;
  readonly expected: (inputs: Inputs) => Expected[];
};

/** Largest ‖found − expected‖ / ‖expected‖ of a bf16 result over the sample. */
export const tolerance = 1e-2;

export const partNames = [
  "roofs",
  "tests",
  "fused",
  "norm",
  "softmax",
  "matmul",
  "skinny",
  "attention",
  "llama",
] as const;
export type PartName = (typeof partNames)[number];
