/**
 * Products of one left factor in one kernel: q, k and v of an attention, gate and up of an MLP. Each keeps its own
 * weights, epilogue and tensor; what they share is the call, the threads and the left factor as the engine reads it.
 * Which products can is decided and proved here, before anything has a place in memory.
 */
import type { Bounds } from "../ir/bounds.ts";
import { sameShape } from "../ir/builder.ts";
import type { Node } from "../ir/hlir.ts";
import { type Choice, type EntryPlan, isGiven, type PlanStep, type Region, storedIn } from "../ir/plan.ts";
import { axis, type Poly, zero } from "../ir/poly.ts";
import { pureAxis, throughView } from "./plan-contraction.ts";
import { readsOf, usesOf } from "./plan-reads.ts";
import { axesOfRoot, splitAxes } from "./schedule/contraction.ts";
import type { Slot } from "./schedule/storage.ts";

/** What the proofs need to know of the plan around the products. */
export type Around = {
  readonly bounds: Bounds;
  readonly isStored: (n: Node) => boolean;
  /** What the loop around them carries into its next iteration, other than states. */
  readonly carried: readonly Node[];
};

/** A kernel's products, the first one's root being its name; one that stands alone is a list of itself. */
export const isJoined = (step: PlanStep, first: PlanStep): boolean =>
  step.kind === "kernel" && first.kind === "kernel" && step.choice.joined === first.choice.root;

