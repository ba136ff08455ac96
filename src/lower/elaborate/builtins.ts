/** Functions that `.lum` itself cannot spell: elementwise primitives, whole-tensor reductions, concat, top_k … */
import type * as Ast from "../../ir/ast.ts";
import { divided, isNonNegative } from "../../ir/bounds.ts";
import { accumulatorOf, type DType, isInteger } from "../../ir/dtype.ts";
import type { Shape } from "../../ir/hlir.ts";
import {
  add,
  axis,
  constantOf,
  equal,
  int,
  maximum,
  minimum,
  multiply,
  type Poly,
  subtract,
} from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import { unaryOps } from "../../ops/index.ts";
import { boundsOf, type Context, fail } from "./context.ts";
import { divideBy, permute } from "./expressions.ts";
import {
  castTo,
  computed,
  countOf,
  floated,
  knownVars,
  matched,
  reduceAxes,
  settled,
  sizeTensor,
  sizeText,
  spread,
  tensor,
  toTensor,
  unary,
  unionVars,
  varSizes,
  varsIn,
} from "./tensors.ts";
import { describe, ownShape, shapeText, type TensorValue, type Value } from "./values.ts";

export type Argument = { readonly name: Ast.Ident | undefined; readonly value: Value; readonly span: Span };

type Builtin = (cx: Context, args: readonly Argument[], at: Span) => Value;

/** Arguments by parameter name; `?` marks optional ones. */
function take(
  name: string,
  params: readonly string[],
  args: readonly Argument[],
  at: Span,
): Map<string, Argument> {
  const out = new Map<string, Argument>();
  const names = params.map((p) => p.replace("?", ""));
  for (const a of args.filter((x) => x.name !== undefined)) {
    if (!names.includes(a.name!.name)) fail("LUM2052", a.name!.span, { name, argument: a.name!.name });
    out.set(a.name!.name, a);
  }
  const free = names.filter((n) => !out.has(n));
  const positional = args.filter((x) => x.name === undefined);
  const least = params.filter((p) => !p.endsWith("?")).length;
  const expected = least === names.length ? String(least) : `${least} to ${names.length}`;
  if (positional.length > free.length)
    fail("LUM2051", positional[free.length].span, { name, expected, found: args.length });
  positional.forEach((a, i) => out.set(free[i], a));
  for (const p of params) if (!p.endsWith("?") && !out.has(p)) fail("LUM2054", at, { name, argument: p });
  return out;
}

function intOf(a: Argument): Poly {
  return a.value.kind === "int"
    ? a.value.value
    : fail("LUM2010", a.span, { found: describe(a.value), expected: "an integer or a size" });
}

function constantInt(a: Argument): number {
  return (
    constantOf(intOf(a)) ??
    fail("LUM2010", a.span, { found: describe(a.value), expected: "an integer known at compile time" })
  );
}

/** A shape: `[a, b]` or one size. */
function shapeOf(a: Argument): Shape {
  if (a.value.kind === "int") return [a.value.value];
  if (a.value.kind !== "list")
    return fail("LUM2010", a.span, { found: describe(a.value), expected: "a shape such as [2, 3]" });
  return a.value.values.map((v) =>
    v.kind === "int" ? v.value : fail("LUM2010", a.span, { found: describe(v), expected: "a size" }),
  );
}

function axisOf(a: Argument, rank: number): number {
  const given = constantInt(a);
  const along = given < 0 ? given + rank : given;
  if (along < 0 || along >= rank) fail("LUM2110", a.span, { axis: given, rank });
  return along;
}

function numberOf(v: Value): number | undefined {
  if (v.kind === "float") return v.value;
  return v.kind === "int" ? constantOf(v.value) : undefined;
}

const onInteger = new Set(["neg", "abs", "sign", "bitnot"]);

/** exp, sqrt …: a number stays a number; integer tensors become f32. */
function elementwise(fn: string): Builtin {
  return (cx, args, at) => {
    const x = take(fn, ["x"], args, at).get("x")!;
    const known = x.value.kind === "tensor" ? undefined : numberOf(x.value);
    if (known !== undefined) {
      const value = unaryOps.get(fn)!.interpret("f64")(known);
      return x.value.kind === "int" && Number.isInteger(value) && onInteger.has(fn)
        ? { kind: "int", value: int(value) }
        : { kind: "float", value };
    }
    const t = toTensor(cx, x.value, x.span);
    if (t.dtype === "bool") return fail("LUM2010", x.span, { found: describe(t), expected: "numbers" });
    cx.builder.at(at);
    return unary(cx, fn, onInteger.has(fn) ? t : floated(cx, t));
  };
}

