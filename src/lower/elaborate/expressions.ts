/** Expressions: compile-time arithmetic, whole-tensor operators, index notation. */
import type * as Ast from "../../ir/ast.ts";
import { isNonNegative, isPositive } from "../../ir/bounds.ts";
import { accumulatorOf, type DType, isDType, isInteger } from "../../ir/dtype.ts";
import type { ReduceFn } from "../../ir/hlir.ts";
import {
  add,
  axis,
  constantOf,
  equal,
  floorDiv,
  int,
  mentions,
  modulo,
  multiply,
  negate,
  type Poly,
  subtract,
} from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import { nearest } from "../../nearest.ts";
import { callValue } from "./calls.ts";
import { boundsOf, type Context, fail, newVar, Silent, type Site, setRange } from "./context.ts";
import { access, inferRanges } from "./indexing.ts";
import { Scope } from "./scope.ts";
import {
  castTo,
  computed,
  countOf,
  knownVars,
  matched,
  matmul,
  sizeTensor,
  sizeText,
  spread,
  tensor,
  toTensor,
  unary,
  unionVars,
  varsIn,
} from "./tensors.ts";
import {
  describe,
  type IndexVar,
  ownShape,
  shapeText,
  type TensorValue,
  type Value,
  varAtom,
} from "./values.ts";

export function evaluate(cx: Context, site: Site, e: Ast.Expr): Value {
  switch (e.kind) {
    case "int":
      return { kind: "int", value: int(e.value) };
    case "float":
      return { kind: "float", value: e.value };
    case "bool":
      return { kind: "bool", value: e.value };
    case "string":
      return { kind: "string", value: e.value };
    case "name":
      return lookup(cx, site, e);
    case "array":
      return { kind: "list", values: e.elements.map((x) => evaluate(cx, site, x)) };
    case "unary":
      return applyUnary(cx, e, evaluate(cx, site, e.operand));
    case "binary":
      return applyBinary(cx, e, evaluate(cx, site, e.left), evaluate(cx, site, e.right));
    case "cast":
      return applyCast(cx, site, e);
    case "transpose":
      return transpose(cx, toTensor(cx, evaluate(cx, site, e.operand), e.operand.span), e.span);
    case "reduce":
      return reduce(cx, site, e);
    case "index":
      return access(cx, site, e);
    case "prefix":
      return withPrefix(evaluate(cx, site, e.callee), e);
    case "choose":
      return evaluateBool(cx, site, e.condition)
        ? evaluate(cx, site, e.then)
        : evaluate(cx, site, e.otherwise);
    case "call": {
      const before = site.scope.called(e);
      if (before !== undefined) return before;
      const value = callValue(cx, site, e);
      site.scope.calls.set(e, value);
      return value;
    }
  }
}

function lookup(_cx: Context, site: Site, e: Ast.ExprOf<"name">): Value {
  const found = site.scope.get(e.name);
  if (found !== undefined) {
    if (found.value.kind === "poison") throw new Silent();
    return found.value;
  }
  if (isDType(e.name)) return { kind: "dtype", value: e.name };
  if (e.name === "inf") return { kind: "float", value: Number.POSITIVE_INFINITY };
  if (e.name === "pi") return { kind: "float", value: Math.PI };
  const near = nearest(e.name, site.scope.all());
  return fail(
    "LUM2001",
    e.span,
    { name: e.name },
    near === undefined ? {} : { help: `did you mean \`${near}\`?` },
  );
}

/** An integer known at compile time, a size or an index expression. */
export function evaluateInt(cx: Context, site: Site, e: Ast.Expr): Poly {
  const v = evaluate(cx, site, e);
  if (v.kind === "poison") throw new Silent();
  return v.kind === "int"
    ? v.value
    : fail("LUM2010", e.span, { found: describe(v), expected: "an integer or a size" });
}

/** Thrown where a condition depends on the variable of a rolled loop; the loop then tries each of its values. */
export class Undecided extends Error {
  /** The condition holds where this polynomial compares so with zero. */
  readonly difference: Poly;
  readonly op: Ast.BinaryOp;
  readonly span: Span;
  constructor(difference: Poly, op: Ast.BinaryOp, span: Span) {
    super("a condition depends on a loop variable");
    this.difference = difference;
    this.op = op;
    this.span = span;
  }
}

