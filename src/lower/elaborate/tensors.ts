/** Whole-tensor operations on values: broadcasting, promotion, casts, reductions, products. */

import type { Note } from "../../diagnostics.ts";
import { accumulatorOf, type DType, isFloat, isInteger, promote } from "../../ir/dtype.ts";
import type { Node, ReduceFn, Shape } from "../../ir/hlir.ts";
import { add, axis, constantOf, equal, int, multiply, type Poly, substitute } from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import { type Context, fail, Silent } from "./context.ts";
import { describe, type IndexVar, ownShape, shapeText, type TensorValue, type Value } from "./values.ts";

export const tensor = (node: Node, vars: readonly IndexVar[], dtype: DType = node.dtype): TensorValue => ({
  kind: "tensor",
  node,
  vars,
  dtype,
});

export function unionVars(...lists: readonly (readonly IndexVar[])[]): IndexVar[] {
  return [...new Set(lists.flat())].sort((a, b) => a.order - b.order);
}

export const varSizes = (vars: readonly IndexVar[]): Poly[] =>
  vars.map((v) => {
    if (v.size === undefined) throw new Silent();
    return v.size;
  });

/** Atoms of index variables become low + axis of the domain that starts with `vars`. */
export function overDomain(p: Poly, vars: readonly IndexVar[]): Poly {
  return substitute(p, (a) => {
    if (a.kind !== "loop") return undefined;
    const at = vars.findIndex((v) => v.id === a.name);
    return at < 0 ? undefined : add(vars[at].low, axis(at));
  });
}

/** The index variables that a polynomial mentions, out of those in use. */
export function varsIn(p: Poly, known: ReadonlyMap<string, IndexVar>): IndexVar[] {
  const found: IndexVar[] = [];
  substitute(p, (a) => {
    const v = a.kind === "loop" ? known.get(a.name) : undefined;
    if (v !== undefined) found.push(v);
    return undefined;
  });
  return unionVars(found);
}

/** All index variables ever made, by atom name. */
const allVars = new WeakMap<Context, Map<string, IndexVar>>();
export function knownVars(cx: Context): Map<string, IndexVar> {
  let map = allVars.get(cx);
  if (map === undefined) {
    map = new Map();
    allVars.set(cx, map);
  }
  return map;
}

/** The value's node with one leading axis for each of `vars` and own axes broadcast to `shape`. */
export function spread(cx: Context, t: TensorValue, vars: readonly IndexVar[], shape: Shape): Node {
  const own = ownShape(t);
  const lead = vars.length;
  const map = [
    ...t.vars.map((v) => axis(vars.indexOf(v))),
    ...own.map((size, i) => {
      const target = shape.length - own.length + i;
      return equal(size, shape[target]) ? axis(lead + target) : int(0);
    }),
  ];
  return cx.builder.view(t.node, [...varSizes(vars), ...shape], map);
}

/** The node in the accumulation type of the value's dtype. */
export function computed(cx: Context, t: TensorValue): TensorValue {
  return { ...t, node: cx.builder.cast(t.node, accumulatorOf(t.node.dtype)) };
}

/** Rounded to its storage type. */
export function settled(cx: Context, t: TensorValue): TensorValue {
  return { ...t, node: cx.builder.cast(t.node, t.dtype) };
}

export function castTo(cx: Context, t: TensorValue, dtype: DType): TensorValue {
  if (t.dtype === dtype) return t;
  const to = accumulatorOf(dtype);
  const from = computed(cx, settledIfNarrow(cx, t));
  const truth = dtype === "bool" && from.node.dtype !== "bool";
  // A float is held within the range of the very type that is asked for, not of the wider one it is computed in.
  const own = isFloat(from.node.dtype) && isInteger(dtype) ? dtype : to;
  const node = truth
    ? cx.builder.binary("ne", from.node, cx.builder.full(0, from.node.shape, from.node.dtype))
    : cx.builder.cast(cx.builder.cast(from.node, own), to);
  return { kind: "tensor", node, vars: t.vars, dtype };
}

/** An integer wraps at its own width before it is converted; floats need no rounding on the way. */
const settledIfNarrow = (cx: Context, t: TensorValue): TensorValue => (isFloat(t.dtype) ? t : settled(cx, t));

/** A number as a tensor of the other operand's type. */
export function literal(cx: Context, value: number, like: DType | undefined): TensorValue {
  const whole = Number.isInteger(value);
  const dtype =
    like === undefined || like === "bool" ? (whole ? "i32" : "f32") : whole || isFloat(like) ? like : "f32";
  return tensor(cx.builder.constant(value, accumulatorOf(dtype)), [], dtype);
}

