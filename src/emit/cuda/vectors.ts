/**
 * Loops whose neighbouring iterations touch neighbouring elements: a thread takes as many as 16 bytes hold, with one
 * access of memory for all of them.
 */

import { withAxes } from "../../ir/bounds.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Expr, Kernel, Stmt } from "../../ir/kernel.ts";
import { add, axis, constantOf, int, linearIn, mentions, type Poly, substitute } from "../../ir/poly.ts";
import { cppType } from "../cpp.ts";
import { type Indexing, indexText } from "../kernels/indices.ts";
import { blockLines } from "../kernels/statements.ts";
import { untaken } from "../names.ts";

export type Vectorized = {
  readonly width: number;
  /** Whether iterations may be left over behind the last whole vector. */
  readonly tail: boolean;
  /** In place of the body, inside of the loop over whole vectors. */
  readonly lines: (indent: string) => string[];
};

/** An access of memory at `base` plus the walked variable. */
export type Access = {
  readonly from: string;
  readonly base: Poly;
  readonly dtype: DType;
  readonly stored: boolean;
};

export type Accesses = ReadonlyMap<string, Access>;

/** Iterations below which a remainder is no reason for a second loop. */
const fewIterations = 1024;

/**
 * `body` for all elements of a vector along `variable`, whose loop has `size` iterations; undefined where that doesn't
 * fit. `alone`: the loop is the only one, so that what is left over can follow it.
 */
export function vectorized(
  kernel: Kernel,
  loop: { readonly size: Poly; readonly variable: number; readonly alone: boolean },
  before: readonly Stmt[],
  body: readonly Stmt[],
  ix: Indexing,
): Vectorized | undefined {
  const { size, variable, alone } = loop;
  if (!body.every((s) => s.kind === "let" || s.kind === "index" || s.kind === "store")) return undefined;
  const accesses = accessesIn(kernel, variable, before, body);
  if (accesses === undefined) return undefined;
  const whole = widthOf(accesses, (width) => isMultiple(size, width));
  const widest = alone && (constantOf(size) ?? fewIterations) >= fewIterations ? widthOf(accesses) : whole;
  if (widest === undefined) return undefined;
  const lines = (indent: string) => vectorBody({ accesses, width: widest, variable, body }, indent, ix);
  return { width: widest, tail: !isMultiple(size, widest), lines };
}

/** The vector accesses of a body; undefined where a store is none, or elements are read that others write. */
export function accessesIn(
  kernel: Kernel,
  variable: number,
  before: readonly Stmt[],
  body: readonly Stmt[],
): Accesses | undefined {
  const bound = new Set(body.flatMap((s) => (s.kind === "index" ? [s.variable] : [])));
  const accesses = new Map<string, Access>();
  const note = (from: string, at: Poly, stored: boolean): boolean => {
    const access = accessOf(kernel, before, from, at, variable, bound);
    if (access !== undefined) accesses.set(keyOf(from, access.base, stored), { ...access, stored });
    return access !== undefined;
  };
  for (const s of body) for (const e of expressionsOf(s)) if (e.kind === "load") note(e.from, e.at, false);
  for (const s of body) if (s.kind === "store" && !note(s.to, s.at, true)) return undefined;
  const written = new Set([...accesses.values()].filter((a) => a.stored).map((a) => a.from));
  // In place, a vector is read before it is written; elsewhere in the same tensor nothing may be read.
  const mixed = [...accesses.values()].some(
    (a) => !a.stored && written.has(a.from) && !accesses.has(keyOf(a.from, a.base, true)),
  );
  return mixed ? undefined : accesses;
}

/** Elements of the widest vectors that every access allows: at most 16 bytes, at least 4. */
export function widthOf(
  accesses: Accesses,
  fits: (width: number) => boolean = () => true,
): number | undefined {
  const all = [...accesses.values()];
  const bytes = all.map((a) => byteSize(a.dtype));
  const least = Math.max(2, 4 / Math.min(...bytes));
  for (let width = 16 / Math.max(...bytes); width >= least; width /= 2)
    if (fits(width) && all.every((a) => isMultiple(a.base, width))) return width;
  return undefined;
}

