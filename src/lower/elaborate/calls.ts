/** Calls of fn, layer, kernel and builtin: parameters are bound, bodies are inlined. */
import type * as Ast from "../../ir/ast.ts";
import { type DType, isDType } from "../../ir/dtype.ts";
import type { Shape } from "../../ir/hlir.ts";
import { constantOf, equal, type Poly } from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import { nearest } from "../../nearest.ts";
import { type Argument, builtins } from "./builtins.ts";
import { type Context, fail, type Piece, Silent, type Site } from "./context.ts";
import { evaluate, evaluateInt } from "./expressions.ts";
import { interpolate } from "./interpolate.ts";
import { Scope } from "./scope.ts";
import { runBody } from "./statements.ts";
import { castTo, sizeText, toTensor } from "./tensors.ts";
import {
  describe,
  type FnValue,
  type KernelValue,
  type LayerValue,
  ownShape,
  shapeText,
  type TensorValue,
  type Value,
} from "./values.ts";

export function callValue(cx: Context, site: Site, e: Ast.ExprOf<"call">): Value {
  const callee = evaluateCallee(cx, site, e.callee);
  const args = e.args.map(
    (a): Argument => ({ name: a.name, value: evaluate(cx, site, a.value), span: a.value.span }),
  );
  if (args.some((a) => a.value.kind === "poison")) throw new Silent();
  switch (callee.kind) {
    case "fn":
      return callFn(cx, callee, args, e, site);
    case "layer":
      return callLayer(cx, site, callee, args, e);
    case "kernel":
      return callKernel(cx, callee, args, e);
    case "builtin": {
      const f = builtins.get(callee.name);
      if (f === undefined) throw new Error(`builtin ${callee.name} has no definition`);
      cx.builder.at(e.span);
      return f(cx, args, e.span);
    }
    case "poison":
      throw new Silent();
    case "dtype":
      return convert(cx, callee.value, args, e.span);
    default:
      return fail("LUM2050", e.callee.span, { found: describe(callee) });
  }
}

function evaluateCallee(cx: Context, site: Site, callee: Ast.Expr): Value {
  if (callee.kind !== "name" || site.scope.get(callee.name) !== undefined || isDType(callee.name))
    return evaluate(cx, site, callee);
  const near = nearest(callee.name, site.scope.all());
  return fail(
    "LUM2002",
    callee.span,
    { name: callee.name },
    near === undefined ? {} : { help: `did you mean \`${near}\`?` },
  );
}

/** `f32(x)` is `x as f32`. */
function convert(cx: Context, dtype: DType, args: readonly Argument[], span: Span): Value {
  if (args.length !== 1) fail("LUM2051", span, { name: dtype, expected: "1", found: args.length });
  return castTo(cx, toTensor(cx, args[0].value, args[0].span, dtype), dtype);
}

/** Pairs arguments with parameters, evaluates defaults, checks and binds types. */
function bindParams(
  cx: Context,
  scope: Scope,
  site: Site,
  name: string,
  params: readonly Ast.Param[],
  args: readonly Argument[],
  at: Span,
): void {
  const given = new Map<Ast.Param, Argument>();
  const positional = args.filter((a) => a.name === undefined);
  for (const a of args) {
    if (a.name === undefined) continue;
    const p = params.find((x) => x.name.name === a.name?.name);
    if (p === undefined) {
      const near = nearest(
        a.name.name,
        params.map((x) => x.name.name),
      );
      fail(
        "LUM2052",
        a.name.span,
        { name, argument: a.name.name },
        near === undefined ? {} : { help: `did you mean \`${near}\`?` },
      );
    }
    if (given.has(p)) fail("LUM2053", a.name.span, { name, argument: a.name.name });
    given.set(p, a);
  }
  const free = params.filter((p) => !given.has(p));
  if (positional.length > free.length)
    fail("LUM2051", positional[free.length].span, { name, expected: countText(params), found: args.length });
  positional.forEach((a, i) => given.set(free[i], a));
  const types = new TypeBinder(cx, { ...site, scope });
  for (const p of params) {
    const a = given.get(p);
    if (a === undefined && p.default === undefined)
      fail(
        "LUM2054",
        at,
        { name, argument: p.name.name },
        { notes: [{ text: "the parameter", span: p.span }] },
      );
    const value = a?.value ?? evaluate(cx, { ...site, scope }, p.default!);
    if (value.kind === "poison") throw new Silent();
    const span = a?.span ?? p.span;
    scope.set(
      p.name.name,
      p.type === undefined ? value : types.check(value, p.type, span, p.name.name),
      p.name.span,
    );
  }
}

function countText(params: readonly Ast.Param[]): string {
  const least = params.filter((p) => p.default === undefined).length;
  return least === params.length ? String(least) : `${least} to ${params.length}`;
}

const kinds = new Map<string, Value["kind"]>([
  ["int", "int"],
  ["size", "int"],
  ["float", "float"],
  ["bool", "bool"],
  ["string", "string"],
  ["dtype", "dtype"],
]);