export function evaluateBool(cx: Context, site: Site, e: Ast.Expr): boolean {
  const v = evaluate(cx, site, e);
  if (v.kind === "bool") return v.value;
  if (v.kind === "poison") throw new Silent();
  return fail("LUM2012", e.span, { found: describe(v) });
}

function withPrefix(v: Value, e: Ast.ExprOf<"prefix">): Value {
  if (v.kind !== "layer") return fail("LUM2013", e.span, { found: describe(v) });
  return { ...v, prefix: { text: e.prefix } };
}

function applyUnary(cx: Context, e: Ast.ExprOf<"unary">, v: Value): Value {
  if (e.op === "not") {
    if (v.kind === "bool") return { kind: "bool", value: !v.value };
    const t = toTensor(cx, v, e.operand.span);
    if (t.dtype !== "bool")
      return fail("LUM2010", e.operand.span, { found: describe(t), expected: "truth values" });
    cx.builder.at(e.span);
    return unary(cx, "not", t);
  }
  if (v.kind === "int") return { kind: "int", value: negate(v.value) };
  if (v.kind === "float") return { kind: "float", value: -v.value };
  const t = toTensor(cx, v, e.operand.span);
  cx.builder.at(e.span);
  return unary(cx, "neg", t);
}

const comparisonNames: Partial<Record<Ast.BinaryOp, string>> = {
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
  "==": "eq",
  "!=": "ne",
};

function applyBinary(cx: Context, e: Ast.ExprOf<"binary">, a: Value, b: Value): Value {
  if (a.kind === "poison" || b.kind === "poison") throw new Silent();
  const folded = foldBinary(cx, e, a, b);
  if (folded !== undefined) return folded;
  const [x, y] = operands(cx, e, a, b);
  if (e.op === "@")
    return matmul(cx, { value: x, span: e.left.span }, { value: y, span: e.right.span }, e.opSpan);
  return tensorBinary(cx, e, x, y, b);
}

function operands(cx: Context, e: Ast.ExprOf<"binary">, a: Value, b: Value): [TensorValue, TensorValue] {
  const likeOf = (v: Value): DType | undefined => {
    if (v.kind === "tensor") return v.dtype;
    return v.kind === "state" ? cx.versions.get(v.cell)?.dtype : undefined;
  };
  const isIndex = (v: Value) => v.kind === "int" && constantOf(v.value) === undefined;
  return [
    toTensor(cx, a, e.left.span, likeOf(b) ?? (isIndex(b) ? "i32" : undefined)),
    toTensor(cx, b, e.right.span, likeOf(a) ?? (isIndex(a) ? "i32" : undefined)),
  ];
}

function tensorBinary(
  cx: Context,
  e: Ast.ExprOf<"binary">,
  x: TensorValue,
  y: TensorValue,
  right: Value,
): Value {
  const power = e.op === "^" ? smallPower(cx, e, x, right) : undefined;
  if (power !== undefined) return power;
  const m = matched(cx, { value: x, span: e.left.span }, { value: y, span: e.right.span }, e.opSpan, e.op);
  const logical = e.op === "and" || e.op === "or";
  if (logical !== (m.dtype === "bool") && (logical || !(e.op in comparisonNames)))
    return fail("LUM2014", e.opSpan, { op: e.op, left: x.dtype, right: y.dtype });
  const comparison = comparisonNames[e.op];
  if (comparison !== undefined) return tensor(cx.builder.binary(comparison, m.left, m.right), m.vars, "bool");
  const names: Partial<Record<Ast.BinaryOp, string>> = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "%": "mod",
    "^": "pow",
    and: "and",
    or: "or",
  };
  const fn = e.op === "/" ? (isInteger(m.dtype) ? "idiv" : "div") : names[e.op];
  if (fn === undefined) throw new Error(`no operation for ${e.op}`);
  return tensor(cx.builder.binary(fn, m.left, m.right), m.vars, m.dtype);
}

