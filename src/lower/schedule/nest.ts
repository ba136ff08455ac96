/** Kernels that are loop nests: elementwise work, row reductions, running sums, top-k, users' own. */
import { upperBound } from "../../ir/bounds.ts";
import { isPoly, type Node, type OpOf, type Shape } from "../../ir/hlir.ts";
import type { Looping, Stmt } from "../../ir/kernel.ts";
import { type Choice, domainOf } from "../../ir/plan.ts";
import {
  add,
  axis,
  constantOf,
  equal,
  int,
  multiply,
  one,
  type Poly,
  subtract,
  zero,
} from "../../ir/poly.ts";
import { argFolds, folds, isArg } from "../../ops/reductions.ts";
import { cpu } from "../../targets/cpu.ts";
import { operandCoordinates } from "../plan-contraction.ts";
import type { KernelDraft } from "./build.ts";
import { cutsOf } from "./cuts.ts";
import { offsetAt } from "./evaluate.ts";
import type { Frame } from "./frames.ts";
import { axisNames, reducedNames } from "./index-names.ts";
import { type Kept, keepInRow, keptCoordinates, keptInRow } from "./kept.ts";
import { mergeAxes, rowGroups } from "./merge.ts";
import type { Value } from "./values.ts";

/** Axes that loops run over: variable and size; the coordinates of the domain in terms of them. */
export type Axes = {
  readonly loops: readonly { readonly variable: number; readonly size: Poly }[];
  readonly coords: readonly Poly[];
};

/** One loop per axis of size over 1; axes that every access walks through as one are one loop. */
export function openAxes(k: KernelDraft, choice: Choice, groups: readonly (readonly number[])[]): Axes {
  const domain = domainOf(choice.root);
  const names = axisNames(choice.root, domain.length);
  const coords: Poly[] = domain.map(() => zero);
  const loops: { variable: number; size: Poly }[] = [];
  for (const group of groups) {
    const size = multiply(one, ...group.map((i) => domain[i]));
    if (constantOf(size) === 1) continue;
    const last = group.at(-1)!;
    coords[last] = k.ev.variable(groups.length === 1 ? "i" : names[last], size, `axis ${last}`);
    loops.push({ variable: k.ev.variables.length - 1, size });
  }
  return { loops, coords };
}

const apart = (root: Node): number[][] => domainOf(root).map((_, i) => [i]);

const hint = (k: KernelDraft, size: Poly): number => upperBound(size, k.bounds) ?? 1024;

/** Which loop is shared out to threads: the first that is long enough, else the longest. */
export function parallelLoop(k: KernelDraft, loops: Axes["loops"]): number {
  const enough = loops.findIndex((l) => hint(k, l.size) >= cpu.enoughForThreads);
  if (enough >= 0) return enough;
  const longest = Math.max(...loops.map((l) => hint(k, l.size)));
  return loops.findIndex((l) => hint(k, l.size) === longest);
}

/** Nested loops around `body`; the innermost in vector lanes if asked. */
export function nestLoops(
  k: KernelDraft,
  frame: Frame,
  loops: Axes["loops"],
  options: { simd: boolean; threads: boolean; work: Poly },
  body: (inner: Frame) => void,
): void {
  const shared = options.threads && loops.length > 0 ? parallelLoop(k, loops) : -1;
  const visit = (depth: number, at: Frame): void => {
    if (depth === loops.length) return body(at);
    const how = (stmts: readonly Stmt[]): Looping => {
      const lanes = options.simd && depth === loops.length - 1 && stmts.every(fitsLanes);
      return depth === shared ? (lanes ? "parallel simd" : "parallel") : lanes ? "simd" : "serial";
    };
    const work = multiply(options.work, ...loops.slice(depth + 1).map((l) => l.size));
    k.place.loop(at, loops[depth], work, how, (inner) => visit(depth + 1, inner));
  };
  visit(0, frame);
}

