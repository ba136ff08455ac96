/** Reductions: what they start from and how two partial results meet. */
import { type DType, isFloat } from "../ir/dtype.ts";
import type { ReduceFn } from "../ir/hlir.ts";
import { add } from "./binary/add.ts";
import { max } from "./binary/max.ts";
import { min } from "./binary/min.ts";
import { mul } from "./binary/mul.ts";
import { type Accepts, accepts, type BinaryOp } from "./op.ts";

export type FoldName = "sum" | "prod" | "max" | "min";
export type ArgName = "argmax" | "argmin";

/** Partial results meet by `combine`, in any order and grouping. */
export type Fold = {
  readonly name: FoldName;
  readonly accepts: Accepts;
  readonly combine: BinaryOp;
  /** The value of an empty axis: `combine(neutral, x)` is x. */
  readonly neutral: (t: DType) => number;
  readonly docs: string;
};

/**
 * The position of the extreme value: of equal ones the first; a NaN counts as the extreme, again the first.
 * An empty axis gives 0.
 */
export type ArgFold = {
  readonly name: ArgName;
  readonly accepts: Accepts;
  /** A value found later takes the place of the best so far. */
  readonly better: (candidate: number, best: number) => boolean;
  /** C++ and CUDA text of `better`, a function of the runtime. */
  readonly betterCall: string;
  readonly docs: string;
};

/** The least value of a type. */
export function lowestOf(t: DType): number {
  if (isFloat(t)) return Number.NEGATIVE_INFINITY;
  switch (t) {
    case "i64":
      return -(2 ** 63);
    case "i32":
      return -(2 ** 31);
    case "i16":
      return -(2 ** 15);
    case "i8":
      return -128;
    default:
      return 0;
  }
}

/** The greatest value of a type; for i64 the nearest double, 2^63. */
export function highestOf(t: DType): number {
  if (isFloat(t)) return Number.POSITIVE_INFINITY;
  switch (t) {
    case "i64":
      return 2 ** 63;
    case "bool":
      return 1;
    case "u8":
      return 255;
    default:
      return -1 - lowestOf(t);
  }
}

const sum: Fold = {
  name: "sum",
  accepts: "number",
  combine: add,
  neutral: () => 0,
  docs: "sum; 0 for nothing",
};
const prod: Fold = {
  name: "prod",
  accepts: "number",
  combine: mul,
  neutral: () => 1,
  docs: "product; 1 for nothing",
};
const greatest: Fold = {
  name: "max",
  accepts: "any",
  combine: max,
  neutral: lowestOf,
  docs: "greatest value, NaN if there is one; the least of the type for nothing; any() on bools",
};
const least: Fold = {
  name: "min",
  accepts: "any",
  combine: min,
  neutral: highestOf,
  docs: "least value, NaN if there is one; the greatest of the type for nothing; all() on bools",
};

const argmax: ArgFold = {
  name: "argmax",
  accepts: "any",
  better: (candidate, best) => candidate > best || (Number.isNaN(candidate) && !Number.isNaN(best)),
  betterCall: "lum::ranks_above",
  docs: "i32 position of the greatest value, the first among equals",
};
const argmin: ArgFold = {
  name: "argmin",
  accepts: "any",
  better: (candidate, best) => candidate < best || (Number.isNaN(candidate) && !Number.isNaN(best)),
  betterCall: "lum::ranks_below",
  docs: "i32 position of the least value, the first among equals",
};

export const folds: Readonly<Record<FoldName, Fold>> = { sum, prod, max: greatest, min: least };
export const argFolds: Readonly<Record<ArgName, ArgFold>> = { argmax, argmin };

export const isArg = (fn: ReduceFn): fn is ArgName => fn === "argmax" || fn === "argmin";

export const reductionAccepts = (fn: ReduceFn, t: DType): boolean =>
  accepts(isArg(fn) ? argFolds[fn].accepts : folds[fn].accepts, t);
