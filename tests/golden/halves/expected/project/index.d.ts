import { type LoadOptions, type Timing } from "./native.ts";
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
/** A Halves in memory. */
export declare class Halves {
    private readonly native;
    private constructor();
    /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
    static load(options: LoadOptions & {
        readonly weights: string;
    }): Halves;
    /** Gives y bf16[n, 16]. Arrays in `into` are filled instead of new ones. */
    forward(args: ForwardArguments, into?: Partial<ForwardResults>): ForwardResults;
    /** Time spent in each kernel since load or `resetTimings`; load with `timings: true`. */
    timings(): Timing[];
    resetTimings(): void;
    /** Frees its memory. `using` does it at the end of a scope. */
    close(): void;
    [Symbol.dispose](): void;
}