/** Checks values against written types; a name in a type that is not bound yet is bound to what is there. */
export class TypeBinder {
  readonly cx: Context;
  readonly site: Site;
  private rest: { shape: Shape; span: Span } | undefined;

  constructor(cx: Context, site: Site) {
    this.cx = cx;
    this.site = site;
  }

  check(value: Value, type: Ast.TypeExpr, at: Span, what: string): Value {
    const kind =
      type.shape === undefined && type.element !== undefined ? kinds.get(type.element.name) : undefined;
    if (kind !== undefined) return this.checkKind(value, kind, type, at, what);
    if (value.kind === "state") {
      const shape = this.cx.versions.get(value.cell)?.shape.slice(value.at.length) ?? [];
      this.shape(shape, type, at, what);
      return value;
    }
    const wanted = this.element(type);
    const t = toTensor(this.cx, value, at, wanted);
    if (type.element !== undefined) this.bindElement(t, type.element, at, what);
    if (type.shape !== undefined) this.shape(ownShape(t), type, at, what);
    else if (ownShape(t).length > 0 && type.element !== undefined && isDType(type.element.name))
      fail(
        "LUM2056",
        at,
        { what, expected: "[]", found: shapeText(ownShape(t)) },
        { notes: [{ text: "stated here", span: type.span }] },
      );
    return t;
  }

  private checkKind(value: Value, kind: Value["kind"], type: Ast.TypeExpr, at: Span, what: string): Value {
    if (value.kind === kind) return value;
    const known = value.kind === "int" ? constantOf(value.value) : undefined;
    if (kind === "float" && known !== undefined) return { kind: "float", value: known };
    return fail("LUM2055", at, { what, expected: type.element?.name ?? kind, found: describe(value) });
  }

  private element(type: Ast.TypeExpr): DType | undefined {
    if (type.element === undefined) return undefined;
    const bound = this.site.scope.get(type.element.name)?.value;
    if (bound?.kind === "dtype") return bound.value;
    return isDType(type.element.name) ? type.element.name : undefined;
  }

  private bindElement(t: TensorValue, element: Ast.Ident, at: Span, what: string): void {
    const wanted = this.element({ element, shape: undefined, span: element.span });
    if (wanted === undefined)
      this.site.scope.set(element.name, { kind: "dtype", value: t.dtype }, element.span);
    else if (wanted !== t.dtype)
      fail(
        "LUM2057",
        at,
        { what, expected: wanted, found: t.dtype },
        { notes: [{ text: "stated here", span: element.span }] },
      );
  }

  /** Binds or checks every size; `...` takes what is left and must be the same wherever it is written. */
  shape(found: Shape, type: Ast.TypeExpr, at: Span, what: string): void {
    const dims = type.shape ?? [];
    const mismatch = () =>
      fail(
        "LUM2056",
        at,
        { what, expected: typeShapeText(type), found: shapeText(found) },
        { notes: [{ text: "stated here", span: type.span }] },
      );
    const restAt = dims.findIndex((d) => d.kind === "rest");
    const stated = dims.length - (restAt < 0 ? 0 : 1);
    if (restAt < 0 ? found.length !== dims.length : found.length < stated) mismatch();
    const skipped = found.length - stated;
    dims.forEach((d, i) => {
      if (d.kind === "rest") return this.bindRest(found.slice(i, i + skipped), d.span, at, what);
      const size = found[restAt >= 0 && i > restAt ? i - 1 + skipped : i];
      this.size(size, d.value, at, what, found, type);
    });
  }

  private bindRest(shape: Shape, span: Span, at: Span, what: string): void {
    const before = this.rest;
    if (before === undefined) this.rest = { shape, span };
    else if (before.shape.length !== shape.length || before.shape.some((p, i) => !equal(p, shape[i])))
      fail(
        "LUM2056",
        at,
        { what, expected: `... = ${shapeText(before.shape)}`, found: `... = ${shapeText(shape)}` },
        { notes: [{ text: "`...` stands for these axes since here", span: before.span }] },
      );
  }

  private size(found: Poly, e: Ast.Expr, at: Span, what: string, shape: Shape, type: Ast.TypeExpr): void {
    if (e.kind === "name" && this.site.scope.get(e.name) === undefined) {
      this.site.scope.set(e.name, { kind: "int", value: found }, e.span);
      return;
    }
    const wanted = evaluateInt(this.cx, this.site, e);
    if (equal(wanted, found)) return;
    const name = e.kind === "name" ? this.site.scope.get(e.name) : undefined;
    fail(
      "LUM2058",
      at,
      {
        what,
        expected: sizeText(wanted),
        found: sizeText(found),
        stated: typeShapeText(type),
        shape: shapeText(shape),
      },
      {
        notes: [
          {
            text: `stated here as ${e.kind === "name" ? `\`${e.name}\` = ` : ""}${sizeText(wanted)}`,
            span: e.span,
          },
          ...(name?.span === undefined || name.span === e.span
            ? []
            : [{ text: `\`${(e as Ast.ExprOf<"name">).name}\` was bound here`, span: name.span }]),
        ],
      },
    );
  }
}