type Reduction = "sum" | "max" | "min" | "prod" | "mean" | "any" | "all" | "argmax" | "argmin";

/** sum(x), sum(x, axis = -1, keep = true); max and min of two arguments are elementwise. */
function reduction(op: Reduction): Builtin {
  return (cx, args, at) => {
    const positional = args.filter((a) => a.name === undefined);
    if ((op === "max" || op === "min") && positional.length === 2) return extreme(cx, op, positional, at);
    const a = take(op, ["x", "axis?", "keep?"], args, at);
    const t = toTensor(cx, a.get("x")!.value, a.get("x")!.span);
    const rank = ownShape(t).length;
    const axes = axesOf(a.get("axis"), rank);
    const keep = a.get("keep")?.value;
    cx.builder.at(at);
    return reduceTensor(cx, op, t, axes, keep?.kind === "bool" && keep.value, at);
  };
}

function axesOf(a: Argument | undefined, rank: number): number[] {
  if (a === undefined) return Array.from({ length: rank }, (_, i) => i);
  if (a.value.kind === "list")
    return a.value.values.map((v) => axisOf({ ...a, value: v }, rank)).sort((x, y) => x - y);
  return [axisOf(a, rank)];
}

function reduceTensor(
  cx: Context,
  op: Reduction,
  t: TensorValue,
  axes: readonly number[],
  keep: boolean,
  at: Span,
): Value {
  const truth = op === "any" || op === "all";
  if (truth !== (t.dtype === "bool")) fail("LUM2019", at, { op, dtype: t.dtype });
  if (truth)
    return castTo(cx, reduceAxes(cx, op === "any" ? "max" : "min", castTo(cx, t, "i32"), axes, keep), "bool");
  if (op.startsWith("arg") && axes.length !== 1) fail("LUM2024", at, { op });
  if (op !== "mean") return reduceAxes(cx, op as "sum", t, axes, keep);
  const sum = reduceAxes(cx, "sum", t, axes, keep);
  return divideBy(cx, sum, sizeTensor(cx, countOf(axes.map((i) => ownShape(t)[i])), t.dtype));
}

function extreme(cx: Context, op: "max" | "min", args: readonly Argument[], at: Span): Value {
  const [a, b] = args;
  if (a.value.kind === "int" && b.value.kind === "int") {
    const bare = [...varsIn(a.value.value, knownVars(cx)), ...varsIn(b.value.value, knownVars(cx))];
    if (bare.length === 0)
      return { kind: "int", value: (op === "max" ? maximum : minimum)(a.value.value, b.value.value) };
  }
  const [x, y] = [numberOf(a.value), numberOf(b.value)];
  if (x !== undefined && y !== undefined)
    return { kind: "float", value: op === "max" ? Math.max(x, y) : Math.min(x, y) };
  return pairwise(cx, op, a, b, at);
}

function likeOf(v: Value): DType | undefined {
  return v.kind === "tensor" ? v.dtype : undefined;
}

function pairwise(cx: Context, fn: string, a: Argument, b: Argument, at: Span): TensorValue {
  const x = toTensor(cx, a.value, a.span, likeOf(b.value));
  const y = toTensor(cx, b.value, b.span, likeOf(a.value));
  const m = matched(cx, { value: x, span: a.span }, { value: y, span: b.span }, at, fn);
  return tensor(cx.builder.binary(fn, m.left, m.right), m.vars, m.dtype);
}

const where: Builtin = (cx, args, at) => {
  const a = take("where", ["condition", "then", "otherwise"], args, at);
  const [c, x, y] = ["condition", "then", "otherwise"].map((n) => a.get(n)!);
  const condition = toTensor(cx, c.value, c.span);
  if (condition.dtype !== "bool")
    fail("LUM2010", c.span, { found: describe(condition), expected: "truth values" });
  const left = toTensor(cx, x.value, x.span, likeOf(y.value));
  const right = toTensor(cx, y.value, y.span, likeOf(x.value));
  const m = matched(cx, { value: left, span: x.span }, { value: right, span: y.span }, at, "where");
  const both = tensor(m.left, m.vars, m.dtype);
  const full = matchedShape(cx, condition, both, c.span, at);
  const on = (node: TensorValue) => spread(cx, node, full.vars, full.shape);
  return tensor(
    cx.builder.select(on(condition), on(both), on(tensor(m.right, m.vars, m.dtype))),
    full.vars,
    m.dtype,
  );
};

function matchedShape(cx: Context, c: TensorValue, v: TensorValue, cSpan: Span, at: Span) {
  const m = matched(cx, { value: { ...c, dtype: "bool" }, span: cSpan }, { value: v, span: at }, at, "where");
  return { vars: m.vars, shape: m.shape };
}

