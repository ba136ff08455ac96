/** Expressions of kernels in C++. */
import { accumulatorOf, type DType, isFloat } from "../../ir/dtype.ts";
import type { Expr, RangeCheck } from "../../ir/kernel.ts";
import { binaryOp, unaryOp } from "../../ops/index.ts";
import { call, choose, infix, literal } from "../../ops/spelling.ts";
import { cppType } from "../cpp.ts";
import { type Indexing, indexText, indexType } from "./indices.ts";

const comparisons: Readonly<Record<string, string>> = {
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
};

/** Inside `namespace kernels`, where i64 is lum's. */
export const localType = (t: DType): string => (t === "i64" ? "i64" : cppType(t));

export function exprText(e: Expr, ix: Indexing): string {
  const text = (x: Expr) => exprText(x, ix);
  switch (e.kind) {
    case "number":
      return numberText(e.value, e.dtype);
    case "local":
      return e.name;
    case "index":
      return isIndexType(e.dtype, ix) ? indexText(e.value, ix) : staticCast(e.dtype, indexText(e.value, ix));
    case "load": {
      const element = `${e.from}[${indexText(e.at, ix)}]`;
      return e.dtype === "bool" && ix.dialect === undefined ? call("lum::truth", element) : element;
    }
    case "unary": {
      const t = accumulatorOf(e.x.dtype);
      return convert(unaryOp(e.fn).cpp(t, convert(text(e.x), e.x.dtype, t)), unaryType(e.fn, t), e.dtype);
    }
    case "binary":
      return binaryText(e, ix);
    case "select":
      return choose(text(e.condition), text(e.a), text(e.b));
    case "cast":
      return convert(text(e.x), e.x.dtype, e.dtype);
    case "bitcast":
      return call("__builtin_bit_cast", localType(e.dtype), text(e.x));
    case "inside":
      return e.checks.map((c) => checkText(c, ix)).reduce((a, b) => `${a} && ${b}`);
    case "checked": {
      if (e.what === undefined) return text(e.x);
      const site = ix.dialect?.site(e.what) ?? JSON.stringify(e.what);
      return call("check->inside", text(e.x), indexText(e.size, ix), site);
    }
  }
}

const unaryType = (fn: string, t: DType): DType => (unaryOp(fn).result === "bool" ? "bool" : t);

function binaryText(e: Expr & { kind: "binary" }, ix: Indexing): string {
  const { a, b } = e;
  const compare = comparisons[e.fn];
  const [left, right] = [plainIndex(a, ix), plainIndex(b, ix)];
  if (compare !== undefined && left !== undefined && right !== undefined) return infix(left, compare, right);
  const t = accumulatorOf(a.dtype);
  const value = binaryOp(e.fn).cpp(
    t,
    convert(exprText(a, ix), a.dtype, t),
    convert(exprText(b, ix), b.dtype, t),
  );
  return convert(value, binaryOp(e.fn).result === "bool" ? "bool" : t, e.dtype);
}

/** Comparisons of indices need no cast to the model's integer type. */
function plainIndex(e: Expr, ix: Indexing): string | undefined {
  if (e.kind === "index") return indexText(e.value, ix);
  return e.kind === "number" && (e.dtype === "i32" || e.dtype === "i64")
    ? literal(e.value, e.dtype)
    : undefined;
}

function checkText(c: RangeCheck, ix: Indexing): string {
  const value = indexText(c.value, ix);
  const low = c.low ? [infix(value, ">=", "0")] : [];
  const high = c.below === undefined ? [] : [infix(value, "<", indexText(c.below, ix))];
  const both = [...low, ...high];
  return both.length === 0 ? "true" : both.reduce((a, b) => infix(a, "&&", b));
}

function numberText(value: number, t: DType): string {
  if (isFloat(t) && t !== "f32" && t !== "f64")
    return `lum::from_float<${cppType(t)}>(${literal(value, "f32")})`;
  const text = literal(value, t);
  return t === "i64" && /^-?\d+$/.test(text) ? `i64{${text}}` : text;
}

/** Whether values of this type are what indices are anyway. */
export const isIndexType = (t: DType, ix: Indexing): boolean =>
  t === (indexType(ix) === "int" ? "i32" : "i64");

const staticCast = (t: DType, text: string): string => `static_cast<${localType(t)}>(${text})`;

const isNarrowFloat = (t: DType): boolean => isFloat(t) && t !== "f32" && t !== "f64";

/** `text` of type `from` as `to`. */
export function convert(text: string, from: DType, to: DType): string {
  if (from === to) return text;
  if (isNarrowFloat(from)) return convert(call("lum::to_float", text), "f32", to);
  if (isNarrowFloat(to))
    return `lum::from_float<${cppType(to)}>(${from === "f32" ? text : staticCast("f32", text)})`;
  if (to === "bool") return infix(text, "!=", literal(0, from));
  if (isFloat(from) && !isFloat(to)) return call(`lum::to_integer<${localType(to)}>`, text);
  return staticCast(to, text);
}
