/** Index notation: reading `x[i, 0..n, ..., j else 0]`, and inferring the ranges of index variables. */
import type * as Ast from "../../ir/ast.ts";
import { alwaysOutside, isNonNegative, lowest, within } from "../../ir/bounds.ts";
import { isInteger } from "../../ir/dtype.ts";
import type { Coordinate, Node, Shape } from "../../ir/hlir.ts";
import { add, axis, constantOf, equal, int, type Poly, subtract } from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import { boundsOf, type Context, fail, type Site, setRange } from "./context.ts";
import { evaluate, evaluateInt } from "./expressions.ts";
import { knownVars, overDomain, sizeText, tensor, toTensor, unionVars, varSizes, varsIn } from "./tensors.ts";
import { type IndexVar, ownShape, type TensorValue, type Value } from "./values.ts";

/** What is read along one axis of the base. */
type Part =
  | { readonly kind: "at"; readonly value: Poly; readonly span: Span }
  | { readonly kind: "gather"; readonly index: TensorValue; readonly span: Span }
  | { readonly kind: "slice"; readonly low: Poly; readonly size: Poly; readonly span: Span };

export function access(cx: Context, site: Site, e: Ast.ExprOf<"index">): Value {
  const base = evaluate(cx, site, e.base);
  if (base.kind === "poison") return base;
  if (base.kind === "list") {
    const element = listElement(cx, site, e, base.values);
    if (element !== undefined) return element;
  }
  if (base.kind === "state") {
    const narrowed = narrowState(cx, site, e, base.cell, base.at);
    if (narrowed !== undefined) return narrowed;
  }
  const t = toTensor(cx, base, e.base.span);
  const parts = readParts(cx, site, e, ownShape(t));
  return readTensor(cx, t, parts, e, fillOf(cx, site, e));
}

/** The value itself where the index is a constant; else the list is read as the tensor that it spells. */
function listElement(
  cx: Context,
  site: Site,
  e: Ast.ExprOf<"index">,
  values: readonly Value[],
): Value | undefined {
  const only = e.indices.length === 1 && e.indices[0].kind === "at" ? e.indices[0] : undefined;
  const at = only && evaluate(cx, site, only.value);
  const known = at?.kind === "int" ? constantOf(at.value) : undefined;
  if (known === undefined || e.otherwise !== undefined) return undefined;
  const found = values[known];
  if (found === undefined)
    fail("LUM2032", e.span, { index: String(known), size: String(values.length), axis: 0, base: "the list" });
  return found;
}

/** `k[l]` with fewer plain indices than axes is still a state, so that it can be written through. */
function narrowState(
  cx: Context,
  site: Site,
  e: Ast.ExprOf<"index">,
  cell: string,
  at: readonly Poly[],
): Value | undefined {
  const shape = cx.versions.get(cell)?.shape;
  if (shape === undefined || e.otherwise !== undefined) return undefined;
  if (at.length + e.indices.length >= shape.length) return undefined;
  const more: Poly[] = [];
  for (const [i, arg] of e.indices.entries()) {
    if (arg.kind !== "at") return undefined;
    const v = evaluate(cx, site, arg.value);
    if (v.kind !== "int") return undefined;
    checkInside(cx, v.value, shape[at.length + i], i, e, arg.span);
    more.push(v.value);
  }
  return { kind: "state", cell, at: [...at, ...more] };
}

function fillOf(cx: Context, site: Site, e: Ast.ExprOf<"index">): number | undefined {
  if (e.otherwise === undefined) return undefined;
  const v = evaluate(cx, site, e.otherwise);
  if (v.kind === "float") return v.value;
  if (v.kind === "bool") return v.value ? 1 : 0;
  const known = v.kind === "int" ? constantOf(v.value) : undefined;
  return known ?? fail("LUM2033", e.otherwise.span, {});
}

/** One part per axis of `own`; `...` and missing trailing indices stand for whole axes. */
function readParts(cx: Context, site: Site, e: Ast.ExprOf<"index">, own: Shape): Part[] {
  const args = expandRest(e, own.length);
  return args.map((arg, i) => {
    const size = own[i];
    if (arg === "whole") return { kind: "slice", low: int(0), size, span: e.span };
    if (arg.kind === "slice")
      return slicePart(cx, site, arg, size, {
        axis: i,
        base: baseText(e.base),
        filled: e.otherwise !== undefined,
      });
    const v = evaluate(cx, site, arg.value);
    if (v.kind === "int") return { kind: "at", value: v.value, span: arg.span };
    const index = toTensor(cx, v, arg.span);
    if (!isInteger(index.dtype)) fail("LUM2034", arg.span, { dtype: index.dtype });
    return { kind: "gather", index, span: arg.span };
  });
}