/** x^2 = x * x, x^3 = x * x * x, x^0.5 = sqrt(x), x^-0.5 = rsqrt(x), x^-1 = 1 / x. */
function smallPower(
  cx: Context,
  e: Ast.ExprOf<"binary">,
  x: TensorValue,
  right: Value,
): TensorValue | undefined {
  const exponent =
    right.kind === "float" ? right.value : right.kind === "int" ? constantOf(right.value) : undefined;
  if (exponent === undefined) return undefined;
  const c = computed(cx, x);
  cx.builder.at(e.span);
  const times = (a: TensorValue, b: TensorValue): TensorValue => ({
    ...a,
    node: cx.builder.binary("mul", a.node, b.node),
  });
  if (exponent === 1) return x;
  if (exponent === 2) return times(c, c);
  if (exponent === 3) return times(times(c, c), c);
  if (isInteger(x.dtype) || x.dtype === "bool") return undefined;
  if (exponent === 0.5) return unary(cx, "sqrt", c);
  if (exponent === -0.5) return unary(cx, "rsqrt", c);
  return exponent === -1 ? unary(cx, "recip", c) : undefined;
}

/** Arithmetic among compile-time values; undefined where a tensor takes part or the result must be one. */
function foldBinary(cx: Context, e: Ast.ExprOf<"binary">, a: Value, b: Value): Value | undefined {
  if (a.kind === "int" && b.kind === "int") return foldInts(cx, e, a.value, b.value);
  const number = (v: Value) =>
    v.kind === "float" ? v.value : v.kind === "int" ? constantOf(v.value) : undefined;
  const [x, y] = [number(a), number(b)];
  if (x !== undefined && y !== undefined) return foldFloats(e.op, x, y);
  if (a.kind === "bool" && b.kind === "bool") return foldBools(e.op, a.value, b.value);
  if (a.kind === "string" && b.kind === "string") return foldText(e.op, a.value, b.value);
  if (a.kind === "dtype" && b.kind === "dtype") return foldText(e.op, a.value, b.value);
  return undefined;
}

function foldFloats(op: Ast.BinaryOp, x: number, y: number): Value | undefined {
  const number = (value: number): Value => ({ kind: "float", value });
  const truth = (value: boolean): Value => ({ kind: "bool", value });
  switch (op) {
    case "+":
      return number(x + y);
    case "-":
      return number(x - y);
    case "*":
      return number(x * y);
    case "/":
      return number(x / y);
    case "%":
      return number(x - y * Math.floor(x / y));
    case "^":
      return number(x ** y);
    case "<":
      return truth(x < y);
    case "<=":
      return truth(x <= y);
    case ">":
      return truth(x > y);
    case ">=":
      return truth(x >= y);
    case "==":
      return truth(x === y);
    case "!=":
      return truth(x !== y);
    default:
      return undefined;
  }
}

function foldBools(op: Ast.BinaryOp, x: boolean, y: boolean): Value | undefined {
  if (op === "and") return { kind: "bool", value: x && y };
  if (op === "or") return { kind: "bool", value: x || y };
  if (op === "==") return { kind: "bool", value: x === y };
  return op === "!=" ? { kind: "bool", value: x !== y } : undefined;
}

function foldText(op: Ast.BinaryOp, x: string, y: string): Value | undefined {
  if (op === "==") return { kind: "bool", value: x === y };
  return op === "!=" ? { kind: "bool", value: x !== y } : undefined;
}

function foldInts(cx: Context, e: Ast.ExprOf<"binary">, a: Poly, b: Poly): Value | undefined {
  const size = (value: Poly): Value => ({ kind: "int", value });
  switch (e.op) {
    case "+":
      return size(add(a, b));
    case "-":
      return size(subtract(a, b));
    case "*":
      return size(multiply(a, b));
    case "/":
      return size(divide(cx, e, a, b));
    case "%":
      requirePositive(cx, b, e);
      return size(modulo(a, b));
    case "^":
      return power(e, a, b);
    case "@":
    case "and":
    case "or":
      return undefined;
    default:
      return compareInts(cx, e, a, b);
  }
}

function requirePositive(cx: Context, b: Poly, e: Ast.ExprOf<"binary">): void {
  if (!isPositive(b, boundsOf(cx))) fail("LUM2015", e.right.span, { divisor: sizeText(b) });
}

function divide(cx: Context, e: Ast.ExprOf<"binary">, a: Poly, b: Poly): Poly {
  requirePositive(cx, b, e);
  const [x, y] = [constantOf(a), constantOf(b)];
  const isWritten = e.left.kind === "int";
  if (isWritten && x !== undefined && y !== undefined && x !== 0 && Math.abs(x) < y)
    fail("LUM2016", e.span, { left: String(x), right: String(y) });
  return floorDiv(a, b);
}

