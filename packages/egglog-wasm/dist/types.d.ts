import type { Term } from "./term.ts";
/** `WebAssembly.Module`, also for programs that are compiled without the library that declares it. */
export type CompiledModule = typeof globalThis extends {
    WebAssembly: {
        Module: {
            prototype: infer M;
        };
    };
} ? M : object;
/** What a run may use. Checked between commands and between iterations of a schedule. */
export type Limits = {
    /** Milliseconds for one call. An iteration that is still running at twice this time is undone. */
    readonly timeMs?: number;
    /** Rows in all tables together; the run stops before the next iteration. */
    readonly nodes?: number;
    /** Bytes of the e-graph's heap; the run stops before the next iteration. */
    readonly memoryBytes?: number;
};
export type LimitName = "time" | "nodes" | "memory" | "cancelled";
export type CreateOptions = {
    /** For every call that does not bring its own. */
    readonly limits?: Limits;
    /**
     * Hard maximum of the WebAssembly memory. What would exceed it is undone.
     * Default: 4 GiB, or twice `limits.memoryBytes` and 64 MiB where that is given.
     */
    readonly maxMemoryBytes?: number;
    /**
     * Keep a copy of the memory to return to when a call fails half-way: a panic,
     * a full stack, a full memory, an iteration without end. Default true. It
     * costs one copy of the heap per `run`, and as much memory again.
     */
    readonly recover?: boolean;
    /** "proofs" allows `(prove …)`; "term-encoding" is its first half. Default "plain". */
    readonly mode?: "plain" | "term-encoding" | "proofs";
    /** Semi-naive evaluation. Default true. */
    readonly seminaive?: boolean;
    /** Make a global without `$` an error instead of a warning. Default false. */
    readonly strict?: boolean;
    /** Accept names that the engine keeps for itself, as its desugared programs have them. Default false. */
    readonly reservedNames?: boolean;
    /** Programs for `(include "name")`, by name. */
    readonly files?: Readonly<Record<string, string>>;
};
export type RunOptions = {
    readonly limits?: Limits;
    /** Asked at every safepoint and now and then in between; true stops the run. */
    readonly shouldStop?: () => boolean;
    /** Name of the program, for errors. */
    readonly file?: string;
};
export type ErrorKind = "parse" | "type" | "declaration" | "check" | "expected-failure" | "extract" | "file" | "run" | "limit" | "stack" | "panic";
export type EgglogError = {
    readonly kind: ErrorKind;
    readonly message: string;
    /** The engine's whole text, where it is more than `message`. */
    readonly text?: string;
    readonly limit?: LimitName;
    /** From 1; columns in UTF-16 units. Of the failing command where nothing narrower is known. */
    readonly line?: number;
    readonly column?: number;
    /** Into the program text, from 0, in UTF-16 units. */
    readonly offset?: number;
    readonly length?: number;
    readonly file?: string;
    /** The call was cut off half-way, and the e-graph is as it was after `commands` commands or some iterations more. */
    readonly rolledBack?: boolean;
    /** The e-graph is lost (only with `recover: false`); all that is left is `dispose`. */
    readonly lost?: boolean;
};
export type RuleReport = {
    readonly name: string;
    readonly matches: number;
    readonly searchMs: number;
};
export type RulesetReport = {
    readonly name: string;
    readonly searchMs: number;
    readonly mergeMs: number;
    readonly rebuildMs: number;
};
/** One iteration of one ruleset. */
export type StepReport = {
    readonly ruleset: string;
    readonly updated: boolean;
    /** Rows in all tables after it. */
    readonly tuples: number;
    readonly ms: number;
};
export type RunReport = {
    readonly updated: boolean;
    readonly canStop: boolean;
    readonly iterations: number;
    readonly rules: readonly RuleReport[];
    readonly rulesets: readonly RulesetReport[];
    readonly steps: readonly StepReport[];
    readonly stopped?: LimitName;
};
export type CheckOutput = {
    readonly kind: "check";
};
export type ExtractOutput = {
    readonly kind: "extract";
    readonly cost: number;
    readonly term: Term;
};
export type Variant = {
    readonly cost?: number;
    readonly term: Term;
};
export type VariantsOutput = {
    readonly kind: "extract-variants";
    readonly variants: readonly Variant[];
};
export type FunctionRow = {
    readonly row: Term;
    readonly output: Term;
};
export type PrintFunctionOutput = {
    readonly kind: "print-function";
    readonly name: string;
    /** Sort of the output column. */
    readonly output: string;
    readonly rows: readonly FunctionRow[];
};
export type TableSize = {
    readonly name: string;
    readonly size: number;
};
export type PrintSizeOutput = {
    readonly kind: "print-size";
    /** The one function asked for; absent when all were. */
    readonly of?: string;
    readonly sizes: readonly TableSize[];
};
export type RunOutput = {
    readonly kind: "run";
} & RunReport;
export type StatisticsOutput = {
    readonly kind: "statistics";
} & RunReport;
export type ProofOutput = {
    readonly kind: "proof";
    readonly text: string;
};
/** Of a command that an extension of the engine brings. */
export type TextOutput = {
    readonly kind: "text";
    readonly text: string;
};
export type Output = CheckOutput | ExtractOutput | VariantsOutput | PrintFunctionOutput | PrintSizeOutput | RunOutput | StatisticsOutput | ProofOutput | TextOutput;
type Ran = {
    readonly outputs: readonly Output[];
    /** Commands that were carried out. */
    readonly commands: number;
    readonly warnings: readonly string[];
    /** Rows in all tables. */
    readonly tuples: number;
};
export type RunResult = ({
    readonly ok: true;
} & Ran) | ({
    readonly ok: false;
    readonly error: EgglogError;
} & Ran);
export type Result<T> = ({
    readonly ok: true;
} & T) | {
    readonly ok: false;
    readonly error: EgglogError;
};
export type EvalValue = {
    readonly kind: "class" | "container";
    readonly sort: string;
    readonly id: number;
} | {
    readonly kind: "literal";
    readonly sort: string;
    readonly text: string;
};
/** The shape of the egraph-serialize crate. */
export type SerializedEGraph = {
    readonly nodes: Readonly<Record<string, SerializedNode>>;
    readonly root_eclasses: readonly string[];
    readonly class_data: Readonly<Record<string, {
        readonly type?: string;
        readonly [key: string]: string | undefined;
    }>>;
};
export type SerializedNode = {
    readonly op: string;
    readonly children: readonly string[];
    readonly eclass: string;
    readonly cost: number;
    readonly subsumed: boolean;
};
export {};
