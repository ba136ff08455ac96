import type { ExtractOutput, Result, RunResult, VariantsOutput } from "./types.ts";
export declare const checkProgram: (facts: string) => string;
export declare const extractProgram: (expression: string) => string;
export declare const variantsProgram: (expression: string, count: number) => string;
export declare function readCheck(result: RunResult): Result<{
    readonly holds: boolean;
}>;
export declare function readExtract(result: RunResult): Result<Omit<ExtractOutput, "kind">>;
export declare function readVariants(result: RunResult): Result<Omit<VariantsOutput, "kind">>;
export declare function noAnswer<T>(what: string): Result<T>;
