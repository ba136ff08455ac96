/**
 * Halves, compiled from model.lum. Arrays are row-major; f16 and bf16 travel as their bits
 * in a Uint16Array (`toFloat32`, `fromFloat32`). Nothing here is thread-safe: one call at a time per model.
 */
import { fileURLToPath } from "node:url";
import { type LoadOptions, type ModelSpec, NativeModel, type Timing } from "./native.ts";

export { fromFloat32, type LoadOptions, ModelError, type Timing, toFloat32 } from "./native.ts";

/** What `forward` takes. */
export type ForwardArguments = {
  /** 1..32 */
  readonly n: number;
  /** bf16[n, 24] */
  readonly x: Uint16Array;
};

/** What `forward` gives. */
export type ForwardResults = {
  /** bf16[n, 16] */
  readonly y: Uint16Array;
};

/** Names, dtypes, and sizes over the dims. */
const spec: ModelSpec = {
  name: "Halves",
  prefix: "halves",
  entries: [
    {
      name: "forward",
      function: "halves_forward",
      dims: [
        { name: "n", range: "1..32", low: () => 1, high: () => 32 },
      ],
      inputs: [
        { name: "x", dtype: "bf16", text: "[n, 24]", shape: (d) => [d.n, 24] },
      ],
      outputs: [
        { name: "y", dtype: "bf16", text: "[n, 16]", shape: (d) => [d.n, 16] },
      ],
      taps: [],
    },
  ],
  states: [],
};

/** A Halves in memory. */
export class Halves {
  private readonly native: NativeModel;

  private constructor(native: NativeModel) {
    this.native = native;
  }

  /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
  static load(options: LoadOptions & { readonly weights: string }): Halves {
    const built = `build/libhalves.${process.platform === "darwin" ? "dylib" : "so"}`;
    const library = options.library ?? fileURLToPath(new URL(built, import.meta.url));
    return new Halves(new NativeModel(library, spec, options));
  }

  /** Gives y bf16[n, 16]. Arrays in `into` are filled instead of new ones. */
  forward(args: ForwardArguments, into: Partial<ForwardResults> = {}): ForwardResults {
    return this.native.run("forward", { n: args.n }, { x: args.x }, into) as ForwardResults;
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
