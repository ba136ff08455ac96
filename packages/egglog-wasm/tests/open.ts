// What several tests need: an e-graph on the shipped files, and our programs.
import { readFileSync } from "node:fs";
import type { CreateOptions, EGraph, Output, Result, RunResult } from "../dist/index.js";
import { loadEngine } from "../dist/index.js";

const engine = await loadEngine();

export function open(options?: CreateOptions): EGraph {
  return engine.create(options);
}

/** A chain of 20,000 terms, each inside the next; `(top)` is the outermost. */
export const DEEP = `
(datatype N (Z) (S N)) (relation at (i64 N)) (at 0 (Z))
(rule ((at i n) (< i 20000)) ((at (+ i 1) (S n))))
(run-schedule (saturate (run)))
(function top () N :no-merge) (rule ((at 20000 n)) ((set (top) n))) (run 1)`;

export function program(name: string): string {
  return readFileSync(new URL(`programs/${name}.egg`, import.meta.url), "utf8");
}

/** The outputs of a run that must succeed. */
export function outputs(result: RunResult): readonly Output[] {
  if (!result.ok) throw new Error(`unexpected failure: ${JSON.stringify(result.error)}`);
  return result.outputs;
}

/** The content of a result that must be one. */
export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`unexpected failure: ${JSON.stringify(result.error)}`);
  return result;
}

/** The outputs of one kind. */
export function ofKind<K extends Output["kind"]>(
  all: readonly Output[],
  kind: K,
): Extract<Output, { kind: K }>[] {
  return all.filter((output): output is Extract<Output, { kind: K }> => output.kind === kind);
}
