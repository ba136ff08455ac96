/**
 * Schedules of contractions: which of them the engine may walk a product by, decided and proved before anything has a
 * place in memory. Every schedule is right for all sizes of a call; the premises say where it is another way at all,
 * and where the engine's part of the workspace is sure to hold what it keeps.
 */
import { type Bounds, upperBound } from "../ir/bounds.ts";
import { isKeySplit } from "../ir/cuts.ts";
import type { Node } from "../ir/hlir.ts";
import {
  type Choice,
  type ContractionSchedule,
  type EntryPlan,
  isContractionSchedule,
  isGiven,
  type PlanStep,
  type Region,
  type Schedule,
  scheduledSum,
  storedIn,
} from "../ir/plan.ts";
import { constantOf, multiply, one, type Poly } from "../ir/poly.ts";
import { cpu } from "../targets/cpu.ts";
import { kernelsOfRegion } from "./merged.ts";
import { cutsOf } from "./plan-cuts.ts";
import { usesOf } from "./plan-reads.ts";
import { axesOfRoot, splitAxes } from "./schedule/contraction.ts";
import { createEvaluator, offsetAt } from "./schedule/evaluate.ts";
import { strideIn } from "./schedule/merge.ts";
import { isIndexedBy, locate } from "./schedule/operands.ts";
import type { Slot } from "./schedule/storage.ts";

/** How the engine reads a factor: a matrix in memory, whose rows (a) or columns (b) are `outer`; or computed. */
export type Factor =
  | {
      readonly kind: "matrix";
      readonly node: Node;
      /** Which of its two axes has neighbours in memory. */
      readonly contiguous: "outer" | "depth" | "neither";
      /** Elements from one to the next along the depth, where that is known. */
      readonly step: number | undefined;
    }
  | { readonly kind: "computed" };

/** A product as the engine walks it. */
export type Product = {
  readonly items: Poly;
  readonly m: Poly;
  readonly n: Poly;
  readonly k: Poly;
  readonly a: Factor;
  readonly b: Factor;
};

type IsStored = (n: Node) => boolean;

/** Undefined for what is no contraction, and for windows of images, which have a way of their own. */
export function productOf(choice: Choice, bounds: Bounds, isStored: IsStored): Product | undefined {
  let known = products.get(choice);
  if (known === undefined) {
    known = new Map();
    products.set(choice, known);
  }
  if (!known.has(bounds)) known.set(bounds, findProduct(choice, bounds, isStored));
  return known.get(bounds);
}

/** At the bounds asked for: a read that is within its source at some sizes need not be at all. */
const products = new WeakMap<Choice, Map<Bounds, Product | undefined>>();

function findProduct(choice: Choice, bounds: Bounds, isStored: IsStored): Product | undefined {
  const { implementation: i } = choice;
  if (i.family !== "contraction" || i.winograd !== undefined) return undefined;
  const slotOf = (n: Node): Slot | undefined =>
    isStored(n) || isGiven(n)
      ? { key: `${n.id}`, name: "", place: { kind: "temporary", name: "" }, shape: n.shape, dtype: n.dtype }
      : undefined;
  const uses = usesOf(choice, isStored);
  const rootAxes = axesOfRoot({ usesOf: (n) => uses.get(n) ?? [] }, choice, i.anchor);
  const split = splitAxes({ bounds, slotOf }, choice, i.anchor, i.form, rootAxes);
  if (split.window !== undefined) return undefined;
  const { shape } = i.anchor.inputs[0];
  const extent = (axes: readonly number[]): Poly => multiply(one, ...axes.map((a) => shape[a]));
  const factor = (side: "a" | "b"): Factor => {
    const ev = createEvaluator({ bounds, slotOf, root: choice.root });
    const coords = shape.map((size, at) => ev.variable(`a${at}`, size));
    const at = split.straight[side] ? locate({ slotOf }, ev, i.form[side], coords, choice.root) : undefined;
    const moving = [...(side === "a" ? split.m : split.n), ...split.k];
    if (at === undefined || at.padded || moving.some((a) => isIndexedBy(ev, at.coords, a)))
      return { kind: "computed" };
    const offset = offsetAt(at.slot.shape, at.coords);
    const steps = [side === "a" ? split.m : split.n, split.k].map((axes) =>
      axes.length === 0 ? undefined : strideIn(offset, axes.at(-1)!),
    );
    const [outer, depth] = steps.map((p) => (p === undefined ? undefined : constantOf(p)));
    const contiguous = outer === 1 ? "outer" : depth === 1 ? "depth" : "neither";
    return { kind: "matrix", node: at.node, contiguous, step: depth };
  };
  return {
    items: extent(split.batch),
    m: extent(split.m),
    n: extent(split.n),
    k: extent(split.k),
    a: factor("a"),
    b: factor("b"),
  };
}

/** The schedules whose premises hold, beside what the engine does by itself. */
export function schedulesOf(choice: Choice, bounds: Bounds, isStored: IsStored): ContractionSchedule[] {
  if (choice.joined !== undefined) return [];
  const product = productOf(choice, bounds, isStored);
  if (product === undefined) return [];
  const most = (p: Poly): number => upperBound(p, bounds) ?? Infinity;
  const [items, m, n, k] = [product.items, product.m, product.n, product.k].map(most);
  const found: ContractionSchedule[] = [];
  // Few rows stream the right factor, whatever the register tile.
  if (m > cpu.skinnyRows) {
    found.push("wide tile", "tall tile");
    if (product.a.kind === "matrix" || product.b.kind === "matrix") found.push("packed");
    if (liesAsRead(product.b)) found.push("in place");
  }
  if (items === 1 && m <= cpu.splitRows && n <= cpu.splitColumns && k >= cpu.splitDepth)
    found.push("split depth");
  return found;
}

/** Columns side by side in f32: the register tile can read them where they are. */
export const liesAsRead = (b: Factor): boolean =>
  b.kind === "matrix" && b.contiguous === "outer" && b.node.dtype === "f32";

/** Whether the premises of a schedule hold, for the target that knows it. */
export const mayHave = (choice: Choice, schedule: Schedule, bounds: Bounds, isStored: IsStored): boolean =>
  isContractionSchedule(schedule)
    ? schedulesOf(choice, bounds, isStored).includes(schedule)
    : cutsOf(choice, bounds, isStored).includes(schedule);

/** The plan with the schedules that are wanted, where that is possible: of sums that have a kernel to themselves. */
export function withSchedules(
  plan: EntryPlan,
  bounds: Bounds,
  wanted: (sum: Node) => Schedule | undefined,
): EntryPlan {
  const isStored = storedIn(plan);
  const chosen = (s: PlanStep): PlanStep => {
    if (s.kind === "loop") return { ...s, body: region(s.body) };
    const sum = scheduledSum(s.choice);
    const schedule = sum === undefined ? undefined : wanted(sum);
    if (schedule === undefined || !mayHave(s.choice, schedule, bounds, isStored)) return s;
    return { ...s, choice: withSchedule(s.choice, schedule) };
  };
  const region = (steps: Region): Region =>
    kernelsOfRegion(steps).flatMap((group) => (group.length === 1 ? [chosen(group[0])] : group));
  return { ...plan, body: region(plan.body) };
}

/** The choice with the schedule, which is one of its family's. */
export function withSchedule(choice: Choice, schedule: Schedule): Choice {
  const { implementation: i } = choice;
  if (i.family === "contraction" && !isKeySplit(schedule))
    return { ...choice, implementation: { ...i, schedule } };
  if (i.family === "attention" && isKeySplit(schedule))
    return { ...choice, implementation: { ...i, schedule } };
  return choice;
}
