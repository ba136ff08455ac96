/**
 * Norms, compiled from model.lum. Arrays are row-major; f16 and bf16 travel as their bits
 * in a Uint16Array (`toFloat32`, `fromFloat32`). Nothing here is thread-safe: one call at a time per model.
 */
import { fileURLToPath } from "node:url";
import { type LoadOptions, type ModelSpec, NativeModel, type Timing } from "./native.ts";

export { fromFloat32, type LoadOptions, ModelError, type Timing, toFloat32 } from "./native.ts";

/** What `forward` takes. */
export type ForwardArguments = {
  /** 1..40 */
  readonly n: number;
  /** f32[n, 24] */
  readonly x: Float32Array;
  /** f32[24] */
  readonly w: Float32Array;
  /** f32[24] */
  readonly b: Float32Array;
};

/** What `forward` gives. */
export type ForwardResults = {
  /** f32[n, 24] */
  readonly y: Float32Array;
};

/** Names, dtypes, and sizes over the dims. */
const spec: ModelSpec = {
  name: "Norms",
  prefix: "norms",
  entries: [
    {
      name: "forward",
      function: "norms_forward",
      dims: [
        { name: "n", range: "1..40", low: () => 1, high: () => 40 },
      ],
      inputs: [
        { name: "x", dtype: "f32", text: "[n, 24]", shape: (d) => [d.n, 24] },
        { name: "w", dtype: "f32", text: "[24]", shape: () => [24] },
        { name: "b", dtype: "f32", text: "[24]", shape: () => [24] },
      ],
      outputs: [
        { name: "y", dtype: "f32", text: "[n, 24]", shape: (d) => [d.n, 24] },
      ],
      taps: [],
    },
  ],
  states: [],
};

/** A Norms in memory. */
export class Norms {
  private readonly native: NativeModel;

  private constructor(native: NativeModel) {
    this.native = native;
  }

  /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
  static load(options: LoadOptions = {}): Norms {
    const built = `build/libnorms.${process.platform === "darwin" ? "dylib" : "so"}`;
    const library = options.library ?? fileURLToPath(new URL(built, import.meta.url));
    return new Norms(new NativeModel(library, spec, options));
  }

  /** Gives y f32[n, 24]. Arrays in `into` are filled instead of new ones. */
  forward(args: ForwardArguments, into: Partial<ForwardResults> = {}): ForwardResults {
    return this.native.run("forward", { n: args.n }, { x: args.x, w: args.w, b: args.b }, into) as ForwardResults;
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
