import { type LoadOptions, type Timing } from "./native.ts";
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
/** A Picks in memory. */
export declare class Picks {
    private readonly native;
    private constructor();
    /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
    static load(options: LoadOptions & {
        readonly weights: string;
    }): Picks;
    /** Gives y f32[n, 6], chosen i32[n, 2]. Arrays in `into` are filled instead of new ones. */
    forward(args: ForwardArguments, into?: Partial<ForwardResults>): ForwardResults;
    /** Time spent in each kernel since load or `resetTimings`; load with `timings: true`. */
    timings(): Timing[];
    resetTimings(): void;
    /** Frees its memory. `using` does it at the end of a scope. */
    close(): void;
    [Symbol.dispose](): void;
}
