/** Kernels that are matrix products: axes merged into m, n, k and a batch, operands, epilogue. */
import { upperBound } from "../../ir/bounds.ts";
import { isProductCut } from "../../ir/cuts.ts";
import type { Node } from "../../ir/hlir.ts";
import type { Contraction, Operand, OperandForm } from "../../ir/kernel.ts";
import {
  type Choice,
  type ContractionForm,
  type ContractionSchedule,
  domainOf,
  isContractionSchedule,
  type WinogradTile,
  winogradTileText,
} from "../../ir/plan.ts";
import { axis, constantOf, floorDiv, modulo, type Poly, zero } from "../../ir/poly.ts";
import { keptAxes, pureAxis } from "../plan-contraction.ts";
import type { KernelDraft } from "./build.ts";
import { createEvaluator, type Evaluator, offsetAt, placeIn } from "./evaluate.ts";
import type { Frame } from "./frames.ts";
import { axisNames, reducedNames } from "./index-names.ts";
import { groupAxes } from "./merge.ts";
import { storeRoot } from "./nest.ts";
import {
  type Located,
  locate,
  ownCoordinates,
  sizeProduct,
  stridedForm,
  type Window,
  windowOf,
} from "./operands.ts";
import { polysOf } from "./values.ts";
import { filtersOf, filtersSlot } from "./winograd.ts";

/** How the axes of the product's domain are walked. */
type Split = {
  readonly batch: readonly number[];
  readonly m: readonly number[];
  readonly n: readonly number[];
  readonly k: readonly number[];
  /** The image that one factor reads windows of. */
  readonly window: { readonly side: "a" | "b"; readonly of: Window } | undefined;
  /** The k axes are one stride in a's, in b's tensor. */
  readonly straight: { readonly a: boolean; readonly b: boolean };
};

export function contraction(k: KernelDraft, choice: Choice): void {
  const product = productOf(k, choice);
  k.note(describe(product));
  k.frame.out.push(product);
}

/** The product of a choice; one that shares its rows, depth and left factor with `first` has them from there. */
export function productOf(k: KernelDraft, choice: Choice, first?: Contraction): Contraction {
  const { implementation } = choice;
  if (implementation.family !== "contraction") throw new Error("contraction of another family");
  const { anchor, form } = implementation;
  const product = anchor.inputs[0];
  const sizeOf = (a: number) => product.shape[a];
  const rootAxes = axesOfRoot(k, choice, anchor);
  const split = splitAxes(k, choice, anchor, form, rootAxes);
  const names = productNames(choice, anchor, rootAxes);
  const v = walkers(k, split, sizeOf, names, first);

  const sum = k.ev.names.give("sum", "sum");
  const frames = { a: k.place.open(k.frame, v.itemBinds), b: k.place.open(k.frame, v.itemBinds) };
  const { straight, window } = split;
  const patchesOf = (side: "a" | "b") =>
    window?.side === side ? { window: window.of, outWidth: sizeOf(window.of.w) } : undefined;
  const leftFactor = (): Operand =>
    implementation.winograd !== undefined && k.engine?.filters !== false
      ? filtersOperand(k, choice, implementation.winograd)
      : operand(k, choice, form.a, v, {
          frame: frames.a,
          outer: v.m,
          straight: straight.a,
          patches: patchesOf("a"),
        });
  const a = first?.a ?? leftFactor();
  const b = operand(k, choice, form.b, v, {
    frame: frames.b,
    outer: v.n,
    straight: straight.b,
    patches: patchesOf("b"),
  });

  const binds = [...v.itemBinds, v.m, v.n].filter((x) => x !== undefined);
  const epilogue = k.place.open(k.frame, binds);
  epilogue.locals.add(sum);
  k.ev.results.set(anchor, k.ev.values.local(sum, anchor.dtype));
  const coords = domainOf(choice.root).map((_, i) =>
    rootAxes[i] === undefined ? zero : v.lines[rootAxes[i]],
  );
  storeRoot(k, choice, epilogue, coords, () => ({ value: k.ev.at(choice.root, coords) }));
  const workspace = k.ev.extra("workspace");
  const { schedule } = implementation;
  const onCpu = k.engine === undefined || k.engine.target === "cpu";
  const scheduled = onCpu && schedule !== undefined && isContractionSchedule(schedule) ? schedule : undefined;
  const onCuda = k.engine?.target === "cuda";
  const cut = onCuda && schedule !== undefined && isProductCut(schedule) ? schedule : undefined;
  if (scheduled !== undefined) k.note(scheduleNotes[scheduled]);
  return {
    kind: "contraction",
    batch: v.item,
    m: v.m,
    n: v.n,
    k: v.k,
    a,
    b,
    sum,
    workspace,
    epilogue: epilogue.out,
    ...(scheduled === undefined ? {} : { schedule: scheduled }),
    ...(cut === undefined ? {} : { cut }),
    ...(onCuda ? { most: mostOf(k, [v.item, v.m, v.n, v.k]) } : {}),
  };
}