function expandRest(
  e: Ast.ExprOf<"index">,
  rank: number,
): (Exclude<Ast.IndexArg, { kind: "rest" }> | "whole")[] {
  const stated = e.indices.filter((a) => a.kind !== "rest").length;
  if (stated > rank) fail("LUM2035", e.span, { rank, count: stated, base: baseText(e.base) });
  const missing = Array.from({ length: rank - stated }, () => "whole" as const);
  const at = e.indices.findIndex((a) => a.kind === "rest");
  const out: (Exclude<Ast.IndexArg, { kind: "rest" }> | "whole")[] = [];
  for (const [i, a] of e.indices.entries()) {
    if (a.kind === "rest") out.push(...(i === at ? missing : []));
    else out.push(a);
  }
  if (at < 0) out.push(...missing);
  return out;
}

export const baseText = (e: Ast.Expr): string =>
  e.span.file.text.slice(e.span.start, e.span.end).replace(/\s+/g, " ");

export type SlicePart = Extract<Part, { kind: "slice" }>;

/** A slice of an axis of `size`; `filled`: it may reach beyond the axis. */
export function slicePart(
  cx: Context,
  site: Site,
  arg: { readonly range: Ast.RangeExpr; readonly span: Span },
  size: Poly,
  of: { readonly axis: number; readonly base: string; readonly filled: boolean },
): SlicePart {
  const low = arg.range.low === undefined ? int(0) : evaluateInt(cx, site, arg.range.low);
  const high = arg.range.high === undefined ? size : evaluateInt(cx, site, arg.range.high);
  const bounds = boundsOf(cx);
  const inside = isNonNegative(low, bounds) && isNonNegative(subtract(size, high), bounds);
  if (!inside && !of.filled)
    fail("LUM2031", arg.span, {
      range: `${sizeText(low)}..${sizeText(high)}`,
      axis: of.axis,
      size: sizeText(size),
      base: of.base,
    });
  if (!isNonNegative(subtract(high, low), bounds))
    fail("LUM2036", arg.span, { low: sizeText(low), high: sizeText(high) });
  return { kind: "slice", low, size: subtract(high, low), span: arg.span };
}

function checkInside(
  cx: Context,
  index: Poly,
  size: Poly,
  along: number,
  e: Ast.ExprOf<"index">,
  span: Span,
): void {
  const bounds = boundsOf(cx);
  if (within(index, size, bounds)) return;
  const params = { index: sizeText(index), size: sizeText(size), axis: along, base: baseText(e.base) };
  const empty = [...varsIn(index, knownVars(cx))].some(
    (v) => v.size !== undefined && constantOf(v.size) === 0,
  );
  if (empty) return;
  const notes = [...varsIn(index, knownVars(cx))].flatMap((v) =>
    v.origin === undefined
      ? []
      : [
          {
            text: `\`${v.name}\` runs over ${sizeText(v.low)}..${sizeText(add(v.low, v.size ?? int(0)))}: ${v.origin.text}`,
            span: v.origin.span,
          },
        ],
  );
  if (alwaysOutside(index, size, bounds)) fail("LUM2032", span, params, { notes });
  const low = lowest(index, bounds);
  fail(
    "LUM2030",
    span,
    { ...params, side: low === undefined || low < 0 ? "below 0" : `past ${sizeText(size)} - 1` },
    { notes },
  );
}

