export type Term = AppTerm | LiteralTerm | VarTerm;
export type AppTerm = {
    readonly kind: "app";
    readonly op: string;
    readonly args: readonly Term[];
};
export type VarTerm = {
    readonly kind: "var";
    readonly name: string;
};
export type LiteralTerm = {
    readonly kind: "literal";
    readonly sort: "i64";
    readonly value: bigint;
} | {
    readonly kind: "literal";
    readonly sort: "f64";
    readonly value: number;
} | {
    readonly kind: "literal";
    readonly sort: "String";
    readonly value: string;
} | {
    readonly kind: "literal";
    readonly sort: "bool";
    readonly value: boolean;
} | {
    readonly kind: "literal";
    readonly sort: "Unit";
    readonly value: null;
};
/** As it comes from the module: children are indices of earlier terms. */
export type RawTerm = readonly [op: string, ...children: number[]] | {
    readonly i?: string;
    readonly f?: string;
    readonly s?: string;
    readonly b?: string;
    readonly u?: string;
    readonly v?: string;
};
export declare function decodeTerms(raw: readonly RawTerm[]): Term[];
/** Rust spells infinities "inf" and "-inf". */
export declare function parseF64(text: string): number;
/**
 * The term as program text. Shared subterms are printed once and joined, but
 * the text repeats them; throws a RangeError where it would pass 2^28 characters.
 */
export declare function printTerm(term: Term): string;