export const keyOf = (from: string, base: Poly, stored: boolean): string =>
  `${stored ? "store" : "load"} ${from} ${base.key}`;

/** Every term and the constant: addresses and counts that are whole vectors whatever the dims are. */
export const isMultiple = (p: Poly, of: number): boolean =>
  p.constant % of === 0 &&
  p.terms.every(
    (t) =>
      t.coef % of === 0 ||
      t.atoms.some(
        (a) => (a.kind === "min" || a.kind === "max") && isMultiple(a.left, of) && isMultiple(a.right, of),
      ),
  );

function accessOf(
  kernel: Kernel,
  before: readonly Stmt[],
  from: string,
  at: Poly,
  variable: number,
  bound: ReadonlySet<number>,
): Omit<Access, "stored"> | undefined {
  const row = before.find((s) => s.kind === "row" && s.name === from);
  const tensor = kernel.params.find((p) => p.name === (row?.kind === "row" ? row.from : from));
  const staged = kernel.launch?.staged?.find((s) => s.name === from);
  const dtype = tensor?.kind === "pointer" ? tensor.dtype : staged?.dtype;
  if (dtype === undefined) return undefined;
  const linear = linearIn(at, { kind: "axis", axis: variable });
  if (linear === undefined || constantOf(linear.coefficient) !== 1) return undefined;
  const base = linear.rest;
  const own = (a: { kind: string; axis?: number }) =>
    a.kind === "axis" && (a.axis === variable || bound.has(a.axis!));
  if (mentions(base, own)) return undefined;
  // A row starts where a vector may: 1 stands for a place that may not.
  const start = row?.kind === "row" ? row.at : base;
  return { from, base: isMultiple(start, 16) || row === undefined ? base : int(1), dtype };
}

type Body = {
  readonly accesses: Accesses;
  readonly width: number;
  readonly variable: number;
  readonly body: readonly Stmt[];
  /** Vectors that are kept from loop to loop, by `keptKey`, with what this loop does with them. */
  readonly kept?: ReadonlyMap<string, Kept>;
};

/** A vector in registers: its name, whether this loop is the first to read it, whether it is the last to write it. */
export type Kept = { readonly name: string; readonly loads: boolean; readonly stores: boolean };

export const keptKey = (from: string, base: Poly): string => `${from} ${base.key}`;