/** Where the root's element at `coords` is stored; indices from data that are outside skip the store. */
export function storeRoot(
  k: KernelDraft,
  choice: Choice,
  frame: Frame,
  coords: readonly Poly[],
  reads: () => Stored,
): void {
  const { root } = choice;
  const { value, at } =
    root.op.kind === "update"
      ? updated(k, root, root.op, coords)
      : { value: reads().value, at: offsetAt(root.shape, coords) };
  const to = k.ev.param(k.target, true);
  const expr = k.place.exprOf(value, frame);
  k.place.needVariables(at, frame);
  const store: Stmt = { kind: "store", to, at, value: expr };
  const inside = root.op.kind === "update" ? indicesInside(k, root, root.op, coords) : undefined;
  frame.out.push(
    inside === undefined ? store : { kind: "if", condition: k.place.exprOf(inside, frame), body: [store] },
  );
}

/** Indices from data are noted where they are outside; the element that they would write is left out. */
function indicesInside(
  k: KernelDraft,
  root: Node,
  op: OpOf<"update">,
  coords: readonly Poly[],
): Value | undefined {
  let all: Value | undefined;
  for (const [i, c] of op.map.entries()) {
    if (isPoly(c)) continue;
    const inside = k.ev.valueInside(k.ev.at(root.inputs[2 + c.operand], coords), root.shape[i]);
    all = all === undefined ? inside : k.ev.values.binary("and", all, inside, "bool");
  }
  return all;
}

type Stored = { readonly value: ReturnType<KernelDraft["ev"]["at"]> };

function updated(k: KernelDraft, root: Node, op: OpOf<"update">, coords: readonly Poly[]) {
  const [, written, ...indices] = root.inputs;
  const what = k.lineOf(root);
  const target = k.ev.dataCoordinates(op.map, indices, root.shape, coords, {
    guard: undefined,
    what,
    wanted: "row",
  });
  return { value: k.ev.at(written, coords), at: offsetAt(root.shape, target) };
}

export function elementwise(k: KernelDraft, choice: Choice): void {
  const cuts = cutsOf(k, choice);
  const { loops, coords } = openAxes(k, choice, mergeAxes(k, choice));
  const along = cuts === undefined ? -1 : loops.findIndex((l) => coords[cuts.axis].key === `a${l.variable}`);
  const work = int(k.work);
  const store = (inner: Frame, at: readonly Poly[]) =>
    storeRoot(k, choice, inner, at, () => ({ value: k.ev.at(choice.root, at) }));
  if (cuts === undefined || along < 0) {
    nestLoops(k, k.frame, loops, { simd: true, threads: true, work }, (inner) => store(inner, coords));
    return;
  }
  const outside = loops.slice(0, along);
  const total = multiply(work, ...loops.slice(along).map((l) => l.size));
  nestLoops(k, k.frame, outside, { simd: false, threads: true, work: total }, (row) => {
    for (let piece = 0; piece + 1 < cuts.at.length; piece++) {
      const [low, high] = [cuts.at[piece], cuts.at[piece + 1]];
      const again = loops.slice(along).map((l, i) => reopened(k, l, i === 0 ? subtract(high, low) : l.size));
      const moved = coords.map((c, axisNumber) => {
        const at = loops.slice(along).findIndex((l) => c.key === `a${l.variable}`);
        if (at < 0) return c;
        const p = axis(again[at].variable);
        return axisNumber === cuts.axis ? add(low, p) : p;
      });
      nestLoops(k, row, again, { simd: true, threads: outside.length === 0, work }, (inner) =>
        store(inner, moved),
      );
    }
  });
}

/** The same loop once more, beside the first, over `size`. */
function reopened(k: KernelDraft, l: Axes["loops"][number], size: Poly): Axes["loops"][number] {
  const { name } = k.ev.variables[l.variable];
  k.ev.again(name, size);
  return { variable: k.ev.variables.length - 1, size };
}

