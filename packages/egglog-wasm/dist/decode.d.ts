import type { EgglogError, RunResult } from "./types.ts";
/** A run as the module tells it: flat text, however deep the terms in it are. */
export type RawRun = {
    readonly error: EgglogError | null;
    /** JSON objects with commas between them. */
    readonly outputs: string;
    readonly commands: number;
    readonly warnings: readonly string[];
    readonly tuples: number;
};
export declare function decodeRun({ error, outputs, ...ran }: RawRun): RunResult;