function readTensor(
  cx: Context,
  t: TensorValue,
  parts: readonly Part[],
  e: Ast.ExprOf<"index">,
  fill: number | undefined,
): Value {
  const known = knownVars(cx);
  const vars = unionVars(
    t.vars,
    ...parts.map((p) =>
      p.kind === "gather" ? p.index.vars : varsIn(p.kind === "at" ? p.value : p.low, known),
    ),
  );
  const own = ownShape(t);
  const lead = vars.length;
  const rest: Poly[] = [];
  const places: { part: Part; at: number }[] = [];
  for (const part of parts) {
    places.push({ part, at: lead + rest.length });
    if (part.kind === "slice") rest.push(part.size);
    if (part.kind === "gather") rest.push(...ownShape(part.index));
  }
  const shape = [...varSizes(vars), ...rest];
  const operands: Node[] = [];
  const coordinates = places.map(({ part, at }, i): Coordinate => {
    if (part.kind === "slice") return add(overDomain(part.low, vars), axis(at));
    if (part.kind === "at") {
      if (fill === undefined) checkInside(cx, part.value, own[i], i, e, part.span);
      return overDomain(part.value, vars);
    }
    operands.push(indexOperand(cx, part.index, vars, shape, at));
    return { operand: operands.length - 1 };
  });
  cx.builder.at(e.span);
  const map = [...t.vars.map((v) => axis(vars.indexOf(v))), ...coordinates];
  return tensor(cx.builder.gather(t.node, operands, shape, map, fill), vars, t.dtype);
}

/** The index tensor over the whole domain of the access; its own axes lie at `at`. */
function indexOperand(
  cx: Context,
  index: TensorValue,
  vars: readonly IndexVar[],
  shape: Shape,
  at: number,
): Node {
  const own = ownShape(index);
  const map = [...index.vars.map((v) => axis(vars.indexOf(v))), ...own.map((_, i) => axis(at + i))];
  return cx.builder.view(index.node, shape, map);
}

/**
 * Gives every variable of `vars` without a range the size of the axis that it directly indexes in `exprs`; sums
 * like `i + 1` say nothing, and reads with `else` speak only where no other use does.
 */
export function inferRanges(
  cx: Context,
  site: Site,
  vars: readonly IndexVar[],
  exprs: readonly Ast.Expr[],
): void {
  const names = new Set(vars.map((v) => v.name));
  const uses = exprs.flatMap((e) => directUses(e, names));
  const firm = uses.filter((u) => u.access.otherwise === undefined);
  while (inferSome(cx, site, vars, firm) || inferSome(cx, site, vars, uses));
  for (const use of firm) checkSameSize(cx, site, use, vars);
  for (const v of vars) if (v.size === undefined) fail("LUM2041", v.span, { name: v.name });
}

/** Settles variables whose uses are understood by now; true if there was one. */
function inferSome(cx: Context, site: Site, vars: readonly IndexVar[], uses: readonly Use[]): boolean {
  let progress = false;
  for (const v of vars.filter((x) => x.size === undefined)) {
    const found = uses.flatMap((use) => {
      const size = use.name === v.name ? axisSize(cx, site, use, vars) : undefined;
      return size === undefined ? [] : [{ use, size }];
    });
    const best = found.reduce<(typeof found)[number] | undefined>(
      (least, f) => (least === undefined || isPartOf(cx, f.size, least.size) ? f : least),
      undefined,
    );
    if (best === undefined) continue;
    setRange(cx, v, int(0), best.size, { text: useText(best.use, best.size), span: best.use.span });
    progress = true;
  }
  return progress;
}

const useText = (use: Use, size: Poly): string =>
  `axis ${use.position} of \`${baseText(use.access.base)}\` has size ${sizeText(size)}`;

/** A run-time size that never exceeds the other one: `s` positions of a table of `max_len`. */
const isPartOf = (cx: Context, size: Poly, whole: Poly): boolean =>
  size.terms.length > 0 && isNonNegative(subtract(whole, size), boundsOf(cx));

/** The axes that an unstated variable directly indexes have its size, or are longer than a run-time size. */
function checkSameSize(cx: Context, site: Site, use: Use, vars: readonly IndexVar[]): void {
  const v = vars.find((x) => x.name === use.name);
  const size = axisSize(cx, site, use, vars);
  if (v?.size === undefined || size === undefined || v.origin === undefined) return;
  if (v.origin.text.startsWith("stated") || equal(v.size, size) || isPartOf(cx, v.size, size)) return;
  fail(
    "LUM2042",
    use.span,
    { name: v.name, a: sizeText(v.size), b: sizeText(size) },
    {
      notes: [
        { text: v.origin.text, span: v.origin.span },
        { text: useText(use, size), span: use.span },
      ],
    },
  );
}

type Use = {
  readonly name: string;
  readonly access: Ast.ExprOf<"index">;
  readonly position: number;
  readonly span: Span;
};

