/** The steps that have a product or an attention run by another schedule, and those that leave it to the target again. */
import { type Bounds, lowest, upperBound } from "../ir/bounds.ts";
import type { Node } from "../ir/hlir.ts";
import {
  type Choice,
  type ContractionSchedule,
  choicesOf,
  type Schedule,
  scheduledSum,
  scheduleOf,
  storedIn,
} from "../ir/plan.ts";
import { type Product, productOf, schedulesOf } from "../lower/plan-schedule.ts";
import { cpu } from "../targets/cpu.ts";
import { genericCpu, type Machine } from "../targets/machines.ts";
import { hasOwnTile } from "./contraction-cost.ts";
import type { Candidate, Genome } from "./genome.ts";
import type { Move } from "./moves.ts";

/** Each sum by itself, of those that have a kernel of their own. */
export function scheduleMoves({ plan, rebuilt }: Candidate, machine: Machine = genericCpu): Move[] {
  const { bounds } = plan.hlir;
  return plan.entries.flatMap((entry) => {
    const isStored = storedIn(entry);
    const all = [...choicesOf(entry.body)];
    const shared = new Set(all.flatMap((c) => c.joined ?? []));
    return all.flatMap((c): Move[] => {
      const sum = scheduledSum(c);
      const key = sum === undefined ? undefined : rebuilt.keyOf.get(sum);
      if (key === undefined || shared.has(c.root)) return [];
      const what = c.root.name ?? c.root.cell ?? key;
      const now = scheduleOf(c);
      const back: Move[] =
        now === undefined
          ? []
          : [
              {
                text: `compute ${what} as its sizes say`,
                apply: (g) => withSchedule(g, key, undefined),
              },
            ];
      const others = (machine.schedulesOf ?? engineSchedules(machine))(c, bounds, isStored);
      return [
        ...back,
        ...others
          .filter((s) => s !== now)
          .map((s) => ({
            text: `compute ${what} by the schedule "${s}"`,
            apply: (g: Genome) => withSchedule(g, key, s),
          })),
      ];
    });
  });
}

/** Those of the CPU's engine, where the machine is one. */
const engineSchedules =
  (machine: Machine) =>
  (c: Choice, bounds: Bounds, isStored: (n: Node) => boolean): readonly Schedule[] =>
    machine.call === undefined
      ? []
      : schedulesOf(c, bounds, isStored).filter((s) =>
          differs(s, productOf(c, bounds, isStored)!, bounds, machine),
        );

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

function withSchedule(g: Genome, key: string, schedule: Schedule | undefined): Genome {
  const schedules = new Map(g.schedules);
  if (schedule === undefined) schedules.delete(key);
  else schedules.set(key, schedule);
  return { ...g, schedules };
}
