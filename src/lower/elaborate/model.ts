/** `model`: parameters, dims, inputs, states, entries. */
import type * as Ast from "../../ir/ast.ts";
import { isNonNegative } from "../../ir/bounds.ts";
import { type DType, dtypes, isDType, isFloat } from "../../ir/dtype.ts";
import type { Dim, Entry, Input, Output } from "../../ir/hlir.ts";
import { constantOf, dim, int, subtract } from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import { nearest } from "../../nearest.ts";
import { boundsOf, type Context, fail, type Site } from "./context.ts";
import { evaluate, evaluateInt } from "./expressions.ts";
import { guarded } from "./modules.ts";
import { Scope } from "./scope.ts";
import { evaluateDefinition, runStatements } from "./statements.ts";
import { settled, sizeText, tensor, toTensor } from "./tensors.ts";
import { evaluateElement, evaluateShape } from "./types.ts";
import { describe, type Value } from "./values.ts";

export type ModelParts = { readonly dims: Dim[]; readonly entries: Entry[] };

/** What is open while the statements of an entry run. */
type Open = { inputs: Input[]; outputs: Output[] };

/** Elaborates a model with parameter values given as text, e.g. from `--set hidden=64`. */
export function runModel(
  cx: Context,
  model: Ast.ModelItem,
  module: Scope,
  settings: ReadonlyMap<string, string>,
): ModelParts {
  const scope = new Scope("body", module);
  const site: Site = { scope, prefix: [], path: [] };
  bindModelParams(cx, site, model, settings);
  const dims: Dim[] = [];
  const entries = model.body.filter((s): s is Ast.Entry => s.kind === "entry");
  if (entries.length === 0) {
    return { dims, entries: [runEntry(cx, site, "forward", model.body, dims, model.name.span)] };
  }
  const open: Open = { inputs: [], outputs: [] };
  const shared = model.body.filter((s) => s.kind !== "entry");
  runMembers(cx, site, shared, dims, open);
  for (const o of open.outputs) cx.diagnostics.add(outside(o.span));
  const done = entries.map((e) =>
    runEntry(
      cx,
      { ...site, scope: new Scope("body", scope) },
      e.name.name,
      e.body,
      dims,
      e.name.span,
      open.inputs,
    ),
  );
  return { dims, entries: done };
}

import { diagnostic } from "../../diagnostics.ts";

const outside = (span: Span) => diagnostic("LUM2131", span, {});

function runEntry(
  cx: Context,
  site: Site,
  name: string,
  body: readonly Ast.Statement[],
  dims: Dim[],
  span: Span,
  shared: readonly Input[] = [],
): Entry {
  const open: Open = { inputs: [...shared], outputs: [] };
  const before = new Map(cx.versions);
  cx.taps = [];
  runMembers(cx, site, body, dims, open);
  if (open.outputs.length === 0 && !cx.diagnostics.hasErrors)
    cx.diagnostics.add(diagnostic("LUM2130", span, { name }));
  const states = [...cx.versions].flatMap(([cell, value]) =>
    cx.states.has(cell) && value.op.kind !== "state" ? [{ cell, value }] : [],
  );
  const used = cx.taps;
  cx.taps = [];
  for (const [cell] of cx.versions) if (before.has(cell)) cx.versions.set(cell, before.get(cell)!);
  for (const [cell, version] of cx.versions) if (version.op.kind !== "state") resetState(cx, cell);
  return { name, inputs: open.inputs, outputs: open.outputs, states, taps: used, span };
}

/** The next entry starts from the content at its own call. */
function resetState(cx: Context, cell: string): void {
  const s = cx.states.get(cell)!;
  cx.versions.set(cell, cx.builder.state(cell, s.shape, s.dtype));
}

function runMembers(
  cx: Context,
  site: Site,
  statements: readonly Ast.Statement[],
  dims: Dim[],
  open: Open,
): void {
  for (const s of statements) {
    switch (s.kind) {
      case "dim":
        guarded(
          cx,
          () => declareDim(cx, site, s, dims),
          () => site.scope.set(s.name.name, { kind: "poison" }, s.name.span),
        );
        break;
      case "input":
        for (const item of s.items)
          guarded(
            cx,
            () => declareInput(cx, site, item, open),
            () => poison(site, item.name),
          );
        break;
      case "state":
        guarded(
          cx,
          () => declareState(cx, site, s),
          () => s.names.forEach((n) => poison(site, n)),
        );
        break;
      case "output":
        guarded(
          cx,
          () => runOutput(cx, site, s, open),
          () => poison(site, s.target.name),
        );
        break;
      default:
        runStatements(cx, site, [s]);
    }
  }
}

function poison(site: Site, name: Ast.Ident): void {
  if (!site.scope.names.has(name.name)) site.scope.set(name.name, { kind: "poison" }, name.span);
}

function declare(site: Site, name: Ast.Ident, value: Value): void {
  const before = site.scope.local(name.name);
  if (before !== undefined && before.value.kind !== "poison")
    fail(
      "LUM2073",
      name.span,
      { name: name.name },
      before.span ? { notes: [{ text: "bound here before", span: before.span }] } : {},
    );
  site.scope.set(name.name, value, name.span);
}