/** concat(a, b, …, axis = 0): a where i < n, else b at i - n. */
const concat: Builtin = (cx, args, at) => {
  const axisArg = args.find((a) => a.name?.name === "axis");
  const parts = partsOf(cx, args, at);
  const rank = ownShape(parts[0].value).length;
  const along = axisArg === undefined ? 0 : axisOf(axisArg, rank);
  return parts
    .slice(1)
    .reduce((left, right) => joinTwo(cx, { value: left, span: at }, right, along, at), parts[0].value);
};

function partsOf(cx: Context, args: readonly Argument[], at: Span) {
  const positional = args.filter((a) => a.name === undefined);
  const only = positional.length === 1 ? positional[0] : undefined;
  const list =
    only?.value.kind === "list" ? only.value.values.map((value) => ({ ...only, value })) : positional;
  if (list.length === 0) fail("LUM2054", at, { name: "concat", argument: "a tensor" });
  return list.map((a) => ({ value: toTensor(cx, a.value, a.span), span: a.span }));
}

type Part = { readonly value: TensorValue; readonly span: Span };

function joinTwo(cx: Context, a: Part, b: Part, along: number, at: Span): TensorValue {
  const [x, y] = [ownShape(a.value), ownShape(b.value)];
  const differ = x.length !== y.length || x.some((p, i) => i !== along && !equal(p, y[i]));
  if (differ) fail("LUM2111", at, { left: shapeText(x), right: shapeText(y), axis: along });
  const dtype =
    a.value.dtype === b.value.dtype
      ? a.value.dtype
      : fail("LUM2112", at, { left: a.value.dtype, right: b.value.dtype });
  const vars = unionVars(a.value.vars, b.value.vars);
  const shape = x.map((p, i) => (i === along ? add(p, y[i]) : p));
  const domain = [...varSizes(vars), ...shape];
  const lead = vars.length;
  const place = (t: TensorValue, offset: Poly) => {
    const map = [
      ...t.vars.map((v) => axis(vars.indexOf(v))),
      ...shape.map((_, i) => (i === along ? subtract(axis(lead + i), offset) : axis(lead + i))),
    ];
    return cx.builder.view(settled(cx, t).node, domain, map, 0);
  };
  const index = cx.builder.iota(axis(lead + along), domain);
  const limit = spread(cx, toTensor(cx, { kind: "int", value: x[along] }, at, "i32"), vars, shape);
  const first = cx.builder.binary("lt", index, limit);
  return tensor(cx.builder.select(first, place(a.value, int(0)), place(b.value, x[along])), vars, dtype);
}

/** stack(a, b, axis = 0): a new axis, then concat. */
const stack: Builtin = (cx, args, at) => {
  const axisArg = args.find((a) => a.name?.name === "axis");
  const parts = partsOf(cx, args, at);
  const along = axisArg === undefined ? 0 : axisOf(axisArg, ownShape(parts[0].value).length + 1);
  const wide = parts.map((p) => ({ ...p, value: insertAxis(cx, p.value, along) }));
  return wide
    .slice(1)
    .reduce((left, right) => joinTwo(cx, { value: left, span: at }, right, along, at), wide[0].value);
};

function insertAxis(cx: Context, t: TensorValue, at: number): TensorValue {
  const lead = t.vars.length;
  const shape = [...t.node.shape.slice(0, lead + at), int(1), ...t.node.shape.slice(lead + at)];
  const map = t.node.shape.map((_, i) => axis(i < lead + at ? i : i + 1));
  return { ...t, node: cx.builder.view(t.node, shape, map) };
}

/** Row-major renumbering: each axis of the source is a quotient and remainder of the flat index. */
const reshape: Builtin = (cx, args, at) => {
  const a = take("reshape", ["x", "shape"], args, at);
  const t = toTensor(cx, a.get("x")!.value, a.get("x")!.span);
  const shape = shapeOf(a.get("shape")!);
  const own = ownShape(t);
  if (!equal(multiply(...own), multiply(...shape)))
    fail("LUM2113", at, { from: shapeText(own), to: shapeText(shape) });
  const lead = t.vars.length;
  let flat: Poly = int(0);
  shape.forEach((size, i) => {
    flat = add(multiply(flat, size), axis(lead + i));
  });
  const bounds = { ...boundsOf(cx), axes: [...varSizes(t.vars), ...shape] };
  const map: Poly[] = [];
  let remaining = flat;
  for (let i = own.length - 1; i >= 0; i--) {
    const { quotient, remainder } =
      i === 0 ? { quotient: int(0), remainder: remaining } : divided(remaining, own[i], bounds);
    map.unshift(remainder);
    remaining = quotient;
  }
  cx.builder.at(at);
  return {
    ...t,
    node: cx.builder.view(
      t.node,
      [...varSizes(t.vars), ...shape],
      [...t.vars.map((_, i) => axis(i)), ...map],
    ),
  };
};

