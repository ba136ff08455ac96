/**
 * Grid loops whose neighbouring iterations touch neighbouring elements: a thread takes as many as 16 bytes hold, with
 * one access of memory for all of them.
 */
import { withAxes } from "../../ir/bounds.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Expr, Kernel, Stmt } from "../../ir/kernel.ts";
import { add, axis, constantOf, int, linearIn, mentions, type Poly, substitute } from "../../ir/poly.ts";
import { cppType } from "../cpp.ts";
import { type Indexing, indexText } from "../kernels/indices.ts";
import { blockLines } from "../kernels/statements.ts";

export type Vectorized = {
  readonly width: number;
  /** In place of the body, inside of the loop over whole vectors. */
  readonly lines: (indent: string) => string[];
};

/** An access of memory at `base` plus the walked variable. */
type Access = { readonly from: string; readonly base: Poly; readonly dtype: DType; readonly stored: boolean };

/** `body` for all elements of a vector along `variable`, whose loop has `size` iterations; undefined where that doesn't fit. */
export function vectorized(
  kernel: Kernel,
  size: Poly,
  variable: number,
  before: readonly Stmt[],
  body: readonly Stmt[],
  ix: Indexing,
): Vectorized | undefined {
  if (!body.every((s) => s.kind === "let" || s.kind === "index" || s.kind === "store")) return undefined;
  const bound = new Set(body.flatMap((s) => (s.kind === "index" ? [s.variable] : [])));
  const accesses = new Map<string, Access>();
  const note = (from: string, at: Poly, stored: boolean): boolean => {
    const access = accessOf(kernel, before, from, at, variable, bound);
    if (access !== undefined) accesses.set(keyOf(from, access.base, stored), { ...access, stored });
    return access !== undefined;
  };
  for (const s of body) for (const e of expressionsOf(s)) if (e.kind === "load") note(e.from, e.at, false);
  for (const s of body) if (s.kind === "store" && !note(s.to, s.at, true)) return undefined;

  const bytes = [...accesses.values()].map((a) => byteSize(a.dtype));
  const width = 16 / Math.max(...bytes);
  const written = new Set([...accesses.values()].filter((a) => a.stored).map((a) => a.from));
  // In place, a vector is read before it is written; elsewhere in the same tensor nothing may be read.
  const mixed = [...accesses.values()].some(
    (a) => !a.stored && written.has(a.from) && !accesses.has(keyOf(a.from, a.base, true)),
  );
  if (width < 2 || width * Math.min(...bytes) < 4 || mixed || !isMultiple(size, width)) return undefined;
  if (![...accesses.values()].every((a) => isMultiple(a.base, width))) return undefined;
  return { width, lines: (indent) => linesOf(accesses, width, variable, body, indent, ix) };
}

const keyOf = (from: string, base: Poly, stored: boolean): string =>
  `${stored ? "store" : "load"} ${from} ${base.key}`;

/** Every term and the constant: addresses and counts that are whole vectors whatever the dims are. */
const isMultiple = (p: Poly, of: number): boolean =>
  p.constant % of === 0 && p.terms.every((t) => t.coef % of === 0);

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
  if (tensor?.kind !== "pointer") return undefined;
  const linear = linearIn(at, { kind: "axis", axis: variable });
  if (linear === undefined || constantOf(linear.coefficient) !== 1) return undefined;
  const base = linear.rest;
  const own = (a: { kind: string; axis?: number }) =>
    a.kind === "axis" && (a.axis === variable || bound.has(a.axis!));
  if (mentions(base, own)) return undefined;
  // A row starts where a vector may: 1 stands for a place that may not.
  const start = row?.kind === "row" ? row.at : base;
  return { from, base: isMultiple(start, 16) || row === undefined ? base : int(1), dtype: tensor.dtype };
}

function linesOf(
  accesses: ReadonlyMap<string, Access>,
  width: number,
  variable: number,
  body: readonly Stmt[],
  indent: string,
  ix: Indexing,
): string[] {
  const taken = new Set(ix.variables.map((v) => v.name));
  const fresh = (wanted: string): string => {
    let name = wanted;
    while (taken.has(name)) name += "_";
    taken.add(name);
    return name;
  };
  const names = new Map(
    [...accesses].map(([key, a]) => [key, fresh(a.stored ? `${a.from}_out` : `${a.from}_vector`)]),
  );
  const counter = ix.variables.length;
  const inside: Indexing = {
    ...ix,
    variables: [...ix.variables, { name: fresh("v"), size: int(width) }],
    bounds: withAxes(ix.bounds, [...ix.variables.map((v) => v.size), int(width)]),
  };
  const address = (a: Access): string => {
    const at = add(a.base, axis(variable));
    return `${a.from} + ${indexText(at, ix)}`;
  };
  const own = axis(counter);
  const moved = (p: Poly): Poly =>
    substitute(p, (a) => (a.kind === "axis" && a.axis === variable ? add(axis(variable), own) : undefined));
  const place = (from: string, at: Poly, stored: boolean): { from: string; at: Poly } => {
    const rest = linearIn(at, { kind: "axis", axis: variable })?.rest;
    const name = rest === undefined ? undefined : names.get(keyOf(from, rest, stored));
    return name === undefined ? { from, at: moved(at) } : { from: `${name}.element`, at: own };
  };
  const each = body.map((s) => inStmt(s, place, moved));
  const all = [...accesses];
  return [
    ...all.flatMap(([key, a]) =>
      a.stored
        ? [`${indent}lum::Vector<${cppType(a.dtype)}, ${width}> ${names.get(key)};`]
        : [
            `${indent}const auto ${names.get(key)} = lum::load_vector<${cppType(a.dtype)}, ${width}>(${address(a)});`,
          ],
    ),
    "#pragma unroll",
    `${indent}for (int ${inside.variables[counter].name} = 0; ${inside.variables[counter].name} < ${width}; ++${inside.variables[counter].name}) {`,
    ...blockLines(each, `${indent}    `, inside),
    `${indent}}`,
    ...all.flatMap(([key, a]) =>
      a.stored ? [`${indent}lum::store_vector(${address(a)}, ${names.get(key)});`] : [],
    ),
  ];
}

type Place = (from: string, at: Poly, stored: boolean) => { from: string; at: Poly };

function inStmt(s: Stmt, place: Place, moved: (p: Poly) => Poly): Stmt {
  if (s.kind === "let" || s.kind === "index") return { ...s, value: inExpr(s.value, place, moved) };
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
function* expressionsOf(s: Stmt): Generator<Expr> {
  if (s.kind === "let" || s.kind === "index" || s.kind === "store") yield* partsOf(s.value);
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
