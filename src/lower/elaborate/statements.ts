/** Statements: definitions, state updates, compile-time if, taps; `for` is loops.ts. */
import type * as Ast from "../../ir/ast.ts";
import { within } from "../../ir/bounds.ts";
import { isFloat } from "../../ir/dtype.ts";
import type { Coordinate, Node, Shape } from "../../ir/hlir.ts";
import { add, axis, equal, int, type Poly } from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import { nearest } from "../../nearest.ts";
import { boundsOf, type Context, Failure, fail, Silent, type Site, setRange } from "./context.ts";
import { bindVars, evaluate, evaluateBool } from "./expressions.ts";
import { baseText, inferRanges, type SlicePart, slicePart } from "./indexing.ts";
import { interpolate } from "./interpolate.ts";
import { runFor } from "./loops.ts";
import type { Scope } from "./scope.ts";
import {
  castTo,
  knownVars,
  overDomain,
  readState,
  settled,
  sizeText,
  spread,
  tensor,
  toTensor,
  unionVars,
  varSizes,
  varsIn,
} from "./tensors.ts";
import { evaluateElement, evaluateShape } from "./types.ts";
import { describe, type IndexVar, ownShape, shapeText, type TensorValue, type Value } from "./values.ts";

/** The value that a body gives: of `return`, or of its expression; several returned values make a list. */
export function runBody(cx: Context, site: Site, body: Ast.Body): Value | undefined {
  if (body.kind === "expr") return evaluate(cx, site, body.value);
  return runStatements(cx, site, body.statements);
}

/** Runs statements in order; a failed one is recorded and what it would have bound is poisoned. */
export function runStatements(
  cx: Context,
  site: Site,
  statements: readonly Ast.Statement[],
): Value | undefined {
  for (const s of statements) {
    try {
      const returned = runStatement(cx, site, s);
      if (returned !== undefined) return returned;
    } catch (error) {
      if (error instanceof Failure) for (const d of error.diagnostics) cx.diagnostics.add(d);
      else if (!(error instanceof Silent)) throw error;
      if (s.kind === "return") throw new Silent();
      poison(site, s);
    }
  }
  return undefined;
}

function poison(site: Site, s: Ast.Statement): void {
  const names = (() => {
    switch (s.kind) {
      case "define":
        return s.targets.map((t) => t.name);
      case "output":
        return s.value === undefined ? [] : [s.target.name];
      case "input":
      case "weight":
        return s.items.map((i) => i.name);
      case "state":
        return s.names;
      case "dim":
        return [s.name];
      case "scan":
        return s.body.flatMap((x) => (x.kind === "emit" ? [x.target.name] : []));
      case "if":
        return [...s.then, ...(s.otherwise ?? [])].flatMap((x) =>
          x.kind === "define" ? x.targets.map((t) => t.name) : [],
        );
      default:
        return [];
    }
  })();
  for (const n of names)
    if (!site.scope.names.has(n.name)) site.scope.set(n.name, { kind: "poison" }, n.span);
}

function runStatement(cx: Context, site: Site, s: Ast.Statement): Value | undefined {
  switch (s.kind) {
    case "define":
      return void define(cx, site, s);
    case "update":
      return void update(cx, site, s);
    case "return": {
      const values = s.values.map((v) => evaluate(cx, site, v));
      if (values.some((v) => v.kind === "poison")) throw new Silent();
      return values.length === 1 ? values[0] : { kind: "list", values };
    }
    case "if": {
      const taken = evaluateBool(cx, site, s.condition) ? s.then : s.otherwise;
      return taken === undefined ? undefined : runStatements(cx, site, taken);
    }
    case "for":
      return void runFor(cx, site, s);
    case "weight":
      return void declareWeights(cx, site, s);
    case "tap":
      return void s.names.forEach((n) => tap(cx, site, n));
    case "scan":
      return fail("LUM2150", s.span, {});
    default:
      return fail("LUM2070", s.span, { what: s.kind });
  }
}

function define(cx: Context, site: Site, s: Ast.Define): void {
  if (s.targets.length === 1) {
    bind(cx, site, s.targets[0].name, evaluateDefinition(cx, site, s.targets[0], s.value, s.span));
    return;
  }
  const v = evaluate(cx, site, s.value);
  if (v.kind !== "list" || v.values.length !== s.targets.length)
    fail("LUM2071", s.span, { count: s.targets.length, found: describe(v) });
  s.targets.forEach((t, i) => {
    if (t.indices !== undefined) fail("LUM2072", t.span, {});
    bind(cx, site, t.name, finish(cx, site, t.name, v.values[i], s.span));
  });
}

