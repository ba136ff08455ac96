/** The measured time of each kernel of a plan, beside what the cost model says of it. */
import type { Step } from "../../ir/llir.ts";
import type { Choice, Plan, Region } from "../../ir/plan.ts";
import { kernelsOfRegion } from "../../lower/merged.ts";
import { schedule } from "../../lower/schedule.ts";
import { callsOf } from "./calls.ts";
import type { Dims, Measurer } from "./measure.ts";

/** Seconds at each of the sizes, all calls together, and the choices that one kernel computes in that time. */
export type KernelTime = { readonly seconds: readonly number[]; readonly choices: readonly Choice[] };

export async function kernelTimes(
  plan: Plan,
  points: readonly Dims[],
  measurer: Measurer,
): Promise<ReadonlyMap<Choice, KernelTime>> {
  const program = schedule(plan);
  const lists = points.map((dims) => callsOf(program, dims));
  const seconds = await measurer.calls(lists.flat());
  const byStep = points.map(() => new Map<Step, number>());
  let next = 0;
  for (const [i, list] of lists.entries())
    for (const { step, runs } of list) {
      if (step !== undefined) byStep[i].set(step, runs * seconds[next]);
      next++;
    }
  const found = new Map<Choice, KernelTime>();
  for (const [i, e] of plan.entries.entries())
    for (const [choices, step] of stepsOfChoices(e.body, program.entries[i].steps)) {
      const time = { seconds: byStep.map((m) => m.get(step) ?? 0), choices };
      for (const c of choices) found.set(c, time);
    }
  return found;
}

/** The calls of the region's kernels; a concatenation whose parts lie where they belong has none. */
function* stepsOfChoices(
  region: Region,
  steps: readonly Step[],
): Generator<readonly [readonly Choice[], Step]> {
  const calls = new Map(steps.map((s) => [s.kind === "call" ? s.root : undefined, s]));
  const loops = steps.filter((s) => s.kind === "loop");
  for (const parts of kernelsOfRegion(region)) {
    const [part] = parts;
    if (part.kind === "loop") {
      yield* stepsOfChoices(part.body, loops.shift()!.steps);
      continue;
    }
    const step = calls.get(part.choice.root.id);
    if (step !== undefined) yield [parts.flatMap((p) => (p.kind === "kernel" ? [p.choice] : [])), step];
  }
}