/** Compile-time numbers and index expressions become tensors; anything else is an error. */
export function toTensor(
  cx: Context,
  v: Value,
  span: Span,
  like?: DType,
  isFloatLiteral = v.kind === "float",
): TensorValue {
  cx.builder.at(span);
  switch (v.kind) {
    case "tensor":
      return v;
    case "state":
      return readState(cx, v.cell, v.at);
    case "float":
      return isFloatLiteral && (like === undefined || !isFloat(like))
        ? tensor(cx.builder.constant(v.value, "f32"), [], "f32")
        : literal(cx, v.value, like);
    case "bool":
      return tensor(cx.builder.constant(v.value ? 1 : 0, "bool"), [], "bool");
    case "int": {
      const known = constantOf(v.value);
      if (known !== undefined) return literal(cx, known, like);
      const vars = varsIn(v.value, knownVars(cx));
      return tensor(cx.builder.iota(overDomain(v.value, vars), varSizes(vars)), vars, "i32");
    }
    case "list": {
      const items = v.values.map((x) => toTensor(cx, x, span));
      return listTensor(cx, items, span);
    }
    case "poison":
      throw new Silent();
    default:
      return fail("LUM2010", span, { found: describe(v), expected: "a tensor or a number" });
  }
}

function listTensor(cx: Context, items: readonly TensorValue[], span: Span): TensorValue {
  const numbers = items.map((t) => literalNumbers(t.node));
  const first = items[0];
  if (first === undefined || numbers.some((n) => n === undefined)) return fail("LUM2011", span, {});
  const dtype = items.map((t) => t.dtype).reduce(promote);
  const shape = [int(items.length), ...first.node.shape];
  return tensor(
    cx.builder.data(
      numbers.flatMap((n) => n ?? []),
      shape,
      accumulatorOf(dtype),
    ),
    [],
    dtype,
  );
}

function literalNumbers(n: Node): readonly number[] | undefined {
  if (n.op.kind === "constant") return [n.op.value];
  return n.op.kind === "data" ? n.op.values : undefined;
}

export function readState(cx: Context, cell: string, at: readonly Poly[]): TensorValue {
  const version = cx.versions.get(cell);
  if (version === undefined) throw new Silent();
  const vars = unionVars(...at.map((p) => varsIn(p, knownVars(cx))));
  const rest = version.shape.slice(at.length);
  const map = [...at.map((p) => overDomain(p, vars)), ...rest.map((_, i) => axis(vars.length + i))];
  return tensor(cx.builder.view(version, [...varSizes(vars), ...rest], map), vars);
}

export type Operand = { readonly value: TensorValue; readonly span: Span };

/** Trailing axes are matched; size 1 repeats. */
export function broadcastShapes(a: Operand, b: Operand, at: Span, what: string): Shape {
  const [x, y] = [ownShape(a.value), ownShape(b.value)];
  const rank = Math.max(x.length, y.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = x[i - rank + x.length];
    const q = y[i - rank + y.length];
    if (p === undefined || q === undefined) return (p ?? q)!;
    if (equal(p, q) || constantOf(q) === 1) return p;
    if (constantOf(p) === 1) return q;
    return fail(
      "LUM2020",
      at,
      { what, left: shapeText(x), right: shapeText(y), axis: i - rank, a: sizeText(p), b: sizeText(q) },
      { notes: [originNote("left operand", a), originNote("right operand", b)] },
    );
  });
}

