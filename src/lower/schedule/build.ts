/** From a choice of the plan to a kernel. */

import { shapeText } from "../../emit/cpp.ts";
import { type Bounds, withAxes } from "../../ir/bounds.ts";
import type { Node } from "../../ir/hlir.ts";
import type { Family, Kernel, KernelParam } from "../../ir/kernel.ts";
import type { Argument } from "../../ir/llir.ts";
import type { Choice } from "../../ir/plan.ts";
import { dim, loopVar, multiply, one, type Poly } from "../../ir/poly.ts";
import { type Span, spanText } from "../../ir/source.ts";
import type { Engine } from "../../targets/engine.ts";
import { ownWork } from "../direct/cost.ts";
import type { Use } from "../direct/draft.ts";
import { readsOf, usesOf } from "../plan-reads.ts";
import { attention } from "./attention.ts";
import { contraction } from "./contraction.ts";
import { createEvaluator, type Evaluator, offsetAt } from "./evaluate.ts";
import { createPlacer, type Frame, type Placer } from "./frames.ts";
import { merged } from "./merged.ts";
import { elementwise, nestLoops } from "./nest.ts";
import { reduction } from "./row-kernel.ts";
import { withRows } from "./rows.ts";
import { sizesIn } from "./sizes.ts";
import { cumulate, custom, topk } from "./special-kernels.ts";
import type { Copy, Slot } from "./storage.ts";

/** A kernel while its statements are written. */
export type KernelDraft = {
  readonly ev: Evaluator;
  readonly place: Placer;
  readonly frame: Frame;
  readonly bounds: Bounds;
  /** Elementary operations for one element of the result. */
  readonly work: number;
  readonly slotOf: (n: Node) => Slot | undefined;
  readonly isPacked: (weight: string) => boolean;
  /** Undefined: the CPU's. */
  readonly engine?: Engine;
  /** Where the kernel's own result lies. */
  readonly target: Slot;
  /** The result takes the place of a tensor that the kernel reads. */
  readonly readsTarget: boolean;
  readonly usesOf: (n: Node) => readonly Use[];
  /** The text that a node was written as. */
  readonly lineOf: (n: Node) => string;
  readonly note: (sentence: string) => void;
};

/** A kernel with the arguments of the call that it was made for. */
export type Built = { readonly kernel: Kernel; readonly args: readonly Argument[] };

export type Surroundings = {
  readonly bounds: Bounds;
  readonly slotOf: (n: Node) => Slot | undefined;
  readonly isStored: (n: Node) => boolean;
  /** Weights that lie in panels. */
  readonly isPacked: (weight: string) => boolean;
  /** What the target's kernels can read; undefined: the CPU's. */
  readonly engine?: Engine;
};

/** The kernel of a choice, and of those that are joined to it. */
export function buildKernel(choice: Choice, around: Surroundings, joined: readonly Choice[] = []): Built {
  const { root, implementation } = choice;
  const notes: string[] = [];
  const all = [choice, ...joined];
  const ev = createEvaluator({ bounds: around.bounds, slotOf: around.slotOf, root });
  for (const c of all) reserveNames(ev, c, around);
  const place = createPlacer(ev);
  const frame = place.open(undefined, []);
  const draftFor = (c: Choice): KernelDraft => {
    const uses = usesOf(c, around.isStored);
    const target = around.slotOf(c.root);
    if (target === undefined) throw new Error(`${c.root.name ?? c.root.op.kind} is stored nowhere`);
    return {
      ev,
      place,
      frame,
      bounds: around.bounds,
      work: Math.max(1, Math.round([c.root, ...c.inlined].reduce((sum, n) => sum + ownWork(n), 0))),
      slotOf: around.slotOf,
      isPacked: around.isPacked,
      engine: around.engine,
      target,
      readsTarget: readsOf(c, around.isStored).some((r) => around.slotOf(r.node)?.key === target.key),
      usesOf: (n) => uses.get(n) ?? [],
      lineOf: (n) => spanText(n.span),
      note: (sentence) => notes.push(sentence),
    };
  };
  const k = draftFor(choice);
  if (joined.length > 0) merged(all, draftFor, around.isStored);
  else computed(k, choice);
  const family: Family =
    root.op.kind === "update" && implementation.family === "elementwise" ? "update" : implementation.family;
  return finish(k, {
    name: all.map((c) => kernelName(c.root, around.slotOf)).join("_"),
    family,
    computes: all.flatMap((c) => c.root.name ?? []).join(", "),
    notes,
    span: lineFor(choice),
  });
}

function computed(k: KernelDraft, choice: Choice): void {
  const { implementation } = choice;
  switch (implementation.family) {
    case "elementwise":
      elementwise(k, choice);
      break;
    case "reduction":
      reduction(k, choice);
      break;
    case "contraction":
      contraction(k, choice);
      break;
    case "attention":
      attention(k, choice);
      break;
    case "cumulate":
      cumulate(k, choice);
      break;
    case "topk":
      topk(k, choice);
      break;
    case "custom":
      custom(k, choice);
      break;
  }
}