/** Steps with those that are one kernel together. */
export function kernelsOfRegion(region: Region): PlanStep[][] {
  const groups: PlanStep[][] = [];
  for (const step of region) {
    const last = groups.at(-1);
    if (last !== undefined && isJoined(step, last[0])) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** The plan with every product that is wanted in the kernel of the first one before it that it can share with. */
export function withMerged(plan: EntryPlan, bounds: Bounds, wanted: (sum: Node) => boolean): EntryPlan {
  const isStored = storedIn(plan);
  const region = (steps: Region, carried: readonly Node[]): Region => {
    const around: Around = { bounds, isStored, carried };
    const groups: PlanStep[][] = [];
    for (const s of steps) {
      if (s.kind === "loop") {
        groups.push([{ ...s, body: region(s.body, carriedBy(s)) }]);
        continue;
      }
      const { choice } = s;
      const { implementation: i } = choice;
      const at =
        i.family === "contraction" && wanted(i.anchor)
          ? groups.findIndex((g, n) => isWanted(g[0], wanted) && joins(choice, groups.slice(n), around))
          : -1;
      if (at < 0) groups.push([s]);
      else groups[at].push({ ...s, choice: { ...choice, joined: rootOf(groups[at][0]) } });
    }
    return groups.flat();
  };
  return { ...plan, body: region(plan.body, []) };
}

export const carriedBy = (s: PlanStep & { readonly kind: "loop" }): readonly Node[] =>
  s.node.op.kind === "loop" ? s.node.op.loop.results.filter((n) => n.cell === undefined) : [];

const rootOf = (s: PlanStep): Node => (s.kind === "kernel" ? s.choice.root : s.node);

const isWanted = (s: PlanStep, wanted: (sum: Node) => boolean): boolean =>
  s.kind === "kernel" &&
  s.choice.implementation.family === "contraction" &&
  wanted(s.choice.implementation.anchor);

/** Whether `choice` may run as part of the first group, before the ones that follow that. */
function joins(choice: Choice, [own, ...between]: readonly (readonly PlanStep[])[], around: Around): boolean {
  const members = own.flatMap((s) => (s.kind === "kernel" ? [s.choice] : []));
  if (mergeFault(choice, members, around) !== undefined) return false;
  return between.flat().every((s) => s.kind === "kernel" && areApart(choice, s.choice, around));
}

/** Why a product can't be part of a kernel with these before it; undefined where it can. */
export function mergeFault(choice: Choice, members: readonly Choice[], around: Around): string | undefined {
  const [left, ...others] = [choice, ...members].map((c) => leftFactor(c, around));
  if (left === undefined) return "is no plain product of two matrices";
  if (others.some((text) => text !== left)) return "has another left factor";
  if ([choice, ...members].some((c) => around.carried.includes(c.root)))
    return "may be stored over what another product of the kernel reads";
  const source = sourceOf(choice, members, around);
  if (source !== undefined && sourceOf(source, members, around) !== undefined)
    return "goes on from a product that goes on from another one";
  if (!members.every((m) => m === source || areApart(choice, m, around)))
    return "reads or overwrites what the kernel computes";
  return undefined;
}

/**
 * The product that `choice` goes on from: its ending reads the result of that one, each element only where it computes
 * the same element itself, as `up` of a gated MLP reads `gate`. Whoever computes a tile of the one computes it of both.
 */
export function sourceOf(
  choice: Choice,
  members: readonly Choice[],
  around: Pick<Around, "isStored">,
): Choice | undefined {
  return members.find((m) => m !== choice && goesOnFrom(choice, m, around));
}

function goesOnFrom(choice: Choice, source: Choice, { isStored }: Pick<Around, "isStored">): boolean {
  const { root } = source;
  const reads = readsOf(choice, isStored).filter((r) => r.node === root);
  if (reads.length === 0 || root.cell !== undefined || choice.root.cell !== undefined) return false;
  const inStep = reads.every(
    ({ use }) => use.stage === undefined && use.coords.every((c, i) => pureAxis(c) === i),
  );
  const columns = columnsOf(choice, isStored);
  return (
    inStep &&
    sameShape(root.shape, choice.root.shape) &&
    columns !== undefined &&
    columns === columnsOf(source, isStored)
  );
}

/** How the root's axes are walked, and how the right factor lies: products of equal texts are cut into tiles alike. */
function columnsOf(choice: Choice, isStored: (n: Node) => boolean): string | undefined {
  const { implementation: i } = choice;
  if (i.family !== "contraction") return undefined;
  const { m, n, k, b } = i.form;
  const product = i.anchor.inputs[0];
  const uses = usesOf(choice, isStored);
  const rootAxes = axesOfRoot({ usesOf: (x) => uses.get(x) ?? [] }, choice, i.anchor);
  const walked = [...n, ...k];
  const coords = product.shape.map((_, a) => (walked.includes(a) ? axis(walked.indexOf(a)) : zero));
  const isRead = (x: Node) => !choice.inlined.includes(x) && isStored(x);
  const texts = b.map((f) => textAt(f, coords, isRead, (x) => `${x.dtype}[${x.shape.map((p) => p.key)}]`));
  if (texts.includes(undefined)) return undefined;
  const roles = rootAxes.map((a) => (a === undefined ? "" : `${m.indexOf(a)} ${n.indexOf(a)}`));
  return `${roles.join()}; ${n.map((a) => product.shape[a].key).join()}; ${texts.join(" * ")}`;
}

/** Neither reads or writes what the other one writes: they may run in any order, or at once. */
function areApart(a: Choice, b: Choice, { isStored }: Around): boolean {
  const touches = (c: Choice, root: Node): boolean =>
    c.root.cell !== undefined && c.root.cell === root.cell
      ? true
      : readsOf(c, isStored).some(
          ({ node }) => node === root || (root.cell !== undefined && node.cell === root.cell),
        );
  return !touches(a, b.root) && !touches(b, a.root);
}

/**
 * The left factor as a function of its row and depth, as text; undefined for what the engine doesn't walk as rows,
 * columns and depth alone. Equal texts are equal matrices.
 */
function leftFactor(choice: Choice, around: Around): string | undefined {
  let known = factors.get(choice);
  if (known === undefined) {
    known = { text: findLeftFactor(choice, around) };
    factors.set(choice, known);
  }
  return known.text;
}

const factors = new WeakMap<Choice, { readonly text: string | undefined }>();

function findLeftFactor(choice: Choice, { bounds, isStored }: Around): string | undefined {
  const { implementation: i } = choice;
  if (i.family !== "contraction" || i.winograd !== undefined) return undefined;
  const { anchor, form } = i;
  if (form.n.length === 0 || !isPlain(choice, bounds, isStored)) return undefined;
  const product = anchor.inputs[0];
  const walked = [...form.m, ...form.k];
  const coords = product.shape.map((_, a) => (walked.includes(a) ? axis(walked.indexOf(a)) : zero));
  const inside = new Set(choice.inlined);
  const texts = form.a.map((f) => textAt(f, coords, (n) => !inside.has(n) && isStored(n)));
  if (texts.includes(undefined)) return undefined;
  const sizes = [form.m, form.k].map((axes) => axes.map((a) => product.shape[a].key).join());
  return `[${sizes.join("; ")}] ${texts.join(" * ")}`;
}

/** Walked as one matrix by one: no batch, no window of an image, columns along which the left factor stays the same. */
function isPlain(choice: Choice, bounds: Bounds, isStored: (n: Node) => boolean): boolean {
  const { implementation: i } = choice;
  if (i.family !== "contraction") return false;
  const slotOf = (n: Node): Slot | undefined =>
    isStored(n) || isGiven(n)
      ? { key: `${n.id}`, name: "", place: { kind: "temporary", name: "" }, shape: n.shape, dtype: n.dtype }
      : undefined;
  const uses = usesOf(choice, isStored);
  const rootAxes = axesOfRoot({ usesOf: (n) => uses.get(n) ?? [] }, choice, i.anchor);
  const split = splitAxes({ bounds, slotOf }, choice, i.anchor, i.form, rootAxes);
  return split.batch.length === 0 && split.window === undefined && split.n.length > 0;
}

/** What a value is at the coordinates, down to the tensors that it is computed from; undefined for picks by data. */
function textAt(
  n: Node,
  coords: readonly Poly[],
  isRead: (n: Node) => boolean,
  nameOf: (n: Node) => string = (x) => String(x.id),
): string | undefined {
  if (isRead(n)) return `${nameOf(n)}[${coords.map((c) => c.key)}]`;
  const parts = n.inputs.map((x) =>
    textAt(x, n.op.kind === "view" ? throughView(n.op.map, coords) : coords, isRead, nameOf),
  );
  if (parts.includes(undefined)) return undefined;
  switch (n.op.kind) {
    case "constant":
      return `${n.op.value}${n.dtype}`;
    case "view":
      return n.op.fill === undefined ? parts[0] : undefined;
    case "unary":
    case "binary":
      return `${n.op.fn}${n.dtype}(${parts})`;
    case "cast":
      return `${n.dtype}(${parts})`;
    default:
      return undefined;
  }
}
