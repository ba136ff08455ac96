/**
 * Decoder, compiled from nn.lum. Arrays are row-major; f16 and bf16 travel as their bits
 * in a Uint16Array (`toFloat32`, `fromFloat32`). Nothing here is thread-safe: one call at a time per model.
 */
import { fileURLToPath } from "node:url";
import { type LoadOptions, type ModelSpec, NativeModel, type Timing } from "./native.ts";

export { fromFloat32, type LoadOptions, ModelError, type Timing, toFloat32 } from "./native.ts";

/** What `forward` takes. */
export type ForwardArguments = {
  /** 1..8 */
  readonly s: number;
  /** 0..8 - s */
  readonly pos: number;
  /** i32[s] */
  readonly tokens: Int32Array;
};

/** What `forward` gives. */
export type ForwardResults = {
  /** f32[32] */
  readonly logits: Float32Array;
};

/** Names, dtypes, and sizes over the dims. */
const spec: ModelSpec = {
  name: "Decoder",
  prefix: "decoder",
  entries: [
    {
      name: "forward",
      function: "decoder_forward",
      dims: [
        { name: "s", range: "1..8", low: () => 1, high: () => 8 },
        { name: "pos", range: "0..8 - s", low: () => 0, high: (d) => 8 - d.s },
      ],
      inputs: [
        { name: "tokens", dtype: "i32", text: "[s]", shape: (d) => [d.s] },
      ],
      outputs: [
        { name: "logits", dtype: "f32", text: "[32]", shape: () => [32] },
      ],
      taps: [],
    },
  ],
  states: [
    { name: "k", dtype: "f32", text: "[2, 8, 2, 8]", shape: () => [2, 8, 2, 8] },
    { name: "v", dtype: "f32", text: "[2, 8, 2, 8]", shape: () => [2, 8, 2, 8] },
  ],
};

/** A Decoder in memory. */
export class Decoder {
  private readonly native: NativeModel;

  private constructor(native: NativeModel) {
    this.native = native;
  }

  /** What survives from call to call. `reset` gives it the value that it had at load. */
  get state(): {
    /** f32[2, 8, 2, 8] */
    readonly k: { read(): Float32Array; write(value: Float32Array): void; reset(): void };
    /** f32[2, 8, 2, 8] */
    readonly v: { read(): Float32Array; write(value: Float32Array): void; reset(): void };
    /** All of it. */
    reset(): void;
  } {
    return {
      k: {
        read: (): Float32Array => this.native.readState("k") as Float32Array,
        write: (value: Float32Array): void => this.native.writeState("k", value),
        reset: (): void => this.native.resetState("k"),
      },
      v: {
        read: (): Float32Array => this.native.readState("v") as Float32Array,
        write: (value: Float32Array): void => this.native.writeState("v", value),
        reset: (): void => this.native.resetState("v"),
      },
      reset: (): void => this.native.resetState(),
    };
  }

  /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
  static load(options: LoadOptions & { readonly weights: string }): Decoder {
    const built = `build/libdecoder.${process.platform === "darwin" ? "dylib" : "so"}`;
    const library = options.library ?? fileURLToPath(new URL(built, import.meta.url));
    return new Decoder(new NativeModel(library, spec, options));
  }

  /** Gives logits f32[32]. Arrays in `into` are filled instead of new ones. */
  forward(args: ForwardArguments, into: Partial<ForwardResults> = {}): ForwardResults {
    return this.native.run("forward", { s: args.s, pos: args.pos }, { tokens: args.tokens }, into) as ForwardResults;
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
