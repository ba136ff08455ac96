/**
 * `for`: one body for all iterations. A condition on the variable that its bounds decide needs nothing; one
 * that repeats (`l % 6 == 5`) makes a loop over periods; one that holds for a run of iterations (`l < 3`) makes
 * a loop per run. A body whose carried values change their shape or dtype is written out per iteration.
 */
import type * as Ast from "../../ir/ast.ts";
import type { Range } from "../../ir/bounds.ts";
import type { Node } from "../../ir/hlir.ts";
import {
  add,
  constantOf,
  floorDiv,
  int,
  loopVar,
  multiply,
  type Poly,
  substitute,
  subtract,
} from "../../ir/poly.ts";
import { type Context, fail, type Piece, type Site } from "./context.ts";
import { evaluateInt, Undecided } from "./expressions.ts";
import { interpolate } from "./interpolate.ts";
import { type Binding, Scope } from "./scope.ts";
import { carriedNames, runStatements } from "./statements.ts";
import { settled, sizeText, toTensor } from "./tensors.ts";
import { ownShape, shapeText, type Value } from "./values.ts";

/** Iterations low, low + 1, …, high - 1, in groups of `period`. */
type Segment = { readonly low: Poly; readonly high: Poly; readonly period: number };

/** The body cannot be one for all iterations: this value is not the same type at its end as at its start. */
class CannotRoll extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

const unrollLimit = 256;

export function runFor(cx: Context, site: Site, s: Ast.For): void {
  const low = s.range.low === undefined ? int(0) : evaluateInt(cx, site, s.range.low);
  if (s.range.high === undefined) fail("LUM2043", s.range.span, { name: s.variable.name });
  const high = evaluateInt(cx, site, s.range.high);
  const [first, end] = [constantOf(low), constantOf(high)];
  if (first === undefined || end === undefined)
    fail("LUM2100", s.range.span, { low: sizeText(low), high: sizeText(high) });
  if (end < first) fail("LUM2036", s.range.span, { low: sizeText(low), high: sizeText(high) });
  const taken = site.scope.local(s.variable.name);
  if (taken !== undefined) fail("LUM2040", s.variable.span, { name: s.variable.name });
  runSegment(cx, site, s, { low, high, period: 1 });
}

function runSegment(cx: Context, site: Site, s: Ast.For, segment: Segment): void {
  const [low, high] = [constantOf(segment.low)!, constantOf(segment.high)!];
  if (high <= low) return;
  const periods = Math.floor((high - low) / segment.period);
  const rolledEnd = low + periods * segment.period;
  if (periods === 1) {
    for (let i = low; i < high; i++) runIteration(cx, site, s, int(i));
    return;
  }
  const before = snapshot(cx);
  try {
    rollSegment(cx, site, s, { ...segment, high: int(rolledEnd) });
  } catch (error) {
    restore(cx, before);
    if (error instanceof Undecided) return split(cx, site, s, segment, error);
    if (!(error instanceof CannotRoll)) throw error;
    if (high - low > unrollLimit) fail("LUM2101", s.span, { reason: error.reason, count: high - low });
    for (let i = low; i < high; i++) runIteration(cx, site, s, int(i));
    return;
  }
  for (let i = rolledEnd; i < high; i++) runIteration(cx, site, s, int(i));
}

/**
 * Cuts the iterations so that the condition is the same in each piece, or repeats with a longer period. The
 * condition was met in one iteration of each group of `segment.period`; it is tried for every group.
 */
function split(cx: Context, site: Site, s: Ast.For, segment: Segment, undecided: Undecided): void {
  const [low, high] = [constantOf(segment.low)!, constantOf(segment.high)!];
  const variable = rolling.get(s);
  const groups = Math.floor((high - low) / segment.period);
  const samples = Array.from({ length: groups }, (_, group) => {
    const value = constantOf(
      substitute(undecided.difference, (a) =>
        a.kind === "loop" && a.name === variable ? int(group) : undefined,
      ),
    );
    return value === undefined ? fail("LUM2102", undecided.span, {}) : compare(undecided.op, value);
  });
  const repeat = shortestRepeat(samples);
  if (repeat !== undefined) return runSegment(cx, site, s, { ...segment, period: segment.period * repeat });
  const cut = samples.findIndex((t) => t !== samples[0]);
  if (cut <= 0) fail("LUM2102", undecided.span, {});
  const middle = int(low + cut * segment.period);
  runSegment(cx, site, s, { ...segment, high: middle });
  runSegment(cx, site, s, { ...segment, low: middle });
}