const transposeAxes: Builtin = (cx, args, at) => {
  const a = take("transpose", ["x", "order"], args, at);
  const t = toTensor(cx, a.get("x")!.value, a.get("x")!.span);
  const order = shapeOf(a.get("order")!).map((p) => constantOf(p) ?? -1);
  const rank = ownShape(t).length;
  if ([...order].sort((x, y) => x - y).join() !== Array.from({ length: rank }, (_, i) => i).join())
    fail("LUM2114", a.get("order")!.span, { rank });
  return permute(cx, t, order, at);
};

/** top_k(x, k): values and indices along the last axis, greatest first. */
const topK: Builtin = (cx, args, at) => {
  const a = take("top_k", ["x", "k"], args, at);
  const t = settled(cx, toTensor(cx, a.get("x")!.value, a.get("x")!.span));
  const k = intOf(a.get("k")!);
  const own = ownShape(t);
  const size = own.at(-1) ?? fail("LUM2115", at, { name: "top_k" });
  if (!isNonNegative(subtract(size, k), boundsOf(cx)))
    fail("LUM2116", a.get("k")!.span, { k: sizeText(k), size: sizeText(size) });
  const indices = sortedIndices(cx, t, k);
  return { kind: "list", values: [takeAlong(cx, t, indices), indices] };
};

function sortedIndices(cx: Context, t: TensorValue, k: Poly): TensorValue {
  return tensor(cx.builder.topk(computed(cx, t).node, k), t.vars, "i32");
}

/** x at the given indices along the last axis. */
function takeAlong(cx: Context, t: TensorValue, indices: TensorValue): TensorValue {
  const shape = indices.node.shape;
  const map = [...t.node.shape.slice(0, -1).map((_, i) => axis(i)), { operand: 0 }];
  return { ...t, node: cx.builder.gather(t.node, [indices.node], shape, map) };
}

/** Ascending unless `descending`; descending is top_k of the whole axis, ascending that of the negated values. */
function sorting(result: "values" | "indices"): Builtin {
  return (cx, args, at) => {
    const name = result === "values" ? "sort" : "argsort";
    const a = take(name, ["x", "descending?"], args, at);
    const t = settled(cx, toTensor(cx, a.get("x")!.value, a.get("x")!.span));
    const size = ownShape(t).at(-1) ?? fail("LUM2115", at, { name });
    const down = a.get("descending")?.value;
    const descending = down?.kind === "bool" && down.value;
    const by = descending ? t : unary(cx, isInteger(t.dtype) ? "bitnot" : "neg", t);
    const indices = sortedIndices(cx, by, size);
    return result === "indices" ? indices : takeAlong(cx, t, indices);
  };
}

function filled(name: string, value: number | undefined): Builtin {
  return (cx, args, at) => {
    const a = take(name, value === undefined ? ["value", "shape", "dtype?"] : ["shape", "dtype?"], args, at);
    const number =
      value ??
      numberOf(a.get("value")!.value) ??
      fail("LUM2010", a.get("value")!.span, { found: describe(a.get("value")!.value), expected: "a number" });
    const stated = a.get("dtype")?.value;
    const dtype = stated?.kind === "dtype" ? stated.value : "f32";
    cx.builder.at(at);
    return tensor(cx.builder.full(number, shapeOf(a.get("shape")!), accumulatorOf(dtype)), [], dtype);
  };
}

/** 0, 1, …, n - 1 as i32. */
const arange: Builtin = (cx, args, at) => {
  const a = take("arange", ["n"], args, at);
  cx.builder.at(at);
  return tensor(cx.builder.iota(axis(0), [intOf(a.get("n")!)]), [], "i32");
};

const sizeBuiltin: Builtin = (cx, args, at) => {
  const a = take("size", ["x", "axis"], args, at);
  const shape = ownShape(toTensor(cx, a.get("x")!.value, a.get("x")!.span));
  return { kind: "int", value: shape[axisOf(a.get("axis")!, shape.length)] };
};

const rankBuiltin: Builtin = (cx, args, at) => {
  const a = take("rank", ["x"], args, at);
  return { kind: "int", value: int(ownShape(toTensor(cx, a.get("x")!.value, a.get("x")!.span)).length) };
};

