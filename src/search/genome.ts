/** A genome: every decision of the search, as differences from the direct plan. Immutable. */

import type { Hlir, Node } from "../ir/hlir.ts";
import { choicesOf, type Plan, type Schedule, storedIn, type WinogradTile } from "../ir/plan.ts";
import type { Policy } from "../lower/direct/direct.ts";
import { directPlan } from "../lower/direct/direct.ts";
import { attentionHolds, attentionOf, totalsOf } from "../lower/plan-attention.ts";
import { allNodes } from "./encode.ts";
import { type Rebuilt, rebuild, type Selection } from "./rebuild.ts";
import type { Space } from "./space.ts";

export type Genome = Selection & {
  /** Stored or computed inside its consumers, by the key of the tensor, where the fixed rules say otherwise. */
  readonly inline: ReadonlyMap<string, boolean>;
  /** Classes of weighted sums computed in one pass. */
  readonly onePass: ReadonlySet<number>;
  /** Tiles of convolutions computed by Winograd's filtering, by the keys of their sums. */
  readonly winograd: ReadonlyMap<string, WinogradTile>;
  /** Keys of sums of products that share a kernel with those of the same left factor that are here, too. */
  readonly merged: ReadonlySet<string>;
  /** How products and attentions are walked, by the keys of their sums, where the target doesn't decide. */
  readonly schedules: ReadonlyMap<string, Schedule>;
};

export const direct: Genome = {
  nodes: new Map(),
  classes: new Map(),
  inline: new Map(),
  onePass: new Set(),
  winograd: new Map(),
  merged: new Set(),
  schedules: new Map(),
};

/** The same text for equal genomes. */
export function genomeKey(g: Genome): string {
  const sorted = <K, V>(m: ReadonlyMap<K, V>) =>
    [...m]
      .map(([k, v]) => `${k}=${v}`)
      .sort()
      .join(",");
  return `${selectionKey(g)}|${sorted(g.inline)}|${[...g.onePass].sort((a, b) => a - b)}|${sorted(g.winograd)}|${[...g.merged].sort()}|${sorted(g.schedules)}`;
}

export function selectionKey(s: Selection): string {
  const sorted = (m: ReadonlyMap<number, number>) =>
    [...m]
      .map(([k, v]) => `${k}=${v}`)
      .sort()
      .join(",");
  return `${sorted(s.nodes)}|${sorted(s.classes)}`;
}

export type Candidate = { readonly plan: Plan; readonly rebuilt: Rebuilt };

/** Genomes → plans; what several genomes share is made once. */
export function createDecoder(hlir: Hlir, nodes: readonly Node[], space: Space) {
  const rebuilt = new Map<string, Rebuilt | undefined>();

  return {
    /** Undefined where the decisions contradict each other. */
    decode(g: Genome): Candidate | undefined {
      const key = selectionKey(g);
      if (!rebuilt.has(key)) rebuilt.set(key, rebuild(hlir, nodes, space, g));
      const r = rebuilt.get(key);
      if (r === undefined) return undefined;
      const plan = directPlan(r.hlir, policyOf(g, r));
      return holdsTogether(plan) ? { plan, rebuilt: r } : undefined;
    },
  };
}

function policyOf(g: Genome, r: Rebuilt): Policy {
  const { bounds } = r.hlir;
  const at = <V>(m: ReadonlyMap<string, V>) =>
    m.size === 0
      ? undefined
      : (n: Node): V | undefined => {
          const key = r.keyOf.get(n);
          return key === undefined ? undefined : m.get(key);
        };
  const isKeyIn = (keys: ReadonlySet<string>) =>
    keys.size === 0
      ? undefined
      : (n: Node): boolean => {
          const key = r.keyOf.get(n);
          return key !== undefined && keys.has(key);
        };
  const totalOf = g.onePass.size === 0 ? undefined : totalsOf(allNodes(r.hlir));
  return {
    inline: at(g.inline),
    attention:
      totalOf === undefined
        ? undefined
        : (n) => {
            const c = r.classOf.get(n);
            return c !== undefined && g.onePass.has(c) ? attentionOf(n, bounds, totalOf) : undefined;
          },
    winograd: at(g.winograd),
    merge: isKeyIn(g.merged),
    schedule: at(g.schedules),
  };
}

/** A one-pass sum computes its scores itself: none of what it needs between its products is stored. */
function holdsTogether(plan: Plan): boolean {
  for (const entry of plan.entries) {
    const isStored = storedIn(entry);
    for (const c of choicesOf(entry.body))
      if (c.implementation.family === "attention" && !attentionHolds(c, isStored)) return false;
  }
  return true;
}
