// Single commands with a typed answer: the program to run, and how to read its result.
import type { ExtractOutput, Result, RunResult, VariantsOutput } from "./types.ts";

// The line break keeps a comment at the end of the text from hiding the parenthesis.
export const checkProgram = (facts: string): string => `(check ${facts}\n)`;
export const extractProgram = (expression: string): string => `(extract ${expression}\n)`;
export const variantsProgram = (expression: string, count: number): string =>
  `(extract ${expression}\n${count})`;

export function readCheck(result: RunResult): Result<{ readonly holds: boolean }> {
  if (result.ok) return { ok: true, holds: true };
  return result.error.kind === "check" ? { ok: true, holds: false } : { ok: false, error: result.error };
}

export function readExtract(result: RunResult): Result<Omit<ExtractOutput, "kind">> {
  if (!result.ok) return { ok: false, error: result.error };
  const found = result.outputs.find((output) => output.kind === "extract");
  return found === undefined ? noAnswer("extract") : { ok: true, cost: found.cost, term: found.term };
}

export function readVariants(result: RunResult): Result<Omit<VariantsOutput, "kind">> {
  if (!result.ok) return { ok: false, error: result.error };
  const found = result.outputs.find((output) => output.kind === "extract-variants");
  return found === undefined ? noAnswer("extract") : { ok: true, variants: found.variants };
}

export function noAnswer<T>(what: string): Result<T> {
  return { ok: false, error: { kind: "panic", message: `the engine gave no answer to ${what}` } };
}
