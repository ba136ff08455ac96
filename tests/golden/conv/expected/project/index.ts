/**
 * Conv, compiled from model.lum. Arrays are row-major; f16 and bf16 travel as their bits
 * in a Uint16Array (`toFloat32`, `fromFloat32`). Nothing here is thread-safe: one call at a time per model.
 */
import { fileURLToPath } from "node:url";
import { type LoadOptions, type ModelSpec, NativeModel, type Timing } from "./native.ts";

export { fromFloat32, type LoadOptions, ModelError, type Timing, toFloat32 } from "./native.ts";

/** What `forward` takes. */
export type ForwardArguments = {
  /** f32[1, 3, 11, 9] */
  readonly x: Float32Array;
};

/** What `forward` gives. */
export type ForwardResults = {
  /** f32[1, 8, 6, 5] */
  readonly pooled: Float32Array;
};

/** Names, dtypes, and sizes over the dims. */
const spec: ModelSpec = {
  name: "Conv",
  prefix: "conv",
  entries: [
    {
      name: "forward",
      function: "conv_forward",
      dims: [],
      inputs: [
        { name: "x", dtype: "f32", text: "[1, 3, 11, 9]", shape: () => [1, 3, 11, 9] },
      ],
      outputs: [
        { name: "pooled", dtype: "f32", text: "[1, 8, 6, 5]", shape: () => [1, 8, 6, 5] },
      ],
      taps: [],
    },
  ],
  states: [],
};

/** A Conv in memory. */
export class Conv {
  private readonly native: NativeModel;

  private constructor(native: NativeModel) {
    this.native = native;
  }

  /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
  static load(options: LoadOptions & { readonly weights: string }): Conv {
    const built = `build/libconv.${process.platform === "darwin" ? "dylib" : "so"}`;
    const library = options.library ?? fileURLToPath(new URL(built, import.meta.url));
    return new Conv(new NativeModel(library, spec, options));
  }

  /** Gives pooled f32[1, 8, 6, 5]. Arrays in `into` are filled instead of new ones. */
  forward(args: ForwardArguments, into: Partial<ForwardResults> = {}): ForwardResults {
    return this.native.run("forward", {}, { x: args.x }, into) as ForwardResults;
  }

  /** Time spent in each kernel since load or `resetTimings`; load with `timings: true`. */
  timings(): Timing[] {
    return this.native.timings();
  }

  resetTimings(): void {
    this.native.resetTimings();
  }

  /** Frees its memory. `using` does it at the end of a scope. */
  close(): void {
    this.native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