const dtypeOf: Builtin = (cx, args, at) => {
  const a = take("dtype_of", ["x"], args, at);
  return { kind: "dtype", value: toTensor(cx, a.get("x")!.value, a.get("x")!.span).dtype };
};

const expand: Builtin = (cx, args, at) => {
  const a = take("expand", ["x", "shape"], args, at);
  const t = toTensor(cx, a.get("x")!.value, a.get("x")!.span);
  const shape = shapeOf(a.get("shape")!);
  const own = ownShape(t);
  const fits =
    own.length <= shape.length &&
    own.every((p, i) => equal(p, shape[i + shape.length - own.length]) || constantOf(p) === 1);
  if (!fits) fail("LUM2117", at, { from: shapeText(own), to: shapeText(shape) });
  return { ...t, node: spread(cx, t, t.vars, shape) };
};

function cumulative(fn: "sum" | "prod"): Builtin {
  return (cx, args, at) => {
    const a = take(fn === "sum" ? "cumsum" : "cumprod", ["x", "axis?"], args, at);
    const t = toTensor(cx, a.get("x")!.value, a.get("x")!.span);
    const rank = ownShape(t).length;
    const along = a.has("axis") ? axisOf(a.get("axis")!, rank) : rank - 1;
    cx.builder.at(at);
    return { ...t, node: cx.builder.cumulate(fn, computed(cx, t).node, along + t.vars.length) };
  };
}

/**
 * random(shape, seed): uniform in [0, 1), the same for equal seeds everywhere: the index is mixed with the seed
 * by a 32-bit integer hash (the `lowbias32` constants of Chris Wellons' hash prospector), 24 bits are kept.
 */
const random: Builtin = (cx, args, at) => {
  const a = take("random", ["shape", "seed"], args, at);
  const shape = shapeOf(a.get("shape")!);
  const seed = toTensor(cx, a.get("seed")!.value, a.get("seed")!.span, "i32");
  if (!isInteger(seed.dtype))
    fail("LUM2010", a.get("seed")!.span, { found: describe(seed), expected: "an integer" });
  cx.builder.at(at);
  const b = cx.builder;
  let flat: Poly = int(0);
  shape.forEach((size, i) => {
    flat = add(multiply(flat, size), axis(i + seed.vars.length));
  });
  const domain = [...varSizes(seed.vars), ...shape];
  const full = (v: number) => b.full(v | 0, domain, "i32");
  const logical = (x: ReturnType<typeof full>, n: number) =>
    b.binary("bitand", b.binary("shr", x, full(n)), full(2 ** (32 - n) - 1));
  let h = b.binary(
    "add",
    b.iota(flat, domain),
    b.binary("mul", spread(cx, castTo(cx, seed, "i32"), seed.vars, shape), full(0x9e3779b9)),
  );
  h = b.binary("mul", b.binary("bitxor", h, logical(h, 16)), full(0x7feb352d));
  h = b.binary("mul", b.binary("bitxor", h, logical(h, 15)), full(0x846ca68b));
  h = b.binary("bitxor", h, logical(h, 16));
  const unit = b.binary("mul", b.cast(logical(h, 8), "f32"), b.full(2 ** -24, domain, "f32"));
  return tensor(unit, seed.vars, "f32");
};

export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ...[...unaryOps.keys()]
    .filter((n) => n !== "not" && n !== "neg")
    .map((n): [string, Builtin] => [n, elementwise(n)]),
  ...(["sum", "max", "min", "prod", "mean", "any", "all", "argmax", "argmin"] as const).map(
    (n): [string, Builtin] => [n, reduction(n)],
  ),
  ...(["pow", "bitand", "bitor", "bitxor", "shl", "shr", "xor"] as const).map((n): [string, Builtin] => [
    n,
    (cx, args, at) => {
      const a = take(n, ["a", "b"], args, at);
      return pairwise(cx, n, a.get("a")!, a.get("b")!, at);
    },
  ]),
  ["where", where],
  ["concat", concat],
  ["stack", stack],
  ["reshape", reshape],
  ["transpose", transposeAxes],
  ["expand", expand],
  ["top_k", topK],
  ["sort", sorting("values")],
  ["argsort", sorting("indices")],
  ["zeros", filled("zeros", 0)],
  ["ones", filled("ones", 1)],
  ["full", filled("full", undefined)],
  ["arange", arange],
  ["size", sizeBuiltin],
  ["rank", rankBuiltin],
  ["dtype_of", dtypeOf],
  ["cumsum", cumulative("sum")],
  ["cumprod", cumulative("prod")],
  ["random", random],
]);
