import { type LoadOptions, type Timing } from "./native.ts";
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
/** A Norms in memory. */
export declare class Norms {
    private readonly native;
    private constructor();
    /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
    static load(options?: LoadOptions): Norms;
    /** Gives y f32[n, 24]. Arrays in `into` are filled instead of new ones. */
    forward(args: ForwardArguments, into?: Partial<ForwardResults>): ForwardResults;
    /** Time spent in each kernel since load or `resetTimings`; load with `timings: true`. */
    timings(): Timing[];
    resetTimings(): void;
    /** Frees its memory. `using` does it at the end of a scope. */
    close(): void;
    [Symbol.dispose](): void;
}
