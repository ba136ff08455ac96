/**
 * The direct plan: no search. One kernel per contraction; reductions that share their rows and the elementwise
 * work on those rows in one kernel; chains fused into what they follow or feed; views never stored.
 * From the last node to the first: when a node's turn comes, every kernel that needs it is known.
 */
import type { Bounds } from "../../ir/bounds.ts";
import { byteSize } from "../../ir/dtype.ts";
import { bodyNodes, type Entry, type Hlir, type Node, reachable, rootsOf } from "../../ir/hlir.ts";
import {
  type AttentionForm,
  type Choice,
  domainOf,
  type EntryPlan,
  type Implementation,
  isGiven,
  type Plan,
  type PlanStep,
  type Region,
  type Schedule,
  storedIn,
  type WinogradTile,
} from "../../ir/plan.ts";
import { constantOf, equal, subtract } from "../../ir/poly.ts";
import { cpu } from "../../targets/cpu.ts";
import { withMerged } from "../merged.ts";
import { contractionOf, picksRows, pureAxis } from "../plan-contraction.ts";
import { withSchedules } from "../plan-schedule.ts";
import { winogradApplies } from "../schedule/winograd.ts";
import { workOf } from "./cost.ts";
import {
  type Draft,
  evaluations,
  extent,
  openDraft,
  operandUses,
  rootUse,
  sizeHint,
  type Use,
} from "./draft.ts";
import { type Consumers, consumersOf, endsContraction, loadsNothing } from "./tails.ts";
import { tooLate, versionWriters } from "./versions.ts";

/** Decisions that the fixed rules leave to somebody else. What no kernel can hold is stored whatever the policy says. */
export type Policy = {
  /** Whether `n` is computed inside the kernels that need it; undefined: as the fixed rules say. */
  readonly inline?: (n: Node) => boolean | undefined;
  /** How to compute a softmax-weighted sum in one pass; undefined: as any other sum. */
  readonly attention?: (weighted: Node) => AttentionForm | undefined;
  /** In which tiles Winograd's filtering computes a convolution that it can compute; undefined: as any other product. */
  readonly winograd?: (sum: Node) => WinogradTile | undefined;
  /** Whether a product may share a kernel with others of its left factor. */
  readonly merge?: (sum: Node) => boolean;
  /** How a product is walked, or the sum of an attention; undefined: as the target's engine or scheduler decides. */
  readonly schedule?: (sum: Node) => Schedule | undefined;
};

export const directPlan = (hlir: Hlir, policy: Policy = {}): Plan => ({
  hlir,
  entries: hlir.entries.map((entry) => {
    const { bounds } = hlir;
    const plan = withWinograd(planEntry(entry, bounds, policy), bounds, policy);
    const merged = policy.merge === undefined ? plan : withMerged(plan, bounds, policy.merge);
    return policy.schedule === undefined ? merged : withSchedules(merged, bounds, policy.schedule);
  }),
});

/** The plan with the convolutions that the policy wants filtered, where that is possible. */
function withWinograd(plan: EntryPlan, bounds: Bounds, { winograd }: Policy): EntryPlan {
  if (winograd === undefined) return plan;
  const isStored = storedIn(plan);
  const chosen = (c: Choice): Choice => {
    const { implementation: i } = c;
    const tile = i.family === "contraction" ? winograd(i.anchor) : undefined;
    if (i.family !== "contraction" || tile === undefined || !winogradApplies(c, bounds, isStored)) return c;
    return { ...c, implementation: { ...i, winograd: tile } };
  };
  const region = (steps: Region): Region =>
    steps.map((s) =>
      s.kind === "kernel" ? { ...s, choice: chosen(s.choice) } : { ...s, body: region(s.body) },
    );
  return { ...plan, body: region(plan.body) };
}

/** Nodes of an entry's top level or of a loop's body. */
type Place = { readonly loop: Node | undefined; readonly runs: number; readonly nodes: readonly Node[] };

