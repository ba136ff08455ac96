import type { EGraphArrays } from "./arrays.ts";
import type { Engine } from "./engine.ts";
import type { CreateOptions, EvalValue, ExtractOutput, Result, RunOptions, RunResult, SerializedEGraph, VariantsOutput } from "./types.ts";
import type { SerializeLimits } from "./worker-protocol.ts";
export declare class EGraph {
    #private;
    /** Use `EGraph.create` or `engine.create`. `from`: the memory of another to start as. */
    constructor(engine: Engine, options: CreateOptions, from?: Uint8Array);
    /** A new e-graph on the engine of this package. */
    static create(options?: CreateOptions): Promise<EGraph>;
    /** Run commands. What they did before a failure stays done. */
    run(program: string, options?: RunOptions): RunResult;
    /** Does `(check facts…)` hold? `facts`: one or more, as in `(= a b)`. */
    check(facts: string, options?: RunOptions): Result<{
        readonly holds: boolean;
    }>;
    /** The cheapest term equal to `expression`. */
    extract(expression: string, options?: RunOptions): Result<Omit<ExtractOutput, "kind">>;
    /** Up to `count` terms equal to `expression`, by different nodes of its class, cheapest first. */
    extractVariants(expression: string, count: number, options?: RunOptions): Result<Omit<VariantsOutput, "kind">>;
    /** Add `expression` if it is new, and say which class or literal it is. */
    eval(expression: string): Result<{
        readonly value: EvalValue;
    }>;
    /** Rows in all tables, after the last `run` or `eval`. */
    get tuples(): number;
    /** Bytes of the e-graph's heap. It does not shrink. */
    get memoryBytes(): number;
    /** The whole e-graph as typed arrays, without hidden tables. */
    arrays(): Result<{
        readonly arrays: EGraphArrays;
    }>;
    /** The e-graph in the JSON shape of the egraph-serialize crate. */
    serialize(limits?: SerializeLimits): Result<{
        readonly json: string;
        readonly egraph: SerializedEGraph;
    }>;
    /** `serialize` without parsing the text. */
    serializeText(limits?: SerializeLimits): Result<{
        readonly json: string;
    }>;
    /** Remember this state for `pop`. The copy is the engine's, inside the same memory. */
    push(): RunResult;
    /** Back to the last `push`; an error where there is none. */
    pop(): RunResult;
    /** An independent e-graph in the same state: one copy of the heap. */
    clone(): EGraph;
    /** Give a program to `(include "name")`. */
    addFile(name: string, text: string): void;
    /** Give the memory back. Any later call throws; a second `dispose` does nothing. */
    dispose(): void;
    [Symbol.dispose](): void;
}