/** Plain uses `base[…, name, …]`, outermost first; names that an inner reduction binds anew are not ours. */
function directUses(e: Ast.Expr, names: ReadonlySet<string>): Use[] {
  const inside = (x: Ast.Expr) => directUses(x, names);
  switch (e.kind) {
    case "index": {
      const own = e.indices.flatMap((a, i) => plainUse(e, a, i, names));
      const nested = e.indices.flatMap((a) => {
        if (a.kind === "at") return inside(a.value);
        return a.kind === "slice" ? [a.range.low, a.range.high].flatMap((x) => (x ? inside(x) : [])) : [];
      });
      return [...own, ...inside(e.base), ...nested];
    }
    case "unary":
    case "cast":
    case "transpose":
      return inside(e.operand);
    case "binary":
      return [...inside(e.left), ...inside(e.right)];
    case "reduce": {
      const bound = new Set(e.binders.map((b) => b.name.name));
      return directUses(e.body, new Set([...names].filter((n) => !bound.has(n))));
    }
    case "call":
      return [...inside(e.callee), ...e.args.flatMap((a) => inside(a.value))];
    case "prefix":
      return inside(e.callee);
    case "array":
      return e.elements.flatMap(inside);
    case "choose":
      return [...inside(e.then), ...inside(e.otherwise)];
    default:
      return [];
  }
}

function plainUse(e: Ast.ExprOf<"index">, a: Ast.IndexArg, i: number, names: ReadonlySet<string>): Use[] {
  if (a.kind !== "at" || a.value.kind !== "name" || !names.has(a.value.name)) return [];
  const restBefore = e.indices.slice(0, i).some((x) => x.kind === "rest");
  const position = restBefore ? i - e.indices.length : i;
  return [{ name: a.value.name, access: e, position, span: a.span }];
}

/** Size of the axis at a use; undefined while the base cannot be elaborated yet. */
function axisSize(cx: Context, site: Site, use: Use, vars: readonly IndexVar[]): Poly | undefined {
  const open = new Set(vars.filter((v) => v.size === undefined).map((v) => v.name));
  if (mentionsAny(use.access.base, open)) return undefined;
  if (bindersIn(use.access.base, site)) return undefined;
  const base = evaluate(cx, site, use.access.base);
  if (base.kind === "poison") return undefined;
  if (base.kind === "list") return listSize(base.values, use.position);
  const shape =
    base.kind === "state"
      ? cx.versions.get(base.cell)?.shape.slice(base.at.length)
      : ownShape(toTensor(cx, base, use.access.base.span));
  return shape?.at(use.position);
}

/** Length of a literal array along an axis. */
function listSize(values: readonly Value[], along: number): Poly | undefined {
  if (along === 0) return int(values.length);
  const first = values[0];
  return first?.kind === "list" ? listSize(first.values, along - 1) : undefined;
}

/** The base names something that only an inner reduction will bind. */
function bindersIn(base: Ast.Expr, site: Site): boolean {
  return freeNames(base).some((n) => site.scope.get(n) === undefined);
}

function mentionsAny(e: Ast.Expr, names: ReadonlySet<string>): boolean {
  return freeNames(e).some((n) => names.has(n));
}

export function freeNames(e: Ast.Expr): string[] {
  switch (e.kind) {
    case "name":
      return [e.name];
    case "unary":
    case "cast":
    case "transpose":
      return freeNames(e.operand);
    case "binary":
      return [...freeNames(e.left), ...freeNames(e.right)];
    case "reduce": {
      const bound = new Set(e.binders.map((b) => b.name.name));
      return freeNames(e.body).filter((n) => !bound.has(n));
    }
    case "index":
      return [
        ...freeNames(e.base),
        ...e.indices.flatMap((a) => {
          if (a.kind === "at") return freeNames(a.value);
          return a.kind === "slice"
            ? [a.range.low, a.range.high].flatMap((x) => (x ? freeNames(x) : []))
            : [];
        }),
      ];
    case "call":
      return [...freeNames(e.callee), ...e.args.flatMap((a) => freeNames(a.value))];
    case "prefix":
      return freeNames(e.callee);
    case "array":
      return e.elements.flatMap(freeNames);
    case "choose":
      return [e.condition, e.then, e.otherwise].flatMap(freeNames);
    default:
      return [];
  }
}