const typeShapeText = (t: Ast.TypeExpr): string =>
  t.span.file.text.slice(t.span.start, t.span.end).replace(/\s+/g, " ");

function guardRecursion(cx: Context, name: string, at: Span): void {
  if (cx.calls.includes(name))
    fail("LUM2059", at, { chain: [...cx.calls.slice(cx.calls.indexOf(name)), name].join(" → ") });
}

function callFn(
  cx: Context,
  fn: FnValue,
  args: readonly Argument[],
  e: Ast.ExprOf<"call">,
  caller: Site,
): Value {
  const name = fn.item.name.name;
  guardRecursion(cx, name, e.span);
  const scope = new Scope("body", fn.scope);
  const site: Site = { scope, prefix: caller.prefix, path: [...caller.path, name] };
  const types = new TypeBinder(cx, site);
  cx.calls.push(name);
  try {
    bindParams(cx, scope, site, name, fn.item.params, args, e.span);
    return runInlined(cx, site, fn.item.body, fn.item.result, types, e);
  } finally {
    cx.calls.pop();
  }
}

function runInlined(
  cx: Context,
  site: Site,
  body: Ast.Body,
  result: Ast.TypeExpr | undefined,
  types: TypeBinder,
  e: Ast.ExprOf<"call">,
): Value {
  const value = runBody(cx, site, body);
  if (value === undefined)
    return fail("LUM2060", e.span, {}, { notes: [{ text: "the body", span: body.span }] });
  if (result === undefined || value.kind === "list") return value;
  return types.check(value, result, e.span, "the result");
}

function callLayer(
  cx: Context,
  site: Site,
  layer: LayerValue,
  args: readonly Argument[],
  e: Ast.ExprOf<"call">,
): Value {
  const item = layer.item;
  if (layer.statics === undefined && item.statics.length > 0) {
    const scope = new Scope("body", layer.scope);
    bindParams(cx, scope, { ...site, scope }, item.name.name, item.statics, args, e.span);
    return { ...layer, statics: new Map([...scope.names].map(([k, b]) => [k, b.value])) };
  }
  guardRecursion(cx, item.name.name, e.span);
  const scope = new Scope("body", layer.scope);
  for (const [k, v] of layer.statics ?? [])
    scope.set(k, v, item.statics.find((p) => p.name.name === k)?.name.span);
  const text = layer.prefix?.text;
  const own: Piece[] = text === undefined ? [] : interpolate(cx, site, text);
  const prefix = own.length === 0 ? site.prefix : [...site.prefix, ...own, "."];
  const inner: Site = { scope, prefix, path: [...site.path, pathName(own, item.name.name)] };
  cx.calls.push(item.name.name);
  try {
    const types = new TypeBinder(cx, inner);
    bindParams(cx, scope, inner, item.name.name, item.params, args, e.span);
    return runInlined(cx, inner, item.body, item.result, types, e);
  } finally {
    cx.calls.pop();
  }
}

/** `self_attn` for prefix "self_attn", else the layer's name in snake case. */
function pathName(prefix: readonly Piece[], layer: string): string {
  const text = prefix
    .filter((p) => typeof p === "string")
    .join("")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
  return text !== "" && !/^\d/.test(text) ? text : layer.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

function callKernel(
  cx: Context,
  kernel: KernelValue,
  args: readonly Argument[],
  e: Ast.ExprOf<"call">,
): Value {
  const item = kernel.item;
  guardRecursion(cx, item.name.name, e.span);
  const scope = new Scope("body", kernel.scope);
  const site: Site = { scope, prefix: [], path: [item.name.name] };
  cx.calls.push(item.name.name);
  try {
    bindParams(cx, scope, site, item.name.name, item.params, args, e.span);
    const types = new TypeBinder(cx, site);
    const tensors = item.params.flatMap((p) => {
      const v = scope.get(p.name.name)!.value;
      return v.kind === "tensor" ? [{ name: p.name.name, value: v, span: p.span }] : [];
    });
    const dependent = tensors.find((t) => t.value.vars.length > 0);
    if (dependent !== undefined) fail("LUM2061", e.span, { name: item.name.name });
    const reference = toTensor(
      cx,
      types.check(evaluate(cx, site, item.reference), item.result, item.reference.span, "the reference"),
      item.reference.span,
    );
    const sizes = [...scope.names].flatMap(([name, b]) =>
      b.value.kind === "int" ? [{ name, value: b.value.value }] : [],
    );
    const sources = new Map(
      item.sources.map((s) => [
        s.target.name,
        {
          code: s.code.value,
          grid: s.grid.map((x) => evaluateInt(cx, site, x)),
          block: s.block.map((x) => evaluateInt(cx, site, x)),
        },
      ]),
    );
    cx.builder.at(e.span);
    const node = cx.builder.custom(
      { name: item.name.name, sources, parameters: tensors.map((t) => t.name), sizes },
      tensors.map((t) => cx.builder.cast(t.value.node, t.value.dtype)),
      cx.builder.cast(reference.node, reference.dtype),
    );
    return { kind: "tensor", node, vars: [], dtype: reference.dtype };
  } finally {
    cx.calls.pop();
  }
}