export const sizeText = (p: Poly): string => p.key.replace(/#\d+/g, "");

export function originNote(what: string, o: Operand): Note {
  const name = o.value.node.name;
  const label = name === undefined ? what : `${what} \`${name}\``;
  return { text: `${label} has shape ${shapeText(ownShape(o.value))}`, span: o.span };
}

/** Both operands over the same variables, shape and accumulation type. */
export function matched(cx: Context, a: Operand, b: Operand, at: Span, what: string) {
  const shape = broadcastShapes(a, b, at, what);
  const vars = unionVars(a.value.vars, b.value.vars);
  const dtype = promote(a.value.dtype, b.value.dtype);
  cx.builder.at(at);
  const on = (t: TensorValue) => {
    const c = computed(cx, t);
    return cx.builder.cast(spread(cx, c, vars, shape), accumulatorOf(dtype));
  };
  return { left: on(a.value), right: on(b.value), vars, dtype, shape };
}

export function unary(cx: Context, fn: string, t: TensorValue): TensorValue {
  return { ...t, node: cx.builder.unary(fn, computed(cx, t).node) };
}

/** Integers become f32 first: exp, sqrt and the like. */
export function floated(cx: Context, t: TensorValue): TensorValue {
  return isFloat(t.dtype) ? t : castTo(cx, t, "f32");
}

/** Removes own axes; `keep` leaves them with size 1. */
export function reduceAxes(
  cx: Context,
  fn: ReduceFn,
  t: TensorValue,
  axes: readonly number[],
  keep: boolean,
): TensorValue {
  const lead = t.vars.length;
  const from = computed(cx, t).node;
  const node = cx.builder.reduce(
    fn,
    from,
    axes.map((a) => a + lead),
  );
  const dtype = fn === "argmax" || fn === "argmin" ? "i32" : t.dtype;
  if (!keep) return tensor(node, t.vars, dtype);
  const shape = t.node.shape.map((p, i) => (axes.includes(i - lead) ? int(1) : p));
  let next = 0;
  const map = shape
    .flatMap((_, i) => (axes.includes(i - lead) ? [] : [[next++, axis(i)] as const]))
    .map(([, p]) => p);
  return tensor(cx.builder.view(node, shape, map), t.vars, dtype);
}

/** a @ b over the last axis of a and the last but one of b; leading axes broadcast. */
export function matmul(cx: Context, a: Operand, b: Operand, at: Span): TensorValue {
  const [x, y] = [ownShape(a.value), ownShape(b.value)];
  if (x.length === 0 || y.length === 0)
    return fail("LUM2021", at, { left: shapeText(x), right: shapeText(y) });
  const k = x[x.length - 1];
  const kRight = y.length === 1 ? y[0] : y[y.length - 2];
  if (!equal(k, kRight))
    return fail(
      "LUM2022",
      at,
      { left: shapeText(x), right: shapeText(y), a: sizeText(k), b: sizeText(kRight) },
      { notes: [originNote("left operand", a), originNote("right operand", b)] },
    );
  cx.builder.at(at);
  const m = x.length === 1 ? [] : [x[x.length - 2]];
  const n = y.length === 1 ? [] : [y[y.length - 1]];
  const batch = batchShape(x.slice(0, -2), y.slice(0, -2), a, b, at);
  const vars = unionVars(a.value.vars, b.value.vars);
  const domain = [...varSizes(vars), ...batch, ...m, ...n, k];
  const lead = vars.length;
  const [mAxis, nAxis, kAxis] = [lead + batch.length, lead + batch.length + m.length, domain.length - 1];
  const dtype = promote(a.value.dtype, b.value.dtype);
  const place = (t: TensorValue, own: Shape, last: readonly Poly[]) => {
    const outer = own.slice(0, Math.max(own.length - 2, 0));
    const map = [
      ...t.vars.map((v) => axis(vars.indexOf(v))),
      ...outer.map((size, i) =>
        equal(size, batch[batch.length - outer.length + i])
          ? axis(lead + batch.length - outer.length + i)
          : int(0),
      ),
      ...last,
    ];
    return cx.builder.cast(cx.builder.view(computed(cx, t).node, domain, map), accumulatorOf(dtype));
  };
  const left = place(a.value, x, x.length === 1 ? [axis(kAxis)] : [axis(mAxis), axis(kAxis)]);
  const right = place(b.value, y, y.length === 1 ? [axis(kAxis)] : [axis(kAxis), axis(nAxis)]);
  const node = cx.builder.reduce("sum", cx.builder.binary("mul", left, right), [kAxis]);
  return tensor(node, vars, dtype);
}

function batchShape(x: Shape, y: Shape, a: Operand, b: Operand, at: Span): Shape {
  const rank = Math.max(x.length, y.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = x[i - rank + x.length];
    const q = y[i - rank + y.length];
    if (p === undefined || q === undefined) return (p ?? q)!;
    if (equal(p, q) || constantOf(q) === 1) return p;
    if (constantOf(p) === 1) return q;
    return fail(
      "LUM2020",
      at,
      {
        what: "@",
        left: shapeText(ownShape(a.value)),
        right: shapeText(ownShape(b.value)),
        axis: i - rank - 2,
        a: sizeText(p),
        b: sizeText(q),
      },
      { notes: [originNote("left operand", a), originNote("right operand", b)] },
    );
  });
}

export const countOf = (shape: Shape): Poly => multiply(...shape);

/** A size as a scalar number in `dtype`, for means. */
export function sizeTensor(cx: Context, size: Poly, dtype: DType): TensorValue {
  const known = constantOf(size);
  if (known !== undefined) return literal(cx, known, dtype);
  return castTo(cx, tensor(cx.builder.iota(size, []), [], "i32"), dtype);
}
