/** What the process that times whole programs is told, and the lines that it answers with. */
import type { DType } from "../../ir/dtype.ts";

export type JobTensor = {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Integers stay below it. */
  readonly limit?: number;
};

/** One entry at the dims of one point. */
export type JobCall = {
  readonly entry: string;
  /** Name of its C function. */
  readonly function: string;
  readonly dims: readonly (readonly [name: string, value: number])[];
  readonly inputs: readonly JobTensor[];
  readonly outputs: readonly JobTensor[];
};

export type JobPoint = {
  readonly calls: readonly JobCall[];
  /** Numbers of the libraries that are compared here, the ones that matter most first. */
  readonly rivals: readonly number[];
  /** Rounds at most, and the seconds after which no more begin once there are enough. */
  readonly rounds: number;
  readonly seconds: number;
};

export type ProgramJob = {
  readonly model: string;
  /** Of the names of C functions. */
  readonly prefix: string;
  readonly libraries: readonly string[];
  readonly weights: string | undefined;
  readonly threads: number;
  readonly points: readonly JobPoint[];
};

/** Fewer rounds than these say nothing of a spread; where calls take seconds, some must do. */
export const leastRounds = 5;
export const leastSlowRounds = 3;

export type JobAnswer =
  /** Seconds of one turn through the point's calls, by the number among its rivals; without an end for those left out. */
  | { readonly point: number; readonly round: number; readonly seconds: readonly (number | null)[] }
  | { readonly point: number; readonly done: true }
  | { readonly failed: string };