/** Binds a name once per scope; in a loop a name from before the loop is carried instead. */
function bind(cx: Context, site: Site, name: Ast.Ident, value: Value): void {
  const before = site.scope.names.get(name.name);
  const carried = carriedNames.get(site.scope);
  const outer = site.scope.parent?.local(name.name);
  if (carried?.has(name.name) !== true && (before !== undefined || outer !== undefined)) {
    const at = before ?? outer;
    if (at?.value.kind === "poison") return site.scope.set(name.name, value, name.span);
    fail(
      "LUM2073",
      name.span,
      { name: name.name },
      at?.span ? { notes: [{ text: "bound here before", span: at.span }] } : {},
    );
  }
  void cx;
  site.scope.set(name.name, value, name.span);
}

/** Names that a loop body may assign again, by the scope of the body. */
export const carriedNames = new WeakMap<Scope, ReadonlySet<string>>();

/** The value that a definition or an output binds; `span` is the whole statement. */
export function evaluateDefinition(
  cx: Context,
  site: Site,
  target: Ast.Target,
  value: Ast.Expr,
  span: Span,
): Value {
  if (target.indices === undefined) return finish(cx, site, target.name, evaluate(cx, site, value), span);
  const binders = target.indices.map((i) => {
    if (i.value.kind !== "name") return fail("LUM2074", i.span, { text: baseText(i.value) });
    return { name: { name: i.value.name, span: i.value.span }, range: i.range };
  });
  const { site: inner, vars } = bindVars(cx, site, binders);
  inferRanges(cx, inner, vars, [value]);
  const t = toTensor(cx, evaluate(cx, inner, value), value.span);
  cx.builder.at(value.span);
  const all = unionVars(t.vars, vars);
  const node = spread(cx, t, all, ownShape(t));
  return finish(cx, site, target.name, { ...t, node, vars: all.filter((v) => !vars.includes(v)) }, span);
}

/** A definition's value is rounded to its type and bears its name; of a state it is the content at this point. */
function finish(cx: Context, site: Site, name: Ast.Ident, value: Value, span: Span): Value {
  cx.builder.at(name.span);
  if (value.kind === "list")
    return {
      ...value,
      values: value.values.map((v) => (v.kind === "state" ? readState(cx, v.cell, v.at) : v)),
    };
  const read = value.kind === "state" ? readState(cx, value.cell, value.at) : value;
  if (read.kind !== "tensor") return read;
  const t = settled(cx, read);
  nameNode(site, t.node, name.name, span);
  return t;
}

const unnamed = new Set(["input", "weight", "state", "param", "result", "constant", "update"]);

function nameNode(site: Site, node: Node, name: string, span: Span): void {
  if (node.name !== undefined || unnamed.has(node.op.kind)) return;
  node.name = [...site.path, name].join(".");
  node.span = span;
}

/** `k[pos + t, h, d] := value`: names that are new in the indices are index variables. */
function update(cx: Context, site: Site, s: Ast.Update): void {
  const found = site.scope.get(s.target.name.name);
  if (found === undefined) {
    const near = nearest(s.target.name.name, site.scope.all());
    fail(
      "LUM2001",
      s.target.name.span,
      { name: s.target.name.name },
      near ? { help: `did you mean \`${near}\`?` } : {},
    );
  }
  const state = found.value;
  if (state.kind === "poison") throw new Silent();
  if (state.kind !== "state")
    fail(
      "LUM2080",
      s.target.span,
      { name: s.target.name.name, found: describe(state) },
      found.span ? { notes: [{ text: "bound here", span: found.span }] } : {},
    );
  const version = cx.versions.get(state.cell);
  if (version === undefined) throw new Silent();
  const { coordinates, inner, vars } = updateTarget(cx, site, s, version.shape.slice(state.at.length));
  const value = toTensor(cx, evaluate(cx, inner, s.value), s.value.span, version.dtype);
  if (isFloat(value.dtype) !== isFloat(version.dtype))
    fail("LUM2081", s.value.span, { state: state.cell, expected: version.dtype, found: value.dtype });
  writeState(cx, s, state.cell, state.at, version, coordinates, value, vars);
}

