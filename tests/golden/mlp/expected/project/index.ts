/**
 * Mlp, compiled from model.lum. Arrays are row-major; f16 and bf16 travel as their bits
 * in a Uint16Array (`toFloat32`, `fromFloat32`). Nothing here is thread-safe: one call at a time per model.
 */
import { fileURLToPath } from "node:url";
import { type LoadOptions, type ModelSpec, NativeModel, type Timing } from "./native.ts";

export { fromFloat32, type LoadOptions, ModelError, type Timing, toFloat32 } from "./native.ts";

/** What `forward` takes. */
export type ForwardArguments = {
  /** 1..64 */
  readonly batch: number;
  /** f32[batch, 20] */
  readonly x: Float32Array;
};

/** What `forward` gives. */
export type ForwardResults = {
  /** f32[batch, 10] */
  readonly logits: Float32Array;
};

/** Names, dtypes, and sizes over the dims. */
const spec: ModelSpec = {
  name: "Mlp",
  prefix: "mlp",
  entries: [
    {
      name: "forward",
      function: "mlp_forward",
      dims: [
        { name: "batch", range: "1..64", low: () => 1, high: () => 64 },
      ],
      inputs: [
        { name: "x", dtype: "f32", text: "[batch, 20]", shape: (d) => [d.batch, 20] },
      ],
      outputs: [
        { name: "logits", dtype: "f32", text: "[batch, 10]", shape: (d) => [d.batch, 10] },
      ],
      taps: [],
    },
  ],
  states: [],
};

/** A Mlp in memory. */
export class Mlp {
  private readonly native: NativeModel;

  private constructor(native: NativeModel) {
    this.native = native;
  }

  /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
  static load(options: LoadOptions & { readonly weights: string }): Mlp {
    const built = `build/libmlp.${process.platform === "darwin" ? "dylib" : "so"}`;
    const library = options.library ?? fileURLToPath(new URL(built, import.meta.url));
    return new Mlp(new NativeModel(library, spec, options));
  }

  /** Gives logits f32[batch, 10]. Arrays in `into` are filled instead of new ones. */
  forward(args: ForwardArguments, into: Partial<ForwardResults> = {}): ForwardResults {
    return this.native.run("forward", { batch: args.batch }, { x: args.x }, into) as ForwardResults;
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