/** The largest extents of some of the kernel's variables; 1 for those that it hasn't. */
export const mostOf = (k: KernelDraft, variables: readonly (number | undefined)[]): number[] =>
  variables.map((v) => (v === undefined ? 1 : (upperBound(k.ev.variables[v].size, k.bounds) ?? Infinity)));

/** For each axis of the root the axis of the product that it is; undefined for axes of size 1. */
export function axesOfRoot(
  k: Pick<KernelDraft, "usesOf">,
  choice: Choice,
  anchor: Node,
): (number | undefined)[] {
  const kept = keptAxes(anchor);
  const at =
    anchor === choice.root ? kept.map((_, i) => i) : k.usesOf(anchor)[0].coords.map((c) => pureAxis(c)!);
  return domainOf(choice.root).map((_, i) => (at.includes(i) ? kept[at.indexOf(i)] : undefined));
}

function productNames(choice: Choice, anchor: Node, rootAxes: readonly (number | undefined)[]): string[] {
  const root = axisNames(choice.root, rootAxes.length);
  const { op } = anchor;
  const own = op.kind === "reduce" ? reducedNames(anchor, op.axes.length) : [];
  return anchor.inputs[0].shape.map((_, a) => {
    const at = rootAxes.indexOf(a);
    if (at >= 0) return root[at];
    return op.kind === "reduce" ? (own[op.axes.indexOf(a)] ?? "b") : "b";
  });
}

/** Which axes become m, n and k; what can't be walked as one with them goes to the batch. */
export function splitAxes(
  k: Pick<KernelDraft, "bounds" | "slotOf" | "engine">,
  choice: Choice,
  anchor: Node,
  form: ContractionForm,
  rootAxes: readonly (number | undefined)[],
): Split {
  const product = anchor.inputs[0];
  const sizeOf = (a: number) => product.shape[a];
  const trial = () => {
    const ev = createEvaluator({ bounds: k.bounds, slotOf: k.slotOf, root: choice.root });
    for (const [i, size] of product.shape.entries()) ev.variable(`a${i}`, size);
    return ev;
  };
  const coords = product.shape.map((_, i) => axis(i));
  const ev = trial();
  ev.results.set(anchor, ev.values.local("sum", anchor.dtype));
  const { root } = choice;
  const rootCoords = rootAxes.map((a) => (a === undefined ? zero : axis(a)));
  const offsets: Poly[] = [];
  if (root.op.kind === "update") {
    const [, value, ...indices] = root.inputs;
    const options = { guard: undefined, what: "update", wanted: "row" };
    offsets.push(
      offsetAt(root.shape, ev.dataCoordinates(root.op.map, indices, root.shape, rootCoords, options)),
    );
    ev.at(value, rootCoords);
  } else {
    offsets.push(placeIn(k.slotOf(root)?.within, root.shape, rootCoords));
    ev.at(root, rootCoords);
  }
  const opaque: Poly[] = [...ev.conditional];
  for (const x of ev.values.all())
    (x.op.kind === "load" || x.op.kind === "guarded" ? offsets : opaque).push(...polysOf(x.op));

  const [ea, eb] = [trial(), trial()];
  const [la, lb] = [locate(k, ea, form.a, coords, root), locate(k, eb, form.b, coords, root)];
  const offsetOf = (l: Located | undefined) =>
    l === undefined || l.padded ? [] : [offsetAt(l.slot.shape, l.coords)];
  const inB = lb === undefined ? undefined : windowIn(lb, form.n, form.k, sizeOf, eb);
  const inA = la === undefined || inB !== undefined ? undefined : windowIn(la, form.m, form.k, sizeOf, ea);
  const window = k.engine?.windows === false ? undefined : (inB ?? inA);
  const ordered = (axes: readonly number[]) => axes.filter((a) => constantOf(sizeOf(a)) !== 1);
  const lastGroup = (axes: readonly number[], own: readonly Poly[]) =>
    groupAxes(ordered(axes), sizeOf, [...offsets, ...own], opaque).at(-1) ?? [];
  const slid = window === undefined ? [] : [window.h, window.w].filter((a) => a !== undefined);
  const n = window === undefined || inB === undefined ? lastGroup(form.n, offsetOf(lb)) : lastGroup(slid, []);
  const m = window === undefined || inA === undefined ? lastGroup(form.m, offsetOf(la)) : lastGroup(slid, []);
  const walked = inB === undefined ? m : n;
  const whole = window !== undefined && walked.length === ordered(slid).length;
  const depth = whole ? [window.c, window.r, window.s].filter((a) => a !== undefined) : form.k;
  const left = [...form.m, ...form.n].filter((a) => !m.includes(a) && !n.includes(a));
  const batch = [...form.batch, ...left].filter((a) => constantOf(sizeOf(a)) !== 1);
  const order = (a: number) => rootAxes.indexOf(a);
  batch.sort((x, y) => order(x) - order(y));
  const inLine = (l: Located | undefined) =>
    l !== undefined && !l.padded && groupAxes(ordered(depth), sizeOf, offsetOf(l), []).length <= 1;
  const straight = { a: inLine(la), b: inLine(lb) };
  const side = inB === undefined ? "a" : "b";
  return { batch, m, n, k: ordered(depth), window: whole ? { side, of: window } : undefined, straight };
}

