/** The runners-up: every single step away from a searched plan, with what it would cost. */
import type { Bounds } from "../ir/bounds.ts";
import type { Bucket } from "../ir/bucket.ts";
import type { Hlir, Node } from "../ir/hlir.ts";
import { choicesOf, type Plan } from "../ir/plan.ts";
import { genericCpu, type Machine } from "../targets/machines.ts";
import { type CostMemo, planCost } from "./cost.ts";
import { createDecoder, direct, type Genome, genomeKey } from "./genome.ts";
import { choicesOfGenome, familyText, type LockedChoice, type Naming } from "./lock.ts";
import { mergeMoves } from "./merge-moves.ts";
import { type Move, onePassMoves, storageMoves, termMoves, winogradMoves } from "./moves.ts";
import { pointsOf } from "./points.ts";
import type { Rebuilt } from "./rebuild.ts";
import { scheduleMoves } from "./schedule-moves.ts";
import { losesTo, type PointCost, type Searched } from "./search.ts";

/** One step: decisions that it adds, and those of the plan that it takes back. */
export type Rival = {
  readonly adds: readonly LockedChoice[];
  readonly undoes: readonly LockedChoice[];
  /** Of the first decision: the tensor that it is about, in the plan where that still computes it. */
  readonly about: Node | undefined;
  /** Time as a share of the plan's own, the mean over its points; undefined where no such plan exists. */
  readonly share: number | undefined;
  /** The sizes at which the direct plan takes so much less that the search takes no such plan. */
  readonly slowerAt: PointCost | undefined;
  /** The plan is as before: no kernel can hold what the step would move into it. */
  readonly idle: boolean;
};

export type Judged = {
  readonly plan: Plan;
  readonly rebuilt: Rebuilt;
  readonly rivals: readonly Rival[];
};

export function judge(
  model: Hlir,
  { space, genome, points }: Searched,
  naming: Naming,
  options: {
    readonly machine?: Machine;
    readonly elsewhere?: readonly Bucket[];
    readonly rivals?: boolean;
  } = {},
): Judged {
  const { nodes } = naming;
  const decoder = createDecoder(model, nodes, space);
  const best = decoder.decode(genome);
  if (best === undefined) throw new Error("the plan that was found is none");
  const costsOf = createCosts(pointsOf(model.bounds, options.elsewhere), options.machine ?? genericCpu);
  const own = costsOf(best.plan);
  const floor = points.map((p) => p.directSeconds);
  const kernels = signature(best.plan);
  const moves: readonly Move[] =
    options.rivals === false
      ? []
      : [
          ...onePassMoves(nodes, space),
          ...winogradMoves(best),
          ...mergeMoves(best, options.machine ?? genericCpu),
          ...termMoves(nodes, space),
          ...storageMoves(best),
          ...scheduleMoves(best, options.machine),
        ];
  const nodeOf = new Map([...best.rebuilt.keyOf].map(([n, key]) => [key, n]));
  const seen = new Set([genomeKey(genome)]);
  const rivals: Rival[] = [];
  for (const move of moves) {
    const next = move.apply(genome);
    const key = genomeKey(next);
    if (seen.has(key)) continue;
    seen.add(key);
    const made = decoder.decode(next);
    const costs = made === undefined ? undefined : costsOf(made.plan);
    const changed = difference(genome, next);
    rivals.push({
      adds: choicesOfGenome(changed.added, naming),
      undoes: choicesOfGenome(changed.removed, naming),
      about: nodeOf.get(firstKey(changed.added) ?? firstKey(changed.removed) ?? ""),
      share: costs === undefined ? undefined : costs.reduce((sum, c, i) => sum + c / own[i], 0) / own.length,
      slowerAt: points.find((_, i) => costs !== undefined && losesTo(floor, costs[i], i)),
      idle: made !== undefined && signature(made.plan) === kernels,
    });
  }
  const share = (r: Rival): number => r.share ?? Infinity;
  rivals.sort((a, b) => share(a) - share(b));
  return { plan: best.plan, rebuilt: best.rebuilt, rivals };
}

function createCosts(points: readonly { readonly bounds: Bounds }[], machine: Machine) {
  const memos = points.map((): CostMemo => new Map());
  return (plan: Plan): number[] => points.map((p, i) => planCost(plan, machine, p.bounds, memos[i]).seconds);
}

/** Which tensors are stored, with what inside and how: equal for plans that do the same. */
const signature = (plan: Plan): string =>
  plan.entries
    .flatMap((e) => [...choicesOf(e.body)])
    .map((c) => {
      const how = familyText(c);
      const joined = c.joined === undefined ? "" : "joined ";
      return `${joined}${how} ${[c.root, ...c.inlined].map((n) => `${n.op.kind}${n.name ?? ""}${n.shape.map((p) => p.key)}`)}`;
    })
    .join("\n");

function difference(from: Genome, to: Genome): { added: Genome; removed: Genome } {
  const entries = <K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>) =>
    new Map([...a].filter(([k, v]) => b.get(k) !== v));
  const members = <K>(a: ReadonlySet<K>, b: ReadonlySet<K>) => new Set([...a].filter((k) => !b.has(k)));
  const without = (a: Genome, b: Genome): Genome => ({
    ...direct,
    nodes: entries(a.nodes, b.nodes),
    classes: entries(a.classes, b.classes),
    inline: entries(a.inline, b.inline),
    onePass: members(a.onePass, b.onePass),
    winograd: entries(a.winograd, b.winograd),
    merged: members(a.merged, b.merged),
    schedules: entries(a.schedules, b.schedules),
  });
  return { added: without(to, from), removed: without(from, to) };
}

/** The key of a tensor that a genome speaks of, as `Rebuilt` has it. */
function firstKey(g: Genome): string | undefined {
  const [node] = g.nodes.keys();
  const [made] = [...g.onePass, ...g.classes.keys()];
  const [key] = [...g.winograd.keys(), ...g.merged, ...g.schedules.keys(), ...g.inline.keys()];
  if (made !== undefined) return `c${made}`;
  return node === undefined ? key : `n${node}`;
}
