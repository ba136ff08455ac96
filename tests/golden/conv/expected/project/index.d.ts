import { type LoadOptions, type Timing } from "./native.ts";
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
/** A Conv in memory. */
export declare class Conv {
    private readonly native;
    private constructor();
    /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
    static load(options: LoadOptions & {
        readonly weights: string;
    }): Conv;
    /** Gives pooled f32[1, 8, 6, 5]. Arrays in `into` are filled instead of new ones. */
    forward(args: ForwardArguments, into?: Partial<ForwardResults>): ForwardResults;
    /** Time spent in each kernel since load or `resetTimings`; load with `timings: true`. */
    timings(): Timing[];
    resetTimings(): void;
    /** Frees its memory. `using` does it at the end of a scope. */
    close(): void;
    [Symbol.dispose](): void;
}