function planEntry(entry: Entry, bounds: Bounds, policy: Policy): EntryPlan {
  const places = placesOf(entry, bounds);
  const placeOf = new Map(places.flatMap((p) => p.nodes.map((n) => [n, p] as const)));
  const stored = mustStore(entry, places);
  const writers = versionWriters([...placeOf.keys()]);
  const consumers = consumersOf([...placeOf.keys()]);
  const uses = new Map<Node, Use[]>();
  const drafts = new Map<Node, Draft>();
  const need = (wanted: readonly { node: Node; use: Use }[]) => {
    for (const { node, use } of wanted) {
      const known = uses.get(node) ?? [];
      if (!known.some((u) => sameUse(u, use))) uses.set(node, [...known, use]);
    }
  };
  for (const n of consumersFirst([...placeOf.keys()], policy)) {
    const place = placeOf.get(n)!;
    const own = uses.get(n) ?? [];
    if (isGiven(n) || n.op.kind === "loop") continue;
    if (!stored.has(n) && own.length === 0) continue;
    const within =
      !stored.has(n) &&
      !tooLate(n, own, writers, (x) => placeOf.get(x)?.loop) &&
      joins(n, own, {
        bounds,
        policy,
        consumers,
        runs: place.runs,
        here: (d) => placeOf.get(d.root) === place,
      });
    if (within) {
      for (const use of own) {
        use.draft.inlined.add(n);
        need(operandUses(n, use));
      }
      continue;
    }
    const draft = openDraft(n, place.runs);
    drafts.set(n, draft);
    if (n.op.kind === "reduce") anchorReduce(n, rootUse(draft), bounds, policy);
    need(operandUses(n, rootUse(draft)));
  }
  return { entry, body: regionOf(places[0], places, drafts) };
}

/** Every node after all that need it; the total of a one-pass sum after the sum that its kernel is made for. */
function consumersFirst(nodes: readonly Node[], { attention }: Policy): Node[] {
  const forms =
    attention === undefined ? [] : nodes.flatMap((n) => (n.op.kind === "reduce" ? (attention(n) ?? []) : []));
  const before = new Map(forms.map((f) => [f.total, f.weighted.id - 0.5]));
  const rank = (n: Node): number => Math.min(n.id, before.get(n) ?? n.id);
  return [...nodes].sort((a, b) => rank(b) - rank(a));
}

function placesOf(entry: Entry, bounds: Bounds): Place[] {
  const places: Place[] = [];
  const visit = (loop: Node | undefined, runs: number, nodes: readonly Node[]) => {
    places.push({ loop, runs, nodes });
    for (const n of nodes) {
      if (n.op.kind !== "loop") continue;
      const { low, high } = n.op.loop;
      visit(n, runs * sizeHint(subtract(high, low), bounds), bodyNodes(n.op.loop));
    }
  };
  visit(undefined, 1, reachable(rootsOf(entry)));
  return places;
}

/** What memory must hold whatever the cost: results, new versions of states, starts and ends of loops, arguments of users' kernels. */
function mustStore(entry: Entry, places: readonly Place[]): Set<Node> {
  const stored = new Set(rootsOf(entry));
  for (const n of places.flatMap((p) => p.nodes)) {
    const kind = n.op.kind;
    if (n.op.kind === "loop") for (const x of [...n.inputs, ...n.op.loop.results]) stored.add(x);
    if (n.op.kind === "custom") for (const x of n.inputs.slice(0, -1)) stored.add(x);
    if (kind === "update" || kind === "topk" || kind === "cumulate" || kind === "custom") stored.add(n);
  }
  return stored;
}

const sameUse = (a: Use, b: Use): boolean =>
  a.draft === b.draft &&
  a.stage === b.stage &&
  a.side === b.side &&
  a.coords.every((c, i) => equal(c, b.coords[i]));

type Context = {
  readonly bounds: Bounds;
  readonly policy: Policy;
  readonly consumers: Consumers;
  /** Iterations of the loops around the node. */
  readonly runs: number;
  /** A kernel of the same loop body. */
  readonly here: (d: Draft) => boolean;
};

/** Whether `n` is computed inside the kernels that need it. A reduction that joins becomes part of its kernel's frame. */
function joins(n: Node, uses: readonly Use[], context: Context): boolean {
  const { bounds, policy, runs, consumers, here } = context;
  if (uses.every((u) => withinAttention(n, u))) return true;
  if (n.op.kind !== "reduce" && uses.some(betweenFactors)) return true;
  const wanted = policy.inline?.(n);
  if (wanted === false) return false;
  if (n.op.kind === "reduce") {
    const [first, ...others] = uses;
    const one = others.every(
      (u) => u.draft === first.draft && u.coords.every((c, i) => equal(c, first.coords[i])),
    );
    return one && here(first.draft) && anchorReduce(n, first, bounds, policy);
  }
  if (wanted === true) return true;
  if (n.op.kind === "view" || n.op.kind === "constant" || n.op.kind === "data" || n.op.kind === "iota")
    return true;
  // What is picked by data for an item is read where it lies. Single rows become a matrix first, which the engine can read.
  if (n.op.kind === "gather" && uses.every((u) => u.side !== undefined)) return !uses.some(picksSingleRows);
  if (n.op.kind === "cast" && byteSize(n.inputs[0].dtype) <= byteSize(n.dtype)) return true;
  if (endsContraction(n, uses, consumers, bounds)) return false;
  if (loadsNothing(n) && workOf(n) <= 4) return true;
  const repeats = totalEvaluations(n, uses, bounds) / (extent(n.shape, bounds) * runs);
  return workOf(n) * (repeats - 1) <= cpu.worthStoring;
}

