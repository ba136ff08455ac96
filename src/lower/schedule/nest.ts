/** Loop nests: which loops a kernel has, what is stored in the innermost one, and the elementwise kernels. */
import { upperBound } from "../../ir/bounds.ts";
import { isPoly, type Node, type OpOf } from "../../ir/hlir.ts";
import type { Looping, Stmt } from "../../ir/kernel.ts";
import { type Choice, domainOf } from "../../ir/plan.ts";
import {
  add,
  axis,
  constantOf,
  equal,
  int,
  minimum,
  multiply,
  one,
  type Poly,
  subtract,
  zero,
} from "../../ir/poly.ts";
import { cpu } from "../../targets/cpu.ts";
import { inBlocks, type NestedLoop } from "./blocks.ts";
import { type Inside, insideOf, nestWithBorder } from "./border.ts";
import type { KernelDraft } from "./build.ts";
import { cutsOf, suitsThreads } from "./cuts.ts";
import { createEvaluator, offsetAt, placeIn } from "./evaluate.ts";
import type { Frame } from "./frames.ts";
import { axisNames } from "./index-names.ts";
import { mergeAxes, trialOf } from "./merge.ts";
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

export const apart = (root: Node): number[][] => domainOf(root).map((_, i) => [i]);

const hint = (k: KernelDraft, size: Poly): number => upperBound(size, k.bounds) ?? 1024;

/** Which loop is shared out to threads: the first that is long enough, else the longest. */
export function parallelLoop(k: KernelDraft, loops: readonly NestedLoop[]): number {
  const enough = loops.findIndex((l) => hint(k, l.size) >= cpu.enoughForThreads);
  if (enough >= 0) return enough;
  const longest = Math.max(...loops.map((l) => hint(k, l.size)));
  return loops.findIndex((l) => hint(k, l.size) === longest);
}

/** Nested loops around `body`; the innermost in vector lanes if asked. Those within a block are not shared out. */
export function nestLoops(
  k: KernelDraft,
  frame: Frame,
  loops: readonly NestedLoop[],
  options: { simd: boolean; threads: boolean; work: Poly },
  body: (inner: Frame) => void,
): void {
  const whole = loops.filter((l) => l.block === undefined);
  const shared = options.threads && loops.length > 0 ? parallelLoop(k, whole) : -1;
  const visit = (depth: number, at: Frame): void => {
    if (depth === loops.length) return body(at);
    const how = (stmts: readonly Stmt[]): Looping => {
      const lanes =
        options.simd &&
        depth === loops.length - 1 &&
        loops[depth].except === undefined &&
        stmts.every(fitsLanes);
      return depth === shared ? (lanes ? "parallel simd" : "parallel") : lanes ? "simd" : "serial";
    };
    const work = multiply(options.work, ...loops.slice(depth + 1).map(iterations));
    k.place.loop(at, loops[depth], work, how, (inner) => visit(depth + 1, inner));
  };
  visit(0, frame);
}

const iterations = ({ size, block }: NestedLoop): Poly =>
  block === undefined ? size : minimum(size, int(block.length));

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
      : { value: reads().value, at: placeIn(k.target.within, root.shape, coords) };
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
  const isCut = cuts !== undefined && along >= 0 && (k.engine === undefined || suitsThreads(cuts));
  if (!isCut) {
    const axes = loops.map((l) => coords.findIndex((c) => c.key === `a${l.variable}`));
    const blocks = inBlocks(k, choice, loops, axes);
    const inside = blocks === undefined ? insideOfElements(k, choice) : undefined;
    if (inside !== undefined && nestWithBorder(k, loops, coords, inside, { simd: true, work }, store)) return;
    nestLoops(k, k.frame, blocks ?? loops, { simd: true, threads: true, work }, (inner) =>
      store(inner, coords),
    );
    return;
  }
  const outside = loops.slice(0, along);
  const total = multiply(work, ...loops.slice(along).map((l) => l.size));
  const pieces = cuts.at.slice(1).flatMap((high, i) => {
    const piece = { low: cuts.at[i], high };
    return liesThere(k, choice, cuts.axis, piece) ? [] : [piece];
  });
  if (pieces.length === 0) return;
  nestLoops(k, k.frame, outside, { simd: false, threads: true, work: total }, (row) => {
    for (const { low, high } of pieces) {
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

/** Whether a piece of the result is a part that its own kernel has written where it belongs. */
function liesThere(
  k: KernelDraft,
  { root }: Choice,
  along: number,
  { low, high }: { readonly low: Poly; readonly high: Poly },
): boolean {
  if (root.op.kind === "update") return false;
  const ev = createEvaluator({ bounds: k.bounds, slotOf: k.slotOf, root });
  const coords = root.shape.map((size, i) => {
    const own = ev.variable(`a${i}`, i === along ? subtract(high, low) : size);
    return i === along ? add(low, own) : own;
  });
  const { op } = ev.at(root, coords);
  const to = placeIn(k.target.within, root.shape, coords);
  return op.kind === "load" && op.from === ev.param(k.target, false) && equal(op.at, to);
}

function insideOfElements(k: KernelDraft, choice: Choice): Inside | undefined {
  const domain = domainOf(choice.root);
  return insideOf(k, domain, trialOf(k, choice).values, domain);
}

/** The same loop once more, beside the first, over `size`. */
export function reopened(k: KernelDraft, l: Axes["loops"][number], size: Poly): Axes["loops"][number] {
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
    case "merged":
    case "attention":
    case "text":
      return false;
    default:
      return true;
  }
}