function bindModelParams(
  cx: Context,
  site: Site,
  model: Ast.ModelItem,
  settings: ReadonlyMap<string, string>,
): void {
  for (const key of settings.keys()) {
    if (model.params.some((p) => p.name.name === key)) continue;
    const known = model.params.map((p) => p.name.name);
    const near = nearest(key, known);
    const help =
      near !== undefined
        ? `did you mean \`${near}\`?`
        : known.length > 0
          ? `its parameters: ${known.join(", ")}`
          : "it has none";
    fail("LUM2132", model.name.span, { model: model.name.name, name: key }, { help });
  }
  for (const p of model.params) {
    const text = settings.get(p.name.name);
    if (text === undefined && p.default === undefined) fail("LUM2133", p.span, { name: p.name.name });
    const usual = p.default === undefined ? undefined : evaluate(cx, site, p.default);
    const value = text === undefined ? usual! : parseSetting(text, usual, p);
    if (value.kind === "dtype" && cx.elementDefault === "f32") cx.elementDefault = value.value;
    site.scope.set(p.name.name, checkParam(value, p), p.name.span);
  }
}

function checkParam(value: Value, p: Ast.Param): Value {
  const wanted = p.type?.shape === undefined ? p.type?.element?.name : undefined;
  if (wanted === "float" && value.kind === "int" && constantOf(value.value) !== undefined)
    return { kind: "float", value: constantOf(value.value)! };
  if (wanted !== undefined && wanted !== value.kind && !(wanted === "size" && value.kind === "int"))
    return fail("LUM2055", p.span, { what: p.name.name, expected: wanted, found: describe(value) });
  return value;
}

/** `--set` gives text; the parameter's default says what it must be. */
function parseSetting(text: string, usual: Value | undefined, p: Ast.Param): Value {
  const number = Number(text);
  const wanted = usual?.kind ?? p.type?.element?.name;
  if (wanted === "dtype" && isDType(text)) return { kind: "dtype", value: text };
  if (wanted === "bool" && (text === "true" || text === "false"))
    return { kind: "bool", value: text === "true" };
  if (wanted === "string") return { kind: "string", value: text };
  if (wanted === "float" && text.trim() !== "" && !Number.isNaN(number))
    return { kind: "float", value: number };
  if (
    (wanted === "int" || wanted === undefined || wanted === "size") &&
    Number.isSafeInteger(number) &&
    text.trim() !== ""
  )
    return { kind: "int", value: int(number) };
  const help = wanted === "dtype" ? `one of ${dtypes.join(", ")}` : undefined;
  return fail(
    "LUM2134",
    p.span,
    { name: p.name.name, text, expected: wanted ?? "int" },
    help === undefined ? {} : { help },
  );
}

function declareDim(cx: Context, site: Site, s: Ast.DimDecl, dims: Dim[]): void {
  const narrowed = cx.bucket.get(s.name.name);
  if (narrowed !== undefined && narrowed.low === narrowed.high)
    return declare(site, s.name, { kind: "int", value: int(narrowed.low) });
  const low = narrowed === undefined ? evaluateInt(cx, site, s.low) : int(narrowed.low);
  const high = narrowed === undefined ? evaluateInt(cx, site, s.high) : int(narrowed.high);
  if (!isNonNegative(low, boundsOf(cx)))
    fail("LUM2135", s.low.span, { name: s.name.name, low: sizeText(low) });
  if (constantOf(subtract(high, low)) !== undefined && constantOf(subtract(high, low))! < 0)
    fail("LUM2036", s.span, { low: sizeText(low), high: sizeText(high) });
  const before = cx.dims.get(s.name.name);
  if (before !== undefined) {
    const same = before.low.key === low.key && before.high.key === high.key;
    if (!same) fail("LUM2136", s.name.span, { name: s.name.name });
  } else {
    cx.dims.set(s.name.name, { low, high });
    dims.push({ name: s.name.name, low, high, span: s.span });
  }
  declare(site, s.name, { kind: "int", value: dim(s.name.name) });
}

function declareInput(cx: Context, site: Site, item: Ast.InputDecl["items"][number], open: Open): void {
  const dtype = evaluateElement(cx, site, item.type);
  const shape = evaluateShape(cx, site, item.type);
  cx.builder.at(item.span);
  declare(site, item.name, tensor(cx.builder.input(item.name.name, shape, dtype), []));
  open.inputs.push({ name: item.name.name, shape, dtype, span: item.span });
}

function declareState(cx: Context, site: Site, s: Ast.StateDecl): void {
  const dtype = evaluateElement(cx, site, s.type);
  const shape = evaluateShape(cx, site, s.type);
  const runTime = shape.find((p) => p.terms.length > 0);
  if (runTime !== undefined) fail("LUM2137", s.type.span, { size: sizeText(runTime) });
  const init = stateInit(cx, site, s, dtype);
  cx.builder.at(s.span);
  for (const name of s.names) {
    declare(site, name, { kind: "state", cell: name.name, at: [] });
    cx.states.set(name.name, { name: name.name, shape, dtype, init, span: s.span });
    cx.versions.set(name.name, cx.builder.state(name.name, shape, dtype));
  }
}

function stateInit(cx: Context, site: Site, s: Ast.StateDecl, dtype: DType): number {
  if (s.init === undefined) return 0;
  const v = evaluate(cx, site, s.init);
  if (v.kind === "float" && isFloat(dtype)) return v.value;
  if (v.kind === "bool") return v.value ? 1 : 0;
  const known = v.kind === "int" ? constantOf(v.value) : undefined;
  return known ?? fail("LUM2138", s.init.span, { found: describe(v) });
}

function runOutput(cx: Context, site: Site, s: Ast.Output, open: Open): void {
  const name = s.target.name;
  if (open.outputs.some((o) => o.name === name.name)) fail("LUM2073", name.span, { name: name.name });
  const value =
    s.value === undefined
      ? evaluate(cx, site, { kind: "name", name: name.name, span: name.span })
      : evaluateDefinition(cx, site, s.target, s.value, s.span);
  const t = settled(cx, toTensor(cx, value, s.value?.span ?? name.span));
  if (s.value !== undefined) declare(site, name, t);
  open.outputs.push({ name: name.name, value: t.node, span: s.span });
}