/** The least p > 1, at most half of the length, with samples[i] = samples[i + p] for all i. */
function shortestRepeat(samples: readonly boolean[]): number | undefined {
  for (let p = 2; p * 2 <= samples.length; p++)
    if (samples.every((t, i) => i + p >= samples.length || t === samples[i + p])) return p;
  return undefined;
}

function compare(op: Ast.BinaryOp, difference: number): boolean {
  switch (op) {
    case "==":
      return difference === 0;
    case "!=":
      return difference !== 0;
    case "<":
      return difference < 0;
    case "<=":
      return difference <= 0;
    case ">":
      return difference > 0;
    default:
      return difference >= 0;
  }
}

type Snapshot = {
  weights: Context["weights"];
  versions: Context["versions"];
  taps: Context["taps"];
  names: Set<string>;
  enclosing: readonly string[];
  loops: Map<string, Range>;
};

function snapshot(cx: Context): Snapshot {
  return {
    weights: [...cx.weights],
    versions: new Map(cx.versions),
    taps: [...cx.taps],
    names: new Set(cx.names),
    enclosing: cx.enclosing,
    loops: new Map(cx.loops),
  };
}

function restore(cx: Context, s: Snapshot): void {
  cx.weights = [...s.weights];
  cx.versions = new Map(s.versions);
  cx.taps = [...s.taps];
  cx.names = new Set(s.names);
  cx.enclosing = s.enclosing;
  cx.loops.clear();
  for (const [k, v] of s.loops) cx.loops.set(k, v);
}

/** Names of the surrounding bodies that the statements assign anew. */
function assignedNames(site: Site, statements: readonly Ast.Statement[]): string[] {
  const out = new Set<string>();
  const visit = (list: readonly Ast.Statement[]): void => {
    for (const s of list) {
      if (s.kind === "define")
        for (const t of s.targets) if (site.scope.local(t.name.name) !== undefined) out.add(t.name.name);
      if (s.kind === "if") {
        visit(s.then);
        visit(s.otherwise ?? []);
      }
      if (s.kind === "for") visit(s.body);
    }
  };
  visit(statements);
  return [...out];
}

/** One iteration, written out where it stands. */
function runIteration(cx: Context, site: Site, s: Ast.For, at: Poly): void {
  const carried = assignedNames(site, s.body);
  const scope = bodyScope(site, s, at, carried);
  runStatements(cx, bodySite(cx, site, scope, s), s.body);
  copyOut(site, scope, carried);
}

function bodyScope(site: Site, s: Ast.For, at: Poly, carried: readonly string[]): Scope {
  const scope = new Scope("body", site.scope);
  scope.set(s.variable.name, { kind: "int", value: at }, s.variable.span);
  carriedNames.set(scope, new Set(carried));
  return scope;
}

function bodySite(cx: Context, site: Site, scope: Scope, s: Ast.For): Site {
  const inner: Site = { scope, prefix: site.prefix, path: site.path };
  if (s.prefix === undefined) return inner;
  const own: Piece[] = interpolate(cx, inner, s.prefix);
  return { ...inner, prefix: [...site.prefix, ...own, "."] };
}

function copyOut(site: Site, scope: Scope, carried: readonly string[]): void {
  for (const name of carried) {
    const now = scope.names.get(name);
    const holder = site.scope.holder(name);
    if (now !== undefined && holder !== undefined) holder.set(name, now.value, now.span);
  }
}

/** The variable that stands for the iterations of a `for` while it is being rolled. */
const rolling = new WeakMap<Ast.For, string>();

function rollSegment(cx: Context, site: Site, s: Ast.For, segment: Segment): void {
  const variable = freshLoopName(cx, s);
  const count = floorDiv(subtract(segment.high, segment.low), int(segment.period));
  cx.loops.set(variable, { low: int(0), high: subtract(count, int(1)) });
  const outer = cx.enclosing;
  cx.enclosing = [...outer, variable];
  const before = snapshot(cx);
  const written = writtenStates(cx, () => rollBody(cx, site, s, segment, variable, [...cx.versions.keys()]));
  restore(cx, before);
  const body = rollBody(cx, site, s, segment, variable, written);
  cx.enclosing = outer;
  closeLoop(cx, site, s, variable, count, body, before);
}

