import type { EGraphArrays } from "./arrays.ts";
import type { Engine } from "./engine.ts";
import type { CreateOptions, EvalValue, ExtractOutput, Limits, Result, RunResult, SerializedEGraph, VariantsOutput } from "./types.ts";
import type { SerializeLimits } from "./worker-protocol.ts";
export type WorkerOptions = CreateOptions & {
    /** Default: the engine of this package. Its compiled module is shared with the worker. */
    readonly engine?: Engine;
    /** Node only: the worker's stack, for deep terms. Default 64. */
    readonly stackSizeMb?: number;
};
export type WorkerRunOptions = {
    readonly limits?: Limits;
    readonly file?: string;
    /**
     * Stops the run at its next safepoint or check. Needs shared memory, so in a
     * browser a cross-origin isolated page; without it the signal waits for the
     * run to end, and only `terminate` cuts it short.
     */
    readonly signal?: AbortSignal;
};
export declare class EGraphWorker {
    #private;
    /** As of the last answer. */
    tuples: number;
    memoryBytes: number;
    private constructor();
    static create(options?: WorkerOptions): Promise<EGraphWorker>;
    run(program: string, { limits, file, signal }?: WorkerRunOptions): Promise<RunResult>;
    check(facts: string, options?: WorkerRunOptions): Promise<Result<{
        readonly holds: boolean;
    }>>;
    extract(expression: string, options?: WorkerRunOptions): Promise<Result<Omit<ExtractOutput, "kind">>>;
    extractVariants(expression: string, count: number, options?: WorkerRunOptions): Promise<Result<Omit<VariantsOutput, "kind">>>;
    eval(expression: string): Promise<Result<{
        readonly value: EvalValue;
    }>>;
    arrays(): Promise<Result<{
        readonly arrays: EGraphArrays;
    }>>;
    serialize(limits?: SerializeLimits): Promise<Result<{
        readonly json: string;
        readonly egraph: SerializedEGraph;
    }>>;
    push(): Promise<RunResult>;
    pop(): Promise<RunResult>;
    addFile(name: string, text: string): Promise<undefined>;
    /** End the worker at once, whatever it is doing. Calls without an answer reject. */
    terminate(): void;
}
