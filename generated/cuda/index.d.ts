import { type LoadOptions, type Timing } from "./native.ts";
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
/** A Llama in memory. */
export declare class Llama {
    private readonly native;
    private constructor();
    /** What survives from call to call. `reset` gives it the value that it had at load. */
    get state(): {
        /** bf16[32, 8192, 8, 128] */
        readonly k_cache: {
            read(): Uint16Array;
            write(value: Uint16Array): void;
            reset(): void;
        };
        /** bf16[32, 8192, 8, 128] */
        readonly v_cache: {
            read(): Uint16Array;
            write(value: Uint16Array): void;
            reset(): void;
        };
        /** All of it. */
        reset(): void;
    };
    /** Makes a model with all the memory that it needs. Throws a ModelError that names every weight that doesn't fit. */
    static load(options: LoadOptions & {
        readonly weights: string;
    }): Llama;
    /** Gives logits bf16[128256]. Arrays in `into` are filled instead of new ones. */
    forward(args: ForwardArguments, into?: Partial<ForwardResults>): ForwardResults;
    /** Time spent in each kernel since load or `resetTimings`; load with `timings: true`. */
    timings(): Timing[];
    resetTimings(): void;
    /** Frees its memory. `using` does it at the end of a scope. */
    close(): void;
    [Symbol.dispose](): void;
}
