/** The steps that have the engine walk a product by another schedule, and those that leave it to the engine again. */
import { type Bounds, lowest, upperBound } from "../ir/bounds.ts";
import { type ContractionSchedule, choicesOf, storedIn } from "../ir/plan.ts";
import { type Product, productOf, schedulesOf } from "../lower/plan-schedule.ts";
import { cpu } from "../targets/cpu.ts";
import { genericCpu, type Machine } from "../targets/machines.ts";
import { hasOwnTile } from "./contraction-cost.ts";
import type { Candidate, Genome } from "./genome.ts";
import type { Move } from "./moves.ts";

/** Each product by itself. GPUs cut products as their own scheduler says. */
export function scheduleMoves({ plan, rebuilt }: Candidate, machine: Machine = genericCpu): Move[] {
  if (machine.call === undefined) return [];
  const { bounds } = plan.hlir;
  return plan.entries.flatMap((entry) => {
    const isStored = storedIn(entry);
    return [...choicesOf(entry.body)].flatMap((c): Move[] => {
      const { implementation: i } = c;
      const key = i.family === "contraction" ? rebuilt.keyOf.get(i.anchor) : undefined;
      if (i.family !== "contraction" || key === undefined) return [];
      const what = c.root.name ?? c.root.cell ?? key;
      const back: Move[] =
        i.schedule === undefined
          ? []
          : [
              {
                text: `compute ${what} by the sizes of each call`,
                apply: (g) => withSchedule(g, key, undefined),
              },
            ];
      const others = schedulesOf(c, bounds, isStored).filter(
        (s) => s !== i.schedule && differs(s, productOf(c, bounds, isStored)!, bounds, machine),
      );
      return [
        ...back,
        ...others.map((s) => ({
          text: `compute ${what} by the schedule "${s}"`,
          apply: (g: Genome) => withSchedule(g, key, s),
        })),
      ];
    });
  });
}

/** Sizes of a range that are looked at one by one. */
const sizesTried = 96;

/** Whether the engine would do anything else by it, at some size: tiles are taken only where they pay. */
function differs(
  schedule: ContractionSchedule,
  { m, n }: Product,
  bounds: Bounds,
  machine: Machine,
): boolean {
  if (schedule !== "wide tile" && schedule !== "tall tile") return true;
  const [rows, columns] = [m, n].map((p) => [lowest(p, bounds) ?? 1, upperBound(p, bounds) ?? Infinity]);
  const sizes = ([low, high]: readonly number[]) =>
    Array.from({ length: Math.min(sizesTried, high - low + 1) }, (_, i) => low + i);
  return sizes(rows).some(
    (r) => r > cpu.skinnyRows && sizes(columns).some((c) => hasOwnTile(schedule, r, c, machine)),
  );
}

function withSchedule(g: Genome, key: string, schedule: ContractionSchedule | undefined): Genome {
  const schedules = new Map(g.schedules);
  if (schedule === undefined) schedules.delete(key);
  else schedules.set(key, schedule);
  return { ...g, schedules };
}