/** Nothing in it calls a function that notes faults, or depends on the order of iterations. */
function fitsLanes(s: Stmt): boolean {
  switch (s.kind) {
    case "loop":
    case "if":
      return s.body.every(fitsLanes);
    case "index":
      return s.value.kind !== "checked" || s.value.what === undefined;
    case "pick":
    case "topk":
    case "contraction":
    case "text":
      return false;
    default:
      return true;
  }
}

export function reduction(k: KernelDraft, choice: Choice): void {
  const { implementation } = choice;
  if (implementation.family !== "reduction") throw new Error("reduction of another family");
  const { outer, reduces } = implementation;
  const groups = rowGroups(k, choice);
  const all = openAxes(k, choice, [...groups.outer, ...groups.rest]);
  const domain = domainOf(choice.root);
  const loopsOf = (of: readonly (readonly number[])[]) =>
    of.flatMap((g) => all.loops.filter((l) => all.coords[g.at(-1)!].key === `a${l.variable}`));
  const [rows, rest] = [loopsOf(groups.outer), loopsOf(groups.rest)];
  const like = rest.map((l, i) => ({
    key: `axis ${groups.rest.filter((g) => all.coords[g.at(-1)!].key !== "0")[i].at(-1)}`,
    name: k.ev.variables[l.variable].name,
    size: l.size,
  }));
  const terms = reduces.map((r) => termsOf(r));
  const few = rest.length === 0 && terms.every((t) => t !== undefined && t <= cpu.fewTerms);
  const work = multiply(int(k.work), termCount(reduces, domain, outer));
  const kept = keptInRow(k, choice);
  nestLoops(k, k.frame, rows, { simd: few && rows.length > 0, threads: true, work }, (row) => {
    for (const r of reduces) {
      const stage = {
        row,
        inLanes: few,
        like,
        groups: groups.stages.get(r) ?? [],
        outer,
        coords: all.coords,
        kept: kept?.stage === r ? kept : undefined,
      };
      reduceStage(k, r, rowCoordinates(k, choice, r, all.coords), stage);
    }
    nestLoops(k, row, rest, { simd: true, threads: false, work: int(1) }, (inner) =>
      storeRoot(k, choice, inner, all.coords, () => ({ value: k.ev.at(choice.root, all.coords) })),
    );
  });
}

/** How many values a reduction folds, where that is known. */
function termsOf(r: Node): number | undefined {
  if (r.op.kind !== "reduce") return undefined;
  const size = constantOf(multiply(one, ...r.op.axes.map((a) => r.inputs[0].shape[a])));
  return size === undefined || isArg(r.op.fn) ? undefined : size;
}

function termCount(reduces: readonly Node[], domain: Shape, outer: readonly number[]): Poly {
  const first = reduces[0];
  if (first.op.kind === "reduce") return multiply(one, ...first.op.axes.map((a) => first.inputs[0].shape[a]));
  return multiply(one, ...domain.filter((_, a) => !outer.includes(a)));
}

/** Coordinates at which the kernel needs a reduction: a choice of the row's axes, found where it is first read. */
function rowCoordinates(k: KernelDraft, choice: Choice, r: Node, coords: readonly Poly[]): Poly[] {
  if (r === choice.root) return [...coords];
  const use = k.usesOf(r)[0];
  return use.coords.map((c) => {
    const only = c.terms.length === 1 ? c.terms[0].atoms[0] : undefined;
    if (only?.kind !== "axis") throw new Error(`reduction at ${c.key} is not a row's`);
    return coords[only.axis];
  });
}

type Stage = {
  readonly row: Frame;
  /** The rows themselves run in vector lanes. */
  readonly inLanes: boolean;
  /** The row's own axes: a stage that runs over the same calls its loops the same. */
  readonly like: readonly { readonly key: string; readonly name: string; readonly size: Poly }[];
  /** The reduction's axes, those together that are walked as one. */
  readonly groups: readonly (readonly number[])[];
  readonly outer: readonly number[];
  /** Coordinates of the root. */
  readonly coords: readonly Poly[];
  /** What this stage leaves in the result's row for the last pass. */
  readonly kept: Kept | undefined;
};

