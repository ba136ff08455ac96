/**
 * Picks, compiled from model.lum. Arrays are row-major; f16 and bf16 travel as their bits
 * in a Uint16Array (`toFloat32`, `fromFloat32`). Nothing here is thread-safe: one call at a time per model.
 */
import { fileURLToPath } from "node:url";
import { type LoadOptions, type ModelSpec, NativeModel, type Timing } from "./native.ts";

export { fromFloat32, type LoadOptions, ModelError, type Timing, toFloat32 } from "./native.ts";

/** What `forward` takes. */
export type ForwardArguments = {
  /** 1..16 */
  readonly n: number;
  /** f32[n, 8] */
  readonly x: Float32Array;
  /** f32[n, 5] */
  readonly gate: Float32Array;
};

/** What `forward` gives. */
export type ForwardResults = {
  /** f32[n, 6] */
  readonly y: Float32Array;
  /** i32[n, 2] */
  readonly chosen: Int32Array;
};

/** Names, dtypes, and sizes over the dims. */
const spec: ModelSpec = {
  name: "Picks",
  prefix: "picks",
  entries: [
    {
      name: "forward",
      function: "picks_forward",
      dims: [
        { name: "n", range: "1..16", low: () => 1, high: () => 16 },
      ],
      inputs: [
        { name: "x", dtype: "f32", text: "[n, 8]", shape: (d) => [d.n, 8] },
        { name: "gate", dtype: "f32", text: "[n, 5]", shape: (d) => [d.n, 5] },
      ],
      outputs: [
        { name: "y", dtype: "f32", text: "[n, 6]", shape: (d) => [d.n, 6] },
        { name: "chosen", dtype: "i32", text: "[n, 2]", shape: (d) => [d.n, 2] },
      ],
      taps: [],
    },
  ],
  states: [],
};

/** A Picks in memory. */
export class Picks {
  private readonly native: NativeModel;

  private constructor(native: NativeModel) {
    this.native = native;
  }

  /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
  static load(options: LoadOptions & { readonly weights: string }): Picks {
    const built = `build/libpicks.${process.platform === "darwin" ? "dylib" : "so"}`;
    const library = options.library ?? fileURLToPath(new URL(built, import.meta.url));
    return new Picks(new NativeModel(library, spec, options));
  }

  /** Gives y f32[n, 6], chosen i32[n, 2]. Arrays in `into` are filled instead of new ones. */
  forward(args: ForwardArguments, into: Partial<ForwardResults> = {}): ForwardResults {
    return this.native.run("forward", { n: args.n }, { x: args.x, gate: args.gate }, into) as ForwardResults;
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
