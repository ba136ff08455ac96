/**
 * Llama, compiled from llama.lum. Arrays are row-major; f16 and bf16 travel as their bits
 * in a Uint16Array (`toFloat32`, `fromFloat32`). Nothing here is thread-safe: one call at a time per model.
 */
import { fileURLToPath } from "node:url";
import { type LoadOptions, type ModelSpec, NativeModel, type Timing } from "./native.ts";

export { fromFloat32, type LoadOptions, ModelError, type Timing, toFloat32 } from "./native.ts";

/** What `forward` takes. */
export type ForwardArguments = {
  /** 1..8192 */
  readonly s: number;
  /** 0..8192 - s */
  readonly pos: number;
  /** i32[s] */
  readonly tokens: Int32Array;
};

/** What `forward` gives. */
export type ForwardResults = {
  /** bf16[128256] */
  readonly logits: Uint16Array;
};

/** Names, dtypes, and sizes over the dims. */
const spec: ModelSpec = {
  name: "Llama",
  prefix: "llama",
  entries: [
    {
      name: "forward",
      function: "llama_forward",
      dims: [
        { name: "s", range: "1..8192", low: () => 1, high: () => 8192 },
        { name: "pos", range: "0..8192 - s", low: () => 0, high: (d) => 8192 - d.s },
      ],
      inputs: [
        { name: "tokens", dtype: "i32", text: "[s]", shape: (d) => [d.s] },
      ],
      outputs: [
        { name: "logits", dtype: "bf16", text: "[128256]", shape: () => [128256] },
      ],
      taps: [],
    },
  ],
  states: [
    { name: "k_cache", dtype: "bf16", text: "[32, 8192, 8, 128]", shape: () => [32, 8192, 8, 128] },
    { name: "v_cache", dtype: "bf16", text: "[32, 8192, 8, 128]", shape: () => [32, 8192, 8, 128] },
  ],
};

/** A Llama in memory. */
export class Llama {
  private readonly native: NativeModel;

  private constructor(native: NativeModel) {
    this.native = native;
  }

  /** What survives from call to call. `reset` gives it the value that it had at load. */
  get state(): {
    /** bf16[32, 8192, 8, 128] */
    readonly k_cache: { read(): Uint16Array; write(value: Uint16Array): void; reset(): void };
    /** bf16[32, 8192, 8, 128] */
    readonly v_cache: { read(): Uint16Array; write(value: Uint16Array): void; reset(): void };
    /** All of it. */
    reset(): void;
  } {
    return {
      k_cache: {
        read: (): Uint16Array => this.native.readState("k_cache") as Uint16Array,
        write: (value: Uint16Array): void => this.native.writeState("k_cache", value),
        reset: (): void => this.native.resetState("k_cache"),
      },
      v_cache: {
        read: (): Uint16Array => this.native.readState("v_cache") as Uint16Array,
        write: (value: Uint16Array): void => this.native.writeState("v_cache", value),
        reset: (): void => this.native.resetState("v_cache"),
      },
      reset: (): void => this.native.resetState(),
    };
  }

  /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
  static load(options: LoadOptions & { readonly weights: string }): Llama {
    const built = `build/libllama.${process.platform === "darwin" ? "dylib" : "so"}`;
    const library = options.library ?? fileURLToPath(new URL(built, import.meta.url));
    return new Llama(new NativeModel(library, spec, options));
  }

  /** Gives logits bf16[128256]. Arrays in `into` are filled instead of new ones. */
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