function windowIn(
  at: Located,
  free: readonly number[],
  depth: readonly number[],
  sizeOf: (a: number) => Poly,
  ev: Evaluator,
): Window | undefined {
  return !at.padded && depth.length < 2 ? undefined : windowOf(at, free, depth, sizeOf, ev);
}

type Walkers = {
  readonly item: number | undefined;
  readonly itemBinds: readonly number[];
  readonly m: number | undefined;
  readonly n: number | undefined;
  readonly k: number | undefined;
  /** Coordinates of the product's domain in terms of the variables. */
  readonly coords: readonly Poly[];
  /** The same for whoever walks a group's axes as one: the last axis runs over all, the others stay at 0. */
  readonly lines: readonly Poly[];
};

function walkers(
  k: KernelDraft,
  split: Split,
  sizeOf: (a: number) => Poly,
  names: readonly string[],
  first: Pick<Contraction, "m" | "k"> | undefined,
): Walkers {
  const coords: Poly[] = names.map(() => zero);
  const lines: Poly[] = names.map(() => zero);
  const variable = (axes: readonly number[], wanted: string, known?: number): number | undefined => {
    if (axes.length === 0) return undefined;
    const name = axes.length === 1 ? names[axes[0]] : wanted;
    const p = known === undefined ? k.ev.variable(name, sizeProduct(axes.map(sizeOf))) : axis(known);
    spread(axes, p, sizeOf, coords);
    lines[axes.at(-1)!] = p;
    return known ?? k.ev.variables.length - 1;
  };
  const item = split.batch.length === 0 ? undefined : batchVariable(k, split.batch, sizeOf, names, coords);
  const m = variable(split.m, "m", first?.m);
  const n = variable(split.n, "n");
  const depth = variable(split.k, "k", first?.k);
  for (const a of split.batch) lines[a] = coords[a];
  return { item, itemBinds: item === undefined ? [] : [item], m, n, k: depth, coords, lines };
}

/** Coordinates of several axes walked as one. */
function spread(axes: readonly number[], p: Poly, sizeOf: (a: number) => Poly, coords: Poly[]): void {
  let rest = p;
  for (const [i, a] of [...axes].reverse().entries()) {
    const first = i === axes.length - 1;
    coords[a] = first ? rest : modulo(rest, sizeOf(a));
    rest = floorDiv(rest, sizeOf(a));
  }
}

/** One variable for all batch axes; the parts are named where they are needed. */
export function batchVariable(
  k: KernelDraft,
  axes: readonly number[],
  sizeOf: (a: number) => Poly,
  names: readonly string[],
  coords: Poly[],
): number {
  const size = sizeProduct(axes.map(sizeOf));
  const p = k.ev.variable(axes.length === 1 ? names[axes[0]] : "item", size);
  const item = k.ev.variables.length - 1;
  const parts: Poly[] = names.map(() => zero);
  spread(axes, p, sizeOf, parts);
  for (const a of axes) {
    coords[a] = parts[a];
    if (axes.length === 1) continue;
    coords[a] = k.ev.variable(names[a], sizeOf(a));
    k.ev.bound.set(k.ev.variables.length - 1, k.ev.values.index(parts[a], "i64"));
  }
  return item;
}

