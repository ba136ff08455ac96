/** What the elaboration of one model carries along, and how it fails. */
import {
  type Code,
  CompileError,
  Diagnostics,
  diagnostic,
  type Extra,
  type ParamsOf,
} from "../../diagnostics.ts";
import type { Bounds, Range } from "../../ir/bounds.ts";
import type { Bucket } from "../../ir/bucket.ts";
import { type Builder, createBuilder } from "../../ir/builder.ts";
import type { DType } from "../../ir/dtype.ts";
import type { Node, Output, State, Weight } from "../../ir/hlir.ts";
import { add, int, type Poly, subtract } from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import type { Scope } from "./scope.ts";
import { type IndexVar, varAtom } from "./values.ts";

export type Piece = string | Poly;

export type Context = {
  readonly builder: Builder;
  readonly diagnostics: Diagnostics;
  readonly dims: Map<string, Range>;
  /** What is asked of dims instead of the range that they are declared with. */
  readonly bucket: Bucket;
  /** Loop variables and index variables. */
  readonly loops: Map<string, Range>;
  weights: Weight[];
  readonly states: Map<string, State>;
  /** The current version of every state. */
  versions: Map<string, Node>;
  taps: Output[];
  /** Names of tensors that are taken, for weights and definitions. */
  names: Set<string>;
  /** Rolled loops around the place at hand, outermost first. */
  enclosing: readonly string[];
  nextVar: number;
  /** Element type of weights and states that state only their shape: the model's dtype parameter, else f32. */
  elementDefault: DType;
  /** Calls of fn and layer around the place at hand, to refuse recursion. */
  readonly calls: string[];
};

export function createContext(bucket: Bucket = new Map()): Context {
  const cx: Context = {
    builder: createBuilder((version) => cx.versions.get(version.cell ?? "") === version),
    diagnostics: new Diagnostics(),
    dims: new Map(),
    bucket,
    loops: new Map(),
    weights: [],
    states: new Map(),
    versions: new Map(),
    taps: [],
    names: new Set(),
    enclosing: [],
    nextVar: 0,
    elementDefault: "f32",
    calls: [],
  };
  return cx;
}

/** Where code is elaborated: its names, its prefix in the checkpoint, its path for names of tensors. */
export type Site = {
  readonly scope: Scope;
  readonly prefix: readonly Piece[];
  readonly path: readonly string[];
};

export const boundsOf = (cx: Context): Bounds => ({ dims: cx.dims, loops: cx.loops, axes: [] });

/** Ends the statement at hand; the statement's loop records it and goes on with the next one. */
export class Failure extends CompileError {}

/** A statement uses something that failed before: nothing new to say. */
export class Silent extends Error {}

export function fail<C extends Code>(code: C, span: Span, params: ParamsOf<C>, extra?: Extra): never {
  throw new Failure([diagnostic(code, span, params, extra)]);
}

export function newVar(cx: Context, name: string, span: Span): IndexVar {
  const order = cx.nextVar++;
  return { name, id: `${name}#${order}`, order, low: int(0), size: undefined, origin: undefined, span };
}

/** Gives an index variable its range and makes it known to proofs. */
export function setRange(
  cx: Context,
  v: IndexVar,
  low: Poly,
  size: Poly,
  origin: { text: string; span: Span },
): void {
  v.low = low;
  v.size = size;
  v.origin = origin;
  cx.loops.set(v.id, { low, high: subtract(add(low, size), int(1)) });
}

export const valueOfVar = varAtom;