function updateTarget(cx: Context, site: Site, s: Ast.Update, shape: Shape) {
  const indices = s.target.indices ?? [];
  if (indices.length > shape.length)
    fail("LUM2035", s.target.span, { rank: shape.length, count: indices.length, base: s.target.name.name });
  const fresh = indices
    .flatMap((i) => (i.slice === undefined ? newNames(i.value, site) : []))
    .filter((n, i, all) => all.findIndex((m) => m.name === n.name) === i);
  const binders = fresh.map((name) => ({
    name,
    range: indices.find((i) => i.value.kind === "name" && i.value.name === name.name)?.range,
  }));
  const { site: inner, vars } = bindVars(cx, site, binders);
  inferFromTarget(cx, inner, vars, indices, shape, s);
  const coordinates = indices.map((i, at): Written => {
    if (i.slice === undefined) return evaluate(cx, inner, i.value);
    const of = { axis: at, base: s.target.name.name, filled: false };
    return slicePart(cx, inner, { range: i.slice, span: i.span }, shape[at], of);
  });
  return { coordinates, inner, vars };
}

/** Where along an axis of a state is written: at one place for each iteration, or along a slice. */
type Written = Value | SlicePart;

function newNames(e: Ast.Expr, site: Site): Ast.Ident[] {
  switch (e.kind) {
    case "name":
      return site.scope.local(e.name) === undefined ? [{ name: e.name, span: e.span }] : [];
    case "unary":
      return newNames(e.operand, site);
    case "binary":
      return [...newNames(e.left, site), ...newNames(e.right, site)];
    case "index":
      return e.indices.flatMap((a) => (a.kind === "at" ? newNames(a.value, site) : []));
    default:
      return [];
  }
}

/** Ranges from the right side first, then from the state's own axes. */
function inferFromTarget(
  cx: Context,
  site: Site,
  vars: readonly IndexVar[],
  indices: readonly Ast.IndexTarget[],
  shape: Shape,
  s: Ast.Update,
): void {
  const used = new Set(directNames(s.value));
  const fromValue = vars.filter((v) => used.has(v.name) || v.size !== undefined);
  const fromState = vars.filter((v) => !fromValue.includes(v));
  for (const v of fromState) {
    const at = indices.findIndex((i) => i.value.kind === "name" && i.value.name === v.name);
    if (at < 0) continue;
    setRange(cx, v, int0, shape[at], {
      text: `axis ${at} of \`${s.target.name.name}\` has size ${sizeText(shape[at])}`,
      span: indices[at].span,
    });
  }
  inferRanges(cx, site, vars, [s.value, ...indices.map((i) => i.value)]);
}

const int0 = int(0);

/** Names that stand alone in some index position. */
function directNames(e: Ast.Expr): string[] {
  const out: string[] = [];
  const visit = (x: unknown): void => {
    if (Array.isArray(x)) return x.forEach(visit);
    if (x === null || typeof x !== "object") return;
    const node = x as { kind?: string; indices?: readonly Ast.IndexArg[] };
    if (node.kind === "index")
      for (const a of node.indices ?? [])
        if (a.kind === "at" && a.value.kind === "name") out.push(a.value.name);
    for (const [k, v] of Object.entries(x)) if (k !== "span" && k !== "opSpan") visit(v);
  };
  visit(e);
  return out;
}