/** Folds one reduction over its own axes into a local. */
function reduceStage(k: KernelDraft, r: Node, coords: readonly Poly[], stage: Stage): void {
  const { row, inLanes } = stage;
  if (r.op.kind !== "reduce") throw new Error("a stage that is no reduction");
  const { fn, axes } = r.op;
  const product = r.inputs[0];
  const sizes = stage.groups
    .map((g) => multiply(one, ...g.map((a) => product.shape[a])))
    .filter((size) => constantOf(size) !== 1);
  const alike =
    sizes.length === stage.like.length && sizes.every((size, i) => equal(size, stage.like[i].size));
  const names = reducedNames(r, axes.length);
  const loops: { variable: number; size: Poly }[] = [];
  const reduced = axes.map(() => zero);
  for (const g of stage.groups) {
    const size = multiply(one, ...g.map((a) => product.shape[a]));
    if (constantOf(size) === 1) continue;
    const own = names[axes.indexOf(g.at(-1)!)];
    const same = alike ? stage.like[loops.length] : { key: `stage ${own}`, name: own };
    reduced[axes.indexOf(g.at(-1)!)] = k.ev.variable(same.name, size, same.key);
    loops.push({ variable: k.ev.variables.length - 1, size });
  }
  const at = operandCoordinates(r, coords, reduced);
  const wanted = r.name?.split(".").at(-1) ?? accumulatorNames[fn];
  const name = k.ev.names.give(`accumulator ${r.id}`, wanted);
  row.locals.add(name);
  if (isArg(fn)) {
    pick(k, r, fn, { name, at, loops, row });
    return;
  }
  row.out.push({ kind: "accumulator", name, dtype: r.dtype, start: folds[fn].neutral(r.dtype) });
  const simd = !inLanes && (constantOf(loops.at(-1)?.size ?? one) ?? 64) >= 8;
  nestLoops(k, row, loops, { simd, threads: false, work: one }, (inner) => {
    const folded = k.ev.at(product, at);
    if (stage.kept !== undefined)
      keepInRow(k, stage.kept, keptCoordinates(stage.kept, stage.outer, stage.coords, reduced), inner);
    const value = k.place.exprOf(folded, inner);
    inner.out.push({ kind: "fold", name, fn, value });
  });
  k.ev.results.set(r, k.ev.values.local(name, r.dtype));
}

const accumulatorNames: Readonly<Record<OpOf<"reduce">["fn"], string>> = {
  sum: "sum",
  prod: "product",
  max: "largest",
  min: "smallest",
  argmax: "position",
  argmin: "position",
};

type Picking = {
  readonly name: string;
  readonly at: readonly Poly[];
  readonly loops: Axes["loops"];
  readonly row: Frame;
};

function pick(k: KernelDraft, r: Node, fn: "argmax" | "argmin", p: Picking): void {
  const product = r.inputs[0];
  const best = k.ev.names.give(`best ${r.id}`, "best");
  const start = folds[fn === "argmax" ? "max" : "min"].neutral(product.dtype);
  p.row.locals.add(best);
  p.row.out.push({ kind: "accumulator", name: best, dtype: product.dtype, start });
  p.row.out.push({ kind: "accumulator", name: p.name, dtype: "i32", start: 0 });
  nestLoops(k, p.row, p.loops, { simd: false, threads: false, work: one }, (inner) => {
    const candidate = k.ev.at(product, p.at);
    candidate.mentions += 2; // compared and kept
    const value = k.place.exprOf(candidate, inner);
    const position = p.loops.length === 0 ? zero : axis(p.loops[0].variable);
    inner.out.push({ kind: "pick", fn, best, at: p.name, value, position });
  });
  k.ev.results.set(r, k.ev.values.local(p.name, "i32"));
}