/** Within a contraction's product and in neither factor: the engine multiplies the factors itself. */
const betweenFactors = ({ draft, stage, side }: Use): boolean =>
  stage !== undefined && stage === draft.anchor?.node && side === undefined;

function picksSingleRows({ draft, stage, side }: Use): boolean {
  const { anchor } = draft;
  return (
    anchor !== undefined &&
    stage === anchor.node &&
    side !== undefined &&
    picksRows(anchor.form[side], anchor.form)
  );
}

/** The sums of a one-pass attention, and what is computed tile by tile between its two products. */
function withinAttention(n: Node, { draft, stage }: Use): boolean {
  const form = draft.attention;
  if (form === undefined) return false;
  if (n === form.greatest || n === form.total || n === form.dot || n === form.dot.inputs[0]) return true;
  return stage !== undefined && stage !== form.dot && n !== form.weighted && dependsOn(n, form.dot);
}

function dependsOn(n: Node, origin: Node): boolean {
  return n === origin || (n.id > origin.id && n.inputs.some((x) => dependsOn(x, origin)));
}

/** Uses in one kernel share a value's row, so only the most demanding one counts there. */
function totalEvaluations(n: Node, uses: readonly Use[], bounds: Bounds): number {
  const perDraft = new Map<Draft, number>();
  for (const use of uses)
    perDraft.set(use.draft, Math.max(perDraft.get(use.draft) ?? 0, evaluations(n, use, bounds)));
  return [...perDraft.values()].reduce((a, b) => a + b, 0);
}

/** Makes a reduction the kernel's contraction or one of its row reductions, where the kernel can hold it. */
function anchorReduce(n: Node, use: Use, bounds: Bounds, policy: Policy): boolean {
  const { draft } = use;
  if (draft.root.op.kind === "topk" || draft.root.op.kind === "cumulate" || use.side !== undefined)
    return false;
  if (draft.anchor !== undefined || draft.attention !== undefined) return false;
  const domain = domainOf(draft.root);
  const axes = use.coords.map(pureAxis);
  const distinct = new Set(axes).size === axes.length;
  const ofRoot = axes.every((a, i) => a !== undefined && a < domain.length && equal(domain[a], n.shape[i]));
  if (!distinct || !ofRoot) return false;
  const covered = domain.every((size, a) => axes.includes(a) || constantOf(size) === 1);
  if (covered && draft.reduces.length === 0 && use.stage === undefined) {
    const attention = policy.attention?.(n);
    if (attention !== undefined) {
      draft.attention = attention;
      return true;
    }
    const last = lastAxis(domain);
    const form = contractionOf(n, axes.indexOf(last), bounds);
    if (form !== undefined) {
      draft.anchor = { node: n, form };
      return true;
    }
  } else if (contractionOf(n, n.shape.length - 1, bounds) !== undefined) return false;
  const outer = axes.map((a) => a!).sort((a, b) => a - b);
  const rowsEndEarly = covered || !outer.includes(domain.length - 1);
  const known = draft.outer?.join();
  if (!rowsEndEarly || (known !== undefined && known !== outer.join())) return false;
  draft.outer = outer;
  draft.reduces.unshift(n);
  return true;
}

function lastAxis(domain: Node["shape"]): number {
  for (let a = domain.length - 1; a > 0; a--) if (constantOf(domain[a]) !== 1) return a;
  return 0;
}

function regionOf(place: Place, places: readonly Place[], drafts: ReadonlyMap<Node, Draft>): Region {
  const steps: PlanStep[] = [];
  for (const n of [...place.nodes].sort((a, b) => a.id - b.id)) {
    const draft = drafts.get(n);
    if (draft !== undefined) steps.push({ kind: "kernel", choice: choiceOf(draft) });
    if (n.op.kind === "loop")
      steps.push({
        kind: "loop",
        node: n,
        body: regionOf(places.find((p) => p.loop === n)!, places, drafts),
      });
  }
  return steps;
}

const choiceOf = (draft: Draft): Choice => ({
  root: draft.root,
  implementation: implementationOf(draft),
  inlined: [...draft.inlined].sort((a, b) => a.id - b.id),
});

function implementationOf(draft: Draft): Implementation {
  const { root, anchor, attention, outer, reduces } = draft;
  const kind = root.op.kind;
  if (kind === "topk" || kind === "cumulate" || kind === "custom") return { family: kind };
  if (attention !== undefined) return { family: "attention", form: attention };
  if (anchor !== undefined) return { family: "contraction", anchor: anchor.node, form: anchor.form };
  if (outer !== undefined)
    return { family: "reduction", outer, reduces: [...reduces].sort((a, b) => a.id - b.id) };
  return { family: "elementwise" };
}