function power(e: Ast.ExprOf<"binary">, a: Poly, b: Poly): Value {
  const exponent = constantOf(b);
  if (exponent === undefined || exponent < 0) return fail("LUM2017", e.right.span, {});
  return { kind: "int", value: multiply(...Array.from({ length: exponent }, () => a)) };
}

/** Decided by the bounds where possible; with index variables it is a tensor of truth values. */
function compareInts(cx: Context, e: Ast.ExprOf<"binary">, a: Poly, b: Poly): Value | undefined {
  const difference = subtract(a, b);
  const known = decide(cx, e.op, difference);
  if (varsIn(difference, knownVars(cx)).length > 0) return undefined;
  if (known !== undefined) return { kind: "bool", value: known };
  if (mentions(difference, (x) => x.kind === "loop" && cx.enclosing.includes(x.name)))
    throw new Undecided(difference, e.op, e.span);
  return undefined;
}

export function decide(cx: Context, op: Ast.BinaryOp, difference: Poly): boolean | undefined {
  const bounds = boundsOf(cx);
  const known = constantOf(difference);
  const positive = isPositive(difference, bounds);
  const negative = isPositive(negate(difference), bounds);
  const atLeast = isNonNegative(difference, bounds);
  const atMost = isNonNegative(negate(difference), bounds);
  switch (op) {
    case "==":
      return known === 0 ? true : positive || negative ? false : undefined;
    case "!=":
      return known === 0 ? false : positive || negative ? true : undefined;
    case "<":
      return negative ? true : atLeast ? false : undefined;
    case "<=":
      return atMost ? true : positive ? false : undefined;
    case ">":
      return positive ? true : atMost ? false : undefined;
    case ">=":
      return atLeast ? true : negative ? false : undefined;
    default:
      return undefined;
  }
}

function applyCast(cx: Context, site: Site, e: Ast.ExprOf<"cast">): Value {
  const named = site.scope.get(e.dtype.name)?.value;
  const dtype = named?.kind === "dtype" ? named.value : isDType(e.dtype.name) ? e.dtype.name : undefined;
  if (dtype === undefined) return fail("LUM2018", e.dtype.span, { name: e.dtype.name });
  const v = evaluate(cx, site, e.operand);
  const t =
    v.kind === "float" || v.kind === "int"
      ? toTensor(cx, v, e.operand.span, dtype)
      : toTensor(cx, v, e.operand.span);
  cx.builder.at(e.span);
  return castTo(cx, t, dtype);
}

export function transpose(cx: Context, t: TensorValue, span: Span): TensorValue {
  const own = ownShape(t);
  if (own.length < 2) return fail("LUM2023", span, { shape: shapeText(own) });
  const order = own.map((_, i) => (i === own.length - 1 ? i - 1 : i === own.length - 2 ? i + 1 : i));
  return permute(cx, t, order, span);
}

/** Axis i of the result is axis order[i] of t. */
export function permute(cx: Context, t: TensorValue, order: readonly number[], span: Span): TensorValue {
  const own = ownShape(t);
  const lead = t.vars.length;
  const shape = [...t.node.shape.slice(0, lead), ...order.map((o) => own[o])];
  const map = [...t.vars.map((_, i) => axis(i)), ...own.map((_, i) => axis(lead + order.indexOf(i)))];
  cx.builder.at(span);
  return { ...t, node: cx.builder.view(t.node, shape, map) };
}

/** Index variables of a reduction or the left side, in a scope of their own; their ranges may still be open. */
export function bindVars(
  cx: Context,
  site: Site,
  binders: readonly { readonly name: Ast.Ident; readonly range: Ast.RangeExpr | undefined }[],
): { site: Site; vars: IndexVar[] } {
  const scope = new Scope("indices", site.scope);
  const inner = { ...site, scope };
  const vars = binders.map((b) => {
    const taken =
      site.scope.local(b.name.name) ??
      (scope.names.get(b.name.name) as { span: Span | undefined } | undefined);
    if (taken !== undefined)
      fail(
        "LUM2040",
        b.name.span,
        { name: b.name.name },
        taken.span ? { notes: [{ text: `\`${b.name.name}\` is bound here`, span: taken.span }] } : {},
      );
    const v = newVar(cx, b.name.name, b.name.span);
    knownVars(cx).set(v.id, v);
    if (b.range !== undefined) stateRange(cx, site, v, b.range);
    scope.set(v.name, { kind: "int", value: varAtom(v) }, v.span);
    return v;
  });
  return { site: inner, vars };
}

