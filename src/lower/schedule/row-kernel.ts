/** Row kernels: for each row the reductions in order, then what is left of the result. */
import type { Node, OpOf, Shape } from "../../ir/hlir.ts";
import type { Choice } from "../../ir/plan.ts";
import { domainOf } from "../../ir/plan.ts";
import { axis, constantOf, equal, int, multiply, one, type Poly, zero } from "../../ir/poly.ts";
import { folds, isArg } from "../../ops/reductions.ts";
import { cpu } from "../../targets/cpu.ts";
import { operandCoordinates } from "../plan-contraction.ts";
import { type Inside, insideOf, nestWithBorder } from "./border.ts";
import type { KernelDraft } from "./build.ts";
import type { Frame } from "./frames.ts";
import { reducedNames } from "./index-names.ts";
import { type Kept, keepInRow, keptCoordinates, keptInRow } from "./kept.ts";
import { rowGroups, trialOfRow } from "./merge.ts";
import { type Axes, nestLoops, openAxes, storeRoot } from "./nest.ts";

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
  const simd = few && rows.length > 0;
  const writeRow = (row: Frame, coords: readonly Poly[]) => {
    for (const r of reduces) {
      const stage = {
        row,
        inLanes: few,
        like,
        groups: groups.stages.get(r) ?? [],
        outer,
        coords,
        kept: kept?.stage === r ? kept : undefined,
      };
      reduceStage(k, r, rowCoordinates(k, choice, r, coords), stage);
    }
    nestLoops(k, row, rest, { simd: true, threads: false, work: int(1) }, (inner) =>
      storeRoot(k, choice, inner, coords, () => ({ value: k.ev.at(choice.root, coords) })),
    );
  };
  const inside = few ? insideOfRows(k, choice) : undefined;
  if (inside !== undefined && nestWithBorder(k, rows, all.coords, inside, { simd, work }, writeRow)) return;
  nestLoops(k, k.frame, rows, { simd, threads: true, work }, (row) => writeRow(row, all.coords));
}

function insideOfRows(k: KernelDraft, choice: Choice): Inside | undefined {
  const { values, sizes } = trialOfRow(k, choice);
  return insideOf(k, domainOf(choice.root), values, sizes);
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
  const own = r.name?.split(".").at(-1);
  // Where the tensor that it goes into has the name, it is called by what it does.
  const wanted = own === undefined || k.ev.names.isTaken(own) ? accumulatorNames[fn] : own;
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
