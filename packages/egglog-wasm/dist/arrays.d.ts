export type OpKind = "constructor" | "relation" | "function" | "literal" | "container";
export type OpInfo = {
    readonly name: string;
    readonly kind: OpKind;
    /** Sorts of the children; empty for literals and containers. */
    readonly inputs: readonly string[];
    readonly output: string;
    /** Cost of the node without its children, as the engine's extraction counts it. */
    readonly cost: number;
};
/**
 * Nodes are grouped by class: those of class `c` are `classStart[c]` up to
 * `classStart[c + 1]`. Children are classes: those of node `n` are
 * `children[childStart[n]]` up to `children[childStart[n + 1]]`.
 *
 * A literal or a container is a class of its own with one node of that kind,
 * joined by the rows of functions that return it. A `let` is no node; `lets`
 * has its class.
 */
export type EGraphArrays = {
    readonly nodeOp: Uint32Array;
    readonly nodeClass: Uint32Array;
    readonly nodeCost: Float64Array;
    /** `SUBSUMED | UNEXTRACTABLE`; the engine extracts neither, nor nodes of functions. */
    readonly nodeFlags: Uint8Array;
    readonly childStart: Uint32Array;
    readonly children: Uint32Array;
    readonly classSort: Uint32Array;
    /** The engine's id: stable as long as the class is not merged into another. */
    readonly classId: Uint32Array;
    readonly classStart: Uint32Array;
    /** Index of a literal, or `NO_LITERAL`. */
    readonly classLiteral: Uint32Array;
    readonly literalStart: Uint32Array;
    /** UTF-8. */
    readonly literalText: Uint8Array;
    /** i64, f64 and bool as a number, else NaN; an i64 beyond 2^53 is rounded. */
    readonly literalNumber: Float64Array;
    readonly sorts: readonly string[];
    readonly ops: readonly OpInfo[];
    readonly lets: ReadonlyMap<string, number>;
};
export declare const SUBSUMED = 1;
export declare const UNEXTRACTABLE = 2;
export declare const NO_LITERAL = 4294967295;
/** Text of a class's literal (strings without quotes), or undefined. */
export declare function literalText(arrays: EGraphArrays, classIndex: number): string | undefined;
/** The number of a class's i64, f64 or bool literal, or undefined. */
export declare function literalNumber(arrays: EGraphArrays, classIndex: number): number | undefined;
/** Copies the arrays out of a module's memory; `table` is where `eg_arrays` says. */
export declare function readArrays(memory: ArrayBuffer, table: number): EGraphArrays;
/** The buffers of `arrays`, to be moved rather than copied by postMessage. */
export declare function buffersOf(arrays: EGraphArrays): ArrayBuffer[];