function freshLoopName(cx: Context, s: Ast.For): string {
  const base = s.variable.name;
  let name = base;
  for (let i = 2; cx.loops.has(name) || cx.dims.has(name); i++) name = `${base}_${i}`;
  rolling.set(s, name);
  return name;
}

type Body = {
  readonly carried: readonly {
    readonly name: string;
    readonly initial: Node;
    readonly param: Node;
    readonly result: Node;
    readonly binding: Binding;
  }[];
  readonly states: readonly { readonly cell: string; readonly param: Node; readonly result: Node }[];
};

/** The states whose version an elaboration of the body changes. */
function writtenStates(cx: Context, roll: () => Body): string[] {
  void cx;
  return roll().states.flatMap((st) => (st.result === st.param ? [] : [st.cell]));
}

function rollBody(
  cx: Context,
  site: Site,
  s: Ast.For,
  segment: Segment,
  variable: string,
  cells: readonly string[],
): Body {
  cx.builder.at(s.span);
  const names = assignedNames(site, s.body);
  const start = new Scope("body", site.scope);
  const carried = names.map((name, index) => {
    const binding = site.scope.local(name)!;
    if (binding.value.kind !== "tensor") throw new CannotRoll(`\`${name}\` is known at compile time`);
    const initial = settled(cx, toTensor(cx, binding.value, s.span));
    const param = cx.builder.param(variable, index, initial.node);
    start.set(name, { ...initial, node: param }, binding.span);
    return { name, initial: initial.node, param, binding };
  });
  carriedNames.set(start, new Set(names));
  const states = cells.map((cell, i) => {
    const param = cx.builder.param(variable, carried.length + i, cx.versions.get(cell)!);
    cx.versions.set(cell, param);
    return { cell, param };
  });
  const inner: Site = { ...site, scope: start };
  for (let r = 0; r < segment.period; r++) {
    const at = add(segment.low, multiply(int(segment.period), loopVar(variable)), int(r));
    runIteration(cx, inner, s, at);
  }
  return {
    carried: carried.map((c) => ({ ...c, result: carriedResult(cx, s, start, c) })),
    states: states.map((st) => ({ ...st, result: cx.versions.get(st.cell)! })),
  };
}

/** The carried value at the end of the body; its type must be what it was. */
function carriedResult(cx: Context, s: Ast.For, scope: Scope, c: { name: string; param: Node }): Node {
  const value: Value = scope.get(c.name)!.value;
  if (value.kind === "poison") return c.param;
  if (value.kind !== "tensor") throw new CannotRoll(`\`${c.name}\` becomes known at compile time`);
  const t = settled(cx, value);
  const shape = ownShape(t);
  const same = shape.length === c.param.shape.length && shape.every((p, i) => p.key === c.param.shape[i].key);
  if (!same || t.node.dtype !== c.param.dtype)
    throw new CannotRoll(
      `\`${c.name}\` is ${c.param.dtype}${shapeText(c.param.shape)} before an iteration and ${t.node.dtype}${shapeText(shape)} after it`,
    );
  void s;
  return t.node;
}

function closeLoop(
  cx: Context,
  site: Site,
  s: Ast.For,
  variable: string,
  count: Poly,
  body: Body,
  before: Snapshot,
): void {
  cx.builder.at(s.span);
  const params = [...body.carried.map((c) => c.param), ...body.states.map((st) => st.param)];
  const results = [...body.carried.map((c) => c.result), ...body.states.map((st) => st.result)];
  const initial = [
    ...body.carried.map((c) => c.initial),
    ...body.states.map((st) => before.versions.get(st.cell)!),
  ];
  cx.versions = new Map(before.versions);
  if (params.length === 0) return;
  const after = cx.builder.loop({ variable, low: int(0), high: count, params, results }, initial);
  body.carried.forEach((c, i) => {
    const holder = site.scope.holder(c.name)!;
    const old = c.binding.value;
    if (old.kind === "tensor") holder.set(c.name, { ...old, vars: [], node: after[i] }, c.binding.span);
  });
  body.states.forEach((st, i) => cx.versions.set(st.cell, after[body.carried.length + i]));
}