/** A kernel that brings a tensor elsewhere. */
export function buildCopy(copy: Copy, bounds: Bounds): Built {
  const { from, to, span } = copy;
  const node: Node = {
    id: -1,
    op: { kind: "input", name: from.name },
    inputs: [],
    shape: from.shape,
    dtype: from.dtype,
    span,
    name: undefined,
    cell: undefined,
    loops: [],
  };
  const ev = createEvaluator({ bounds, slotOf: () => from, root: { ...node, id: -2 } });
  const place = createPlacer(ev);
  const frame = place.open(undefined, []);
  const k: KernelDraft = {
    ev,
    place,
    frame,
    bounds,
    work: 1,
    slotOf: () => from,
    isPacked: () => false,
    target: to,
    readsTarget: false,
    usesOf: () => [],
    lineOf: () => "",
    note: () => {},
  };
  const size = multiply(one, ...from.shape);
  const flat: Node = { ...node, shape: [size] };
  const i = ev.variable("i", size);
  const flatSlot = (s: Slot): Slot => ({ ...s, shape: [size] });
  nestLoops(k, frame, [{ variable: 0, size }], { simd: true, threads: true, work: one }, (inner) => {
    const value = ev.values.load(ev.param(flatSlot(from), false), offsetAt(flat.shape, [i]), from.dtype);
    const expr = place.exprOf(value, inner);
    inner.out.push({ kind: "store", to: ev.param(flatSlot(to), true), at: i, value: expr });
  });
  return finish(k, {
    name: `copy_${to.name}`,
    family: "copy",
    computes: to.name,
    notes: ["Brings a tensor to where it is wanted."],
    span,
  });
}

/** The model's own line rather than that of a library function that was inlined into it. */
function lineFor(choice: Choice): Span {
  const own = [choice.root, ...[...choice.inlined].reverse()].filter((n) => n.op.kind !== "constant");
  const found = own.find((n) => !n.span.file.path.startsWith("std/"));
  return (found ?? choice.root).span;
}

type Header = { name: string; family: Family; computes: string; notes: readonly string[]; span: Span };

/** Names of dims and loop variables stay theirs; the operands' names go before those of loops. */
function reserveNames(ev: Evaluator, choice: Choice, around: Surroundings): void {
  const names = [...around.bounds.dims.keys(), ...around.bounds.loops.keys()];
  for (const name of names) ev.names.give(`size ${name}`, name);
  const slot = around.slotOf(choice.root);
  for (const { node } of readsOf(choice, around.isStored)) {
    const read = around.slotOf(node);
    if (read !== undefined && read.key !== slot?.key) ev.names.give(`param ${read.key}`, read.name);
  }
  if (slot !== undefined && choice.root.op.kind !== "custom") ev.names.give(`param ${slot.key}`, slot.name);
}

function finish(k: KernelDraft, header: Header): Built {
  const { ev } = k;
  const pointers = [...ev.params.values()].sort((a, b) => Number(a.mutable) - Number(b.mutable));
  const params: KernelParam[] = [];
  const args: Argument[] = [];
  for (const { slot, name, mutable } of pointers) {
    const layout = ev.layouts.get(slot.key) ?? "";
    params.push({
      kind: "pointer",
      name,
      dtype: slot.dtype,
      mutable,
      shapeText: shapeText(slot.within?.shape ?? slot.shape) + layout,
    });
    args.push({ kind: "place", place: slot.place });
  }
  params.push(...ev.extras.values());
  const bounds = withAxes(
    k.bounds,
    ev.variables.map((v) => v.size),
  );
  for (const a of sizesIn(k.frame.out, ev.variables)) {
    params.push({ kind: "size", name: ev.names.give(`size ${a.name}`, a.name) });
    const value: Poly = a.kind === "dim" ? dim(a.name) : loopVar(a.name);
    args.push({ kind: "size", value });
  }
  const kernel: Kernel = {
    ...header,
    params,
    variables: ev.variables,
    tables: [...ev.tables.values()],
    body: withRows(k.frame.out, {
      give: ev.names.give.bind(ev.names),
      tensor: (from) => params.flatMap((p) => (p.kind === "pointer" && p.name === from ? [p] : []))[0],
    }),
    bounds,
  };
  return { kernel, args };
}

function kernelName(root: Node, slotOf: Surroundings["slotOf"]): string {
  const slot = slotOf(root);
  const place = slot?.place;
  const own =
    root.name ?? slot?.within?.name ?? (place !== undefined && "name" in place ? place.name : undefined);
  const plain = own ?? root.op.kind;
  const name = plain.replace(/[^A-Za-z0-9]+/g, "_");
  return root.op.kind === "update" ? `update_${(root.cell ?? name).replace(/[^A-Za-z0-9]+/g, "_")}` : name;
}
