export type DType = "f64" | "f32" | "f16" | "bf16" | "f8e4m3" | "f8e5m2" | "i64" | "i32" | "i16" | "i8" | "u8" | "bool";
/** f16 and bf16 are held as their bits: see `toFloat32` and `fromFloat32`. */
export type TypedArray = Float64Array | Float32Array | Uint16Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array;
export type Dims = {
    readonly [name: string]: number;
};
export type TensorSpec = {
    readonly name: string;
    readonly dtype: DType;
    /** `[s, 64]` */
    readonly text: string;
    readonly shape: (d: Dims) => readonly number[];
};
export type DimSpec = {
    readonly name: string;
    /** `0..8 - s` */
    readonly range: string;
    /** Both ends are inclusive and may depend on earlier dims. */
    readonly low: (d: Dims) => number;
    readonly high: (d: Dims) => number;
};
export type EntrySpec = {
    readonly name: string;
    /** Name of its C function. */
    readonly function: string;
    readonly dims: readonly DimSpec[];
    readonly inputs: readonly TensorSpec[];
    readonly outputs: readonly TensorSpec[];
    readonly taps: readonly TensorSpec[];
};
export type ModelSpec = {
    readonly name: string;
    /** Prefix of its C functions. */
    readonly prefix: string;
    readonly entries: readonly EntrySpec[];
    readonly states: readonly TensorSpec[];
};
export type LoadOptions = {
    /** A .safetensors file, an index of shards, or a folder that holds either. */
    readonly weights?: string;
    /** How many threads a call may use; one for each processor if left out. */
    readonly threads?: number;
    /** The shared library; `build/` beside the loader if left out. */
    readonly library?: string;
    /** File that keeps converted weights for the next start; "" keeps them in memory. */
    readonly cache?: string;
    /** Measures every kernel: see `timings`. */
    readonly timings?: boolean;
    /** Called while weights are converted. */
    readonly onProgress?: (done: number, total: number, tensor: string) => void;
};
export type Timing = {
    readonly kernel: string;
    readonly calls: number;
    readonly seconds: number;
};
/** A call that was refused or failed. `code` is a LUM6xxx code. */
export declare class ModelError extends Error {
    readonly code: string;
    readonly help: string | undefined;
    constructor(code: string, message: string, help?: string);
    /** From the text that the library gives: a code, a message, and an indented line of help. */
    static fromText(text: string): ModelError;
}
/** One model in memory. */
export declare class NativeModel {
    readonly spec: ModelSpec;
    private handle;
    private readonly library;
    private readonly functions;
    constructor(path: string, spec: ModelSpec, options?: LoadOptions);
    private native;
    private create;
    private errorText;
    private open;
    private check;
    /** Runs an entry. Outputs go into the arrays of `into` where it has them, else into new ones. */
    run(entryName: string, dims: Dims, inputs: {
        readonly [name: string]: TypedArray;
    }, into?: {
        readonly [name: string]: TypedArray | undefined;
    }): {
        [name: string]: TypedArray;
    };
    private entryFunction;
    readState(name: string): TypedArray;
    writeState(name: string, value: TypedArray): void;
    /** Back to the initial value: one state, or all of them. */
    resetState(name?: string): void;
    /** What the last run of the entry left in a tap. */
    readTap(entryName: string, name: string, dims: Dims): TypedArray;
    /** Time spent in each kernel since load or `resetTimings`. */
    timings(): Timing[];
    resetTimings(): void;
    /** Frees its memory; a second close does nothing. */
    close(): void;
    [Symbol.dispose](): void;
}
/** The numbers that f16 or bf16 bits stand for. */
export declare function toFloat32(bits: Uint16Array, dtype: "f16" | "bf16"): Float32Array;
/** f16 or bf16 bits of numbers, rounded to nearest even. */
export declare function fromFloat32(values: ArrayLike<number>, dtype: "f16" | "bf16"): Uint16Array;
