import type { EGraphArrays } from "./arrays.ts";
import type { RawRun } from "./decode.ts";
import type { CompiledModule, CreateOptions, EvalValue, Limits, Result } from "./types.ts";
export type Start = {
    readonly module: CompiledModule;
    readonly options: CreateOptions;
    /** One Int32: the number of the last request to be cancelled. Absent where memory cannot be shared. */
    readonly cancelled?: SharedArrayBuffer;
};
/** Each request, and the value that answers it. */
export type Answers = {
    start: undefined;
    run: RawRun;
    eval: Result<{
        readonly value: EvalValue;
    }>;
    arrays: Result<{
        readonly arrays: EGraphArrays;
    }>;
    serialize: Result<{
        readonly json: string;
    }>;
    addFile: undefined;
};
export type Request = {
    readonly method: "start";
    readonly start: Start;
} | {
    readonly method: "run";
    readonly program: string;
    readonly limits?: Limits;
    readonly file?: string;
} | {
    readonly method: "eval";
    readonly expression: string;
} | {
    readonly method: "arrays";
} | {
    readonly method: "serialize";
    readonly limits: SerializeLimits;
} | {
    readonly method: "addFile";
    readonly name: string;
    readonly text: string;
};
export type SerializeLimits = {
    readonly maxFunctions?: number;
    readonly maxCallsPerFunction?: number;
};
export type Numbered = {
    readonly id: number;
    readonly request: Request;
};
export type Reply = {
    readonly id: number;
    readonly value: unknown;
    readonly tuples: number;
    readonly memoryBytes: number;
} | {
    readonly id: number;
    readonly thrown: string;
};
