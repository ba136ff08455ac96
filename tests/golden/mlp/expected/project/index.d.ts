import { type LoadOptions, type Timing } from "./native.ts";
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
/** A Mlp in memory. */
export declare class Mlp {
    private readonly native;
    private constructor();
    /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
    static load(options: LoadOptions & {
        readonly weights: string;
    }): Mlp;
    /** Gives logits f32[batch, 10]. Arrays in `into` are filled instead of new ones. */
    forward(args: ForwardArguments, into?: Partial<ForwardResults>): ForwardResults;
    /** Time spent in each kernel since load or `resetTimings`; load with `timings: true`. */
    timings(): Timing[];
    resetTimings(): void;
    /** Frees its memory. `using` does it at the end of a scope. */
    close(): void;
    [Symbol.dispose](): void;
}