function writeState(
  cx: Context,
  s: Ast.Update,
  cell: string,
  at: readonly Poly[],
  version: Node,
  coordinates: readonly Written[],
  value: TensorValue,
  targetVars: readonly IndexVar[],
): void {
  const known = knownVars(cx);
  const operands: TensorValue[] = [];
  const parts = coordinates.map((v, i): Coordinate | SlicePart => {
    if (v.kind === "slice") return v;
    if (v.kind === "int") return v.value;
    const t = toTensor(cx, v, s.target.indices![i].span);
    if (isFloat(t.dtype) || t.dtype === "bool")
      return fail("LUM2034", s.target.indices![i].span, { dtype: t.dtype });
    operands.push(t);
    return { operand: operands.length - 1 };
  });
  const slices = parts.filter(isSlice);
  const places = parts.filter((p): p is Coordinate => !isSlice(p));
  const polys = [...at, ...places.filter(isPoly), ...slices.map((p) => p.low)];
  const vars = unionVars(
    value.vars,
    targetVars,
    ...polys.map((p) => varsIn(p, known)),
    ...operands.map((t) => t.vars),
  );
  const restStart = at.length + parts.length;
  const rest = [...slices.map((p) => p.size), ...version.shape.slice(restStart)];
  const own = ownShape(value);
  if (
    own.length > rest.length ||
    own.some((p, i) => !equal(p, rest[i + rest.length - own.length]) && p.key !== "1")
  )
    fail("LUM2082", s.value.span, { state: cell, expected: shapeText(rest), found: shapeText(own) });
  cx.builder.at(s.span);
  const cast = settled(cx, castTo(cx, value, version.dtype));
  const domain = spread(cx, cast, vars, rest);
  const map: Coordinate[] = [
    ...at.map((p) => overDomain(p, vars)),
    ...parts.map((p, i): Coordinate => {
      if (isSlice(p)) return add(overDomain(p.low, vars), axis(vars.length + slices.indexOf(p)));
      if (!isPoly(p)) return p;
      checkWrite(cx, s, p, version.shape[at.length + i], i);
      return overDomain(p, vars);
    }),
    ...rest.slice(slices.length).map((_, i) => axis(vars.length + slices.length + i)),
  ];
  const shape = [...varSizes(vars), ...rest];
  const indices = operands
    .map((t) => spread(cx, { ...t, node: t.node }, vars, []))
    .map((n) =>
      cx.builder.view(
        n,
        shape,
        vars.map((_, i) => axis(i)),
      ),
    );
  checkDistinct(s, vars, places, at, cell);
  cx.versions.set(cell, cx.builder.update(version, domain, indices, map));
}

const isSlice = (p: Coordinate | SlicePart): p is SlicePart => "low" in p;
const isPoly = (p: Coordinate | SlicePart): p is Poly => "key" in p;

function checkWrite(cx: Context, s: Ast.Update, p: Poly, size: Poly, i: number): void {
  if (within(p, size, boundsOf(cx))) return;
  fail("LUM2083", s.target.indices![i].span, {
    index: sizeText(p),
    size: sizeText(size),
    axis: i,
    state: s.target.name.name,
  });
}

/** Every variable must move the place that is written, or elements would be written several times. */
function checkDistinct(
  s: Ast.Update,
  vars: readonly IndexVar[],
  parts: readonly Coordinate[],
  at: readonly Poly[],
  cell: string,
): void {
  if (parts.some((p) => !("key" in p))) return;
  const text = [...at, ...(parts as Poly[])].map((p) => p.key).join(" ");
  const missing = vars.find((v) => !text.includes(v.id));
  if (missing !== undefined) fail("LUM2084", s.target.span, { state: cell, name: missing.name });
}

function declareWeights(cx: Context, site: Site, s: Ast.WeightDecl): void {
  for (const item of s.items) {
    const dtype = evaluateElement(cx, site, item.type);
    const shape = evaluateShape(cx, site, item.type);
    if (shape.some((p) => p.terms.length > 0))
      fail("LUM2090", item.type.span, { name: item.name.name, shape: shapeText(shape) });
    const source = item.from === undefined ? [item.name.name] : interpolate(cx, site, item.from);
    const name = uniqueName(cx, [...site.path, item.name.name].join("."));
    cx.builder.at(item.span);
    const node = cx.builder.weight(name, shape, dtype, cx.enclosing);
    cx.weights.push({
      name,
      shape,
      dtype,
      source: joinPieces([...site.prefix, ...source]),
      loops: [...cx.enclosing],
      span: item.span,
    });
    bind(cx, site, item.name, tensor(node, []));
  }
}

function joinPieces(pieces: readonly (string | Poly)[]): (string | Poly)[] {
  const out: (string | Poly)[] = [];
  for (const p of pieces) {
    const last = out.at(-1);
    if (typeof p === "string" && typeof last === "string") out[out.length - 1] = last + p;
    else out.push(p);
  }
  return out;
}

export function uniqueName(cx: Context, name: string): string {
  let candidate = name;
  for (let i = 2; cx.names.has(candidate); i++) candidate = `${name}_${i}`;
  cx.names.add(candidate);
  return candidate;
}

function tap(cx: Context, site: Site, name: Ast.Ident): void {
  const v = evaluate(cx, site, { kind: "name", name: name.name, span: name.span });
  const t = toTensor(cx, v, name.span);
  if (cx.enclosing.length > 0 || t.vars.length > 0) fail("LUM2091", name.span, { name: name.name });
  cx.taps.push({
    name: uniqueName(cx, `tap.${[...site.path, name.name].join(".")}`).slice(4),
    value: settled(cx, t).node,
    span: name.span,
  });
}