function stateRange(cx: Context, site: Site, v: IndexVar, range: Ast.RangeExpr): void {
  const low = range.low === undefined ? int(0) : evaluateInt(cx, site, range.low);
  if (range.high === undefined) fail("LUM2043", range.span, { name: v.name });
  const high = evaluateInt(cx, site, range.high);
  const outer = [...varsIn(low, knownVars(cx)), ...varsIn(high, knownVars(cx))];
  if (outer.length > 0) fail("LUM2044", range.span, { name: v.name, other: outer[0].name });
  if (!isNonNegative(subtract(high, low), boundsOf(cx)))
    fail("LUM2036", range.span, { low: sizeText(low), high: sizeText(high) });
  setRange(cx, v, low, subtract(high, low), {
    text: `stated as ${sizeText(low)}..${sizeText(high)}`,
    span: range.span,
  });
}

function reduce(cx: Context, site: Site, e: Ast.ExprOf<"reduce">): Value {
  const { site: inner, vars } = bindVars(cx, site, e.binders);
  inferRanges(cx, inner, vars, [e.body]);
  const body = toTensor(cx, evaluate(cx, inner, e.body), e.body.span);
  cx.builder.at(e.span);
  return reduceVars(cx, e.op, body, vars, e.span);
}

/** Reduces the axes of index variables. */
function reduceVars(
  cx: Context,
  op: Ast.ReduceName,
  body: TensorValue,
  vars: readonly IndexVar[],
  span: Span,
): TensorValue {
  const all = unionVars(body.vars, vars);
  const truth = op === "any" || op === "all";
  if (truth !== (body.dtype === "bool")) fail("LUM2019", span, { op, dtype: body.dtype });
  const from = truth ? castTo(cx, body, "i32") : computed(cx, body);
  const whole = spread(cx, from, all, ownShape(body));
  const axes = all.flatMap((v, i) => (vars.includes(v) ? [i] : []));
  const rest = all.filter((v) => !vars.includes(v));
  const fns: Record<Ast.ReduceName, ReduceFn> = {
    sum: "sum",
    mean: "sum",
    max: "max",
    any: "max",
    min: "min",
    all: "min",
    prod: "prod",
    argmax: "argmax",
    argmin: "argmin",
  };
  if (op.startsWith("arg")) return argReduce(cx, op as "argmax" | "argmin", whole, axes, vars, rest, span);
  const reduced = tensor(cx.builder.reduce(fns[op], whole, axes), rest, truth ? "i32" : body.dtype);
  if (truth) return castTo(cx, reduced, "bool");
  if (op !== "mean") return reduced;
  const count = sizeTensor(cx, countOf(vars.map((v) => v.size ?? int(1))), body.dtype);
  return divideBy(cx, reduced, count);
}

function argReduce(
  cx: Context,
  op: "argmax" | "argmin",
  whole: import("../../ir/hlir.ts").Node,
  axes: readonly number[],
  vars: readonly IndexVar[],
  rest: readonly IndexVar[],
  span: Span,
): TensorValue {
  if (vars.length !== 1) fail("LUM2024", span, { op });
  const found = tensor(cx.builder.reduce(op, whole, axes), rest, "i32");
  if (equal(vars[0].low, int(0))) return found;
  const low = toTensor(cx, { kind: "int", value: vars[0].low }, span, "i32");
  const m = matched(cx, { value: found, span }, { value: low, span }, span, "+");
  return tensor(cx.builder.binary("add", m.left, m.right), m.vars, "i32");
}

export function divideBy(cx: Context, t: TensorValue, count: TensorValue): TensorValue {
  const dtype = isInteger(t.dtype) ? "f32" : t.dtype;
  const from = castTo(cx, t, dtype);
  const by = spread(cx, castTo(cx, count, dtype), from.vars, ownShape(from));
  const node = computed(cx, from).node;
  return { ...from, node: cx.builder.binary("div", node, cx.builder.cast(by, accumulatorOf(dtype))) };
}
