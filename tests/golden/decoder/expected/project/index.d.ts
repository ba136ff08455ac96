import { type LoadOptions, type Timing } from "./native.ts";
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
/** A Decoder in memory. */
export declare class Decoder {
    private readonly native;
    private constructor();
    /** What survives from call to call. `reset` gives it the value that it had at load. */
    get state(): {
        /** f32[2, 8, 2, 8] */
        readonly k: {
            read(): Float32Array;
            write(value: Float32Array): void;
            reset(): void;
        };
        /** f32[2, 8, 2, 8] */
        readonly v: {
            read(): Float32Array;
            write(value: Float32Array): void;
            reset(): void;
        };
        /** All of it. */
        reset(): void;
    };
    /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
    static load(options: LoadOptions & {
        readonly weights: string;
    }): Decoder;
    /** Gives logits f32[32]. Arrays in `into` are filled instead of new ones. */
    forward(args: ForwardArguments, into?: Partial<ForwardResults>): ForwardResults;
    /** Time spent in each kernel since load or `resetTimings`; load with `timings: true`. */
    timings(): Timing[];
    resetTimings(): void;
    /** Frees its memory. `using` does it at the end of a scope. */
    close(): void;
    [Symbol.dispose](): void;
}