type Reading = {
  readonly frame: Frame;
  readonly outer: number | undefined;
  readonly straight: boolean;
  readonly patches: { readonly window: Window; readonly outWidth: Poly } | undefined;
};

function operand(k: KernelDraft, choice: Choice, factors: readonly Node[], v: Walkers, r: Reading): Operand {
  const { frame } = r;
  const form = patchesForm(k, choice, factors, v, r) ?? plainForm(k, choice, factors, v, r);
  if (form !== undefined) {
    if (form.kind === "strided" || form.kind === "patches") k.place.needVariables(form.offset, frame);
    return { perItem: frame.out, form };
  }
  const binds = [r.outer, v.k].filter((x) => x !== undefined);
  const inner = k.place.open(frame, binds);
  const values = factors.map((f) => k.ev.at(f, ownCoordinates(f, v.coords)));
  const product = values.reduce((x, y) => k.ev.values.binary("mul", x, y, "f32"));
  const value = k.place.exprOf(product, inner);
  return { perItem: frame.out, form: { kind: "computed", lets: inner.out, value } };
}

function filtersOperand(k: KernelDraft, choice: Choice, tile: WinogradTile): Operand {
  const found = filtersOf(k, choice);
  if (found === undefined) throw new Error(`${choice.root.name ?? "a sum"} is no convolution for Winograd`);
  const slot = filtersSlot(found, tile);
  k.ev.layouts.set(slot.key, ", transformed");
  return { perItem: [], form: { kind: "filters", from: k.ev.param(slot, false), tile } };
}

function plainForm(
  k: KernelDraft,
  choice: Choice,
  factors: readonly Node[],
  v: Walkers,
  r: Reading,
): OperandForm | undefined {
  if (!r.straight) return undefined;
  const at = locate(k, k.ev, factors, v.lines, choice.root);
  if (at === undefined) return undefined;
  if (at.node.op.kind === "weight" && k.isPacked(at.node.op.name)) {
    k.ev.layouts.set(at.slot.key, " in panels");
    return { kind: "packed", from: k.ev.param(at.slot, false), dtype: at.slot.dtype, side: "b" };
  }
  return stridedForm(k.ev, at, r.outer, v.k);
}

function patchesForm(
  k: KernelDraft,
  choice: Choice,
  factors: readonly Node[],
  v: Walkers,
  r: Reading,
): OperandForm | undefined {
  if (r.patches === undefined) return undefined;
  const { window, outWidth } = r.patches;
  const moving = [window.h, window.w, window.c, window.r, window.s];
  const start = v.coords.map((c, a) => (moving.includes(a) ? zero : c));
  const at = locate(k, k.ev, factors, start, choice.root);
  if (at === undefined) return undefined;
  const inImage = window.h === undefined ? 1 : 2;
  const origin = at.coords.map((c, i) => (i >= at.coords.length - inImage ? zero : c));
  const from = k.ev.param(at.slot, false);
  return {
    kind: "patches",
    from,
    dtype: at.slot.dtype,
    offset: offsetAt(at.slot.shape, origin),
    ...window.image,
    outWidth,
  };
}

const scheduleNotes: { readonly [S in ContractionSchedule]: string } = {
  "wide tile": "In a register tile of fewer rows and more columns, which the result fills better.",
  "tall tile": "In a register tile of more rows and fewer columns, which the result fills better.",
  packed: "Both factors packed in every call.",
  "in place": "Neither factor packed: both are read where they lie.",
  "split depth": "Each thread sums its part of the depth, and the parts are added.",
};

function describe({ batch, a: { form: a }, b: { form: b } }: Contraction): string {
  if (a.kind === "filters")
    return `A 3x3 convolution by Winograd's filtering: ${(a.tile + 2) ** 2} multiplications for ${winogradTileText(a.tile)} outputs instead of ${9 * a.tile ** 2}.`;
  const rows = batch !== undefined ? "A batch of matrix products" : "One matrix product";
  return `${rows}; left factor ${readingText[a.kind]}, right factor ${readingText[b.kind]}.`;
}

/** How the engine gets at a factor. */
export const readingText: { readonly [K in OperandForm["kind"]]: string } = {
  strided: "read where it lies",
  packed: "packed ahead of time",
  filters: "transformed ahead of time",
  patches: "patches of the image read as a matrix, none stored",
  computed: "computed as it is read",
};
