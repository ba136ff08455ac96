import type { Output } from "./types.ts";
/** The text of one output; empty for a check and a run, which print nothing. */
export declare function formatOutput(output: Output): string;