export const betterCall = (fn: "argmax" | "argmin"): string => argFolds[fn].betterCall;

/** Running sums: the loop along the axis keeps what it has so far. */
export function cumulate(k: KernelDraft, choice: Choice): void {
  const { root } = choice;
  if (root.op.kind !== "cumulate") throw new Error("cumulate of another kind");
  const { fn, axis: along } = root.op;
  const all = openAxes(k, choice, apart(root));
  const own = all.loops.find((l) => all.coords[along].key === `a${l.variable}`);
  const others = all.loops.filter((l) => l !== own);
  const name = k.ev.names.give("accumulator", fn === "sum" ? "sum" : "product");
  const size = own?.size ?? one;
  nestLoops(k, k.frame, others, { simd: false, threads: true, work: size }, (row) => {
    row.locals.add(name);
    row.out.push({ kind: "accumulator", name, dtype: root.dtype, start: folds[fn].neutral(root.dtype) });
    nestLoops(k, row, own === undefined ? [] : [own], { simd: false, threads: false, work: one }, (inner) => {
      const value = k.place.exprOf(k.ev.at(root.inputs[0], all.coords), inner);
      inner.out.push({ kind: "fold", name, fn, value });
      storeRoot(k, choice, inner, all.coords, () => ({ value: k.ev.values.local(name, root.dtype) }));
    });
  });
}

export function topk(k: KernelDraft, choice: Choice): void {
  const { root } = choice;
  const x = root.inputs[0];
  const all = openAxes(k, choice, apart(root));
  const rank = root.shape.length;
  const rows = all.loops.filter((l) => all.coords[rank - 1].key !== `a${l.variable}`);
  const size = x.shape[rank - 1];
  nestLoops(k, k.frame, rows, { simd: false, threads: true, work: multiply(int(4), size) }, (row) => {
    const position = k.ev.variable("candidate", size);
    const variable = k.ev.variables.length - 1;
    const inner = k.place.open(row, [variable]);
    const value = k.place.exprOf(k.ev.at(x, [...all.coords.slice(0, -1), position]), inner);
    const at = offsetAt(root.shape, [...all.coords.slice(0, -1), zero]);
    const to = k.ev.param(k.target, true);
    k.place.needVariables(at, row);
    row.out.push({
      kind: "topk",
      to,
      at,
      count: root.shape[rank - 1],
      position: variable,
      size,
      lets: inner.out,
      value,
    });
  });
}

/** A user's text over pointers to whole tensors. */
export function custom(k: KernelDraft, choice: Choice): void {
  const { root } = choice;
  if (root.op.kind !== "custom") throw new Error("custom of another kind");
  const { kernel } = root.op;
  const source = kernel.sources.get("cpu");
  if (source === undefined) throw new Error(`kernel ${kernel.name} has no text for the CPU`);
  const lines: Stmt[] = [];
  for (const [i, wanted] of kernel.parameters.entries()) {
    const slot = k.slotOf(root.inputs[i]);
    if (slot === undefined) throw new Error(`argument ${wanted} of ${kernel.name} is stored nowhere`);
    const given = k.ev.param(slot, false);
    if (given !== wanted) lines.push({ kind: "text", code: `const auto* ${wanted} = ${given};`, uses: [] });
  }
  const out = k.ev.param(k.target, true);
  if (out !== "out") lines.push({ kind: "text", code: `auto* out = ${out};`, uses: [] });
  const known = kernel.sizes.filter((size) => size.value.key === size.name);
  for (const { name, value } of kernel.sizes)
    if (value.key !== name) lines.push({ kind: "let", name, value: { kind: "index", value, dtype: "i64" } });
  k.frame.out.push(...lines, { kind: "text", code: source.code, uses: known.map((size) => size.value) });
}
