/** The steps that put products of one left factor into one kernel, and the reverse. */

import type { Choice, Region } from "../ir/plan.ts";
import { kernelsOfRegion, withMerged } from "../lower/merged.ts";
import type { Machine } from "../targets/machines.ts";
import type { Candidate, Genome } from "./genome.ts";
import type { Move } from "./moves.ts";

/**
 * All products of one left factor at once, then each of more than two by itself. None for a CPU, where the start of a
 * kernel that is saved is less than what the longer one was measured to lose.
 */
export function mergeMoves({ plan, rebuilt }: Candidate, machine?: Machine): Move[] {
  if (machine?.call !== undefined) return [];
  return plan.entries.flatMap((entry) =>
    [...groupsOf(withMerged(entry, plan.hlir.bounds, () => true).body)].flatMap((choices): Move[] => {
      const members = choices.flatMap(({ root, implementation: i }) => {
        const key = i.family === "contraction" ? rebuilt.keyOf.get(i.anchor) : undefined;
        return key === undefined ? [] : [{ key, name: root.name ?? root.cell ?? key }];
      });
      if (members.length < 2) return [];
      const all = `compute ${members.map((m) => m.name).join(", ")} in one kernel`;
      const whole: Move = {
        text: all,
        apply: (g) =>
          toggled(
            g,
            members.map((m) => m.key),
          ),
      };
      if (members.length === 2) return [whole];
      const single = ({ key, name }: (typeof members)[number]): Move => ({
        text: `compute ${name} in one kernel with others of its left factor`,
        apply: (g) => toggled(g, [key]),
      });
      return [whole, ...members.map(single)];
    }),
  );
}

function* groupsOf(region: Region): Generator<Choice[]> {
  for (const steps of kernelsOfRegion(region)) {
    for (const s of steps) if (s.kind === "loop") yield* groupsOf(s.body);
    if (steps.length > 1) yield steps.flatMap((s) => (s.kind === "kernel" ? [s.choice] : []));
  }
}

/** Without the keys where all of them are there, else with them. */
function toggled(g: Genome, keys: readonly string[]): Genome {
  const merged = new Set(g.merged);
  const gone = keys.every((k) => merged.has(k));
  for (const k of keys) {
    if (gone) merged.delete(k);
    else merged.add(k);
  }
  return { ...g, merged };
}