/** Loads, the statements for each element, stores. */
export function vectorBody(b: Body, indent: string, ix: Indexing): string[] {
  const { accesses, width, variable, body } = b;
  const taken = new Set([...ix.variables.map((v) => v.name), ...(ix.dialect?.taken ?? [])]);
  const fresh = (wanted: string, otherwise = wanted): string => {
    const name = untaken(taken.has(wanted) ? otherwise : wanted, taken);
    taken.add(name);
    return name;
  };
  // A second vector of a tensor is called after the place that it is further on.
  const named = ({ from, stored, base }: Access): string => {
    const wanted = stored ? `${from}_out` : `${from}_vector`;
    return fresh(wanted, base.constant > 0 ? `${wanted}_${base.constant}` : wanted);
  };
  const keptOf = (a: Access): Kept | undefined => b.kept?.get(keptKey(a.from, a.base));
  const names = new Map([...accesses].map(([key, a]) => [key, keptOf(a)?.name ?? named(a)]));
  const counter = ix.variables.length;
  const inside: Indexing = {
    ...ix,
    variables: [...ix.variables, { name: fresh("v"), size: int(width) }],
    bounds: withAxes(ix.bounds, [...ix.variables.map((v) => v.size), int(width)]),
  };
  const address = (a: Access): string => `${a.from} + ${indexText(add(a.base, axis(variable)), ix)}`;
  const own = axis(counter);
  const moved = (p: Poly): Poly =>
    substitute(p, (a) => (a.kind === "axis" && a.axis === variable ? add(axis(variable), own) : undefined));
  const place = (from: string, at: Poly, stored: boolean): { from: string; at: Poly } => {
    const rest = linearIn(at, { kind: "axis", axis: variable })?.rest;
    const name = rest === undefined ? undefined : names.get(keyOf(from, rest, stored));
    return name === undefined ? { from, at: moved(at) } : { from: `${name}.element`, at: own };
  };
  const each = body.map((s) => inStmt(s, place, moved));
  const all = [...accesses].map(([key, a]) => ({ a, name: names.get(key)!, kept: keptOf(a) }));
  const load = (a: Access): string => `lum::load_vector<${cppType(a.dtype)}, ${width}>(${address(a)})`;
  const { name: v } = inside.variables[counter];
  return [
    ...all.flatMap(({ a, name, kept }) => {
      if (kept !== undefined) return kept.loads && !a.stored ? [`${indent}${name} = ${load(a)};`] : [];
      if (a.stored) return [`${indent}lum::Vector<${cppType(a.dtype)}, ${width}> ${name};`];
      return [`${indent}const auto ${name} = ${load(a)};`];
    }),
    "#pragma unroll",
    `${indent}for (int ${v} = 0; ${v} < ${width}; ++${v}) {`,
    ...blockLines(each, `${indent}    `, inside),
    `${indent}}`,
    ...all.flatMap(({ a, name, kept }) =>
      a.stored && (kept === undefined || kept.stores)
        ? [`${indent}lum::store_vector(${address(a)}, ${name});`]
        : [],
    ),
  ];
}

type Place = (from: string, at: Poly, stored: boolean) => { from: string; at: Poly };

function inStmt(s: Stmt, place: Place, moved: (p: Poly) => Poly): Stmt {
  if (s.kind === "let" || s.kind === "index" || s.kind === "fold")
    return { ...s, value: inExpr(s.value, place, moved) };
  if (s.kind === "pick") return { ...s, value: inExpr(s.value, place, moved), position: moved(s.position) };
  if (s.kind !== "store") throw new Error(`${s.kind} in a vector loop`);
  const { from, at } = place(s.to, s.at, true);
  return { ...s, to: from, at, value: inExpr(s.value, place, moved) };
}

function inExpr(e: Expr, place: Place, moved: (p: Poly) => Poly): Expr {
  const inner = (x: Expr) => inExpr(x, place, moved);
  switch (e.kind) {
    case "number":
    case "local":
      return e;
    case "index":
      return { ...e, value: moved(e.value) };
    case "load":
      return { ...e, ...place(e.from, e.at, false) };
    case "unary":
    case "cast":
    case "bitcast":
      return { ...e, x: inner(e.x) };
    case "checked":
      return { ...e, x: inner(e.x), size: moved(e.size) };
    case "binary":
      return { ...e, a: inner(e.a), b: inner(e.b) };
    case "select":
      return { ...e, condition: inner(e.condition), a: inner(e.a), b: inner(e.b) };
    case "inside":
      return {
        ...e,
        checks: e.checks.map((c) => ({
          ...c,
          value: moved(c.value),
          below: c.below === undefined ? undefined : moved(c.below),
        })),
      };
  }
}

/** Loads that a condition guards are left as they are: memory is touched only where it holds. */
export function* expressionsOf(s: Stmt): Generator<Expr> {
  if (s.kind === "let" || s.kind === "index" || s.kind === "store" || s.kind === "fold" || s.kind === "pick")
    yield* partsOf(s.value);
}

function* partsOf(e: Expr): Generator<Expr> {
  yield e;
  switch (e.kind) {
    case "unary":
    case "cast":
    case "bitcast":
    case "checked":
      yield* partsOf(e.x);
      break;
    case "binary":
      yield* partsOf(e.a);
      yield* partsOf(e.b);
      break;
    case "select":
      yield* partsOf(e.condition);
      break;
    default:
      break;
  }
}
