/** Candidates drawn from the space of a model, good and bad ones alike. */
import type { Hlir } from "../../../src/ir/hlir.ts";
import { checkHlir } from "../../../src/ir/hlir-check.ts";
import type { Program } from "../../../src/ir/llir.ts";
import { checkLlir } from "../../../src/ir/llir-check.ts";
import { choicesOf, type Plan } from "../../../src/ir/plan.ts";
import { checkPlan } from "../../../src/ir/plan-check.ts";
import { schedule } from "../../../src/lower/schedule.ts";
import { allNodes } from "../../../src/search/encode.ts";
import { createDecoder, direct, type Genome, genomeKey } from "../../../src/search/genome.ts";
import { familyText } from "../../../src/search/lock.ts";
import { mergeMoves } from "../../../src/search/merge-moves.ts";
import {
  type Move,
  onePassMoves,
  storageMoves,
  termMoves,
  winogradMoves,
} from "../../../src/search/moves.ts";
import { seeded } from "../../../src/search/random.ts";
import { saturate } from "../../../src/search/saturate.ts";
import { scheduleMoves } from "../../../src/search/schedule-moves.ts";
import { spaceOf } from "../../../src/search/space.ts";
import type { Machine } from "../../../src/targets/machines.ts";

export type Sampled = {
  readonly genome: Genome;
  readonly steps: readonly string[];
  readonly llir: Program;
  /** Of its kernels. */
  readonly families: ReadonlySet<string>;
};

/** What the candidates are for: whose schedules there are, the CPU's without a machine, and how a plan is scheduled. */
export type Target = { readonly machine?: Machine; readonly schedule: (plan: Plan) => Program };

const cpu: Target = { schedule: (plan) => schedule(plan) };

/** Most steps of a walk from the direct plan. */
const longest = 24;

/** Up to `count` different candidates other than the direct plan, each checked and scheduled. */
export async function candidatesOf(
  hlir: Hlir,
  count: number,
  seed: number,
  target: Target = cpu,
): Promise<Sampled[]> {
  const nodes = allNodes(hlir);
  const space = spaceOf(nodes, await saturate(nodes, hlir.bounds));
  const decoder = createDecoder(hlir, nodes, space);
  const random = seeded(seed);
  const rare = onePassMoves(nodes, space);
  const fixed: readonly Move[] = [...rare, ...termMoves(nodes, space)];
  const seen = new Set([genomeKey(direct)]);
  const found: Sampled[] = [];

  const walk = (): { genome: Genome; steps: string[] } => {
    let genome = direct;
    const steps: string[] = [];
    for (let left = 1 + random.below(longest); left > 0; left--) {
      const here = decoder.decode(genome);
      if (here === undefined) throw new Error("a walk left the space");
      const storage = storageMoves(here);
      const kinds = [
        storage,
        fixed,
        rare,
        winogradMoves(here),
        mergeMoves(here, target.machine),
        scheduleMoves(here, target.machine),
      ].filter((list) => list.length > 0);
      if (kinds.length === 0) break;
      const list = kinds[random.below(kinds.length)];
      const move = list[random.below(list.length)];
      const next = move.apply(genome);
      if (decoder.decode(next) === undefined) continue;
      genome = next;
      steps.push(move.text);
    }
    return { genome, steps };
  };

  for (let tries = 3 * count; tries > 0 && found.length < count; tries--) {
    const { genome, steps } = walk();
    const key = genomeKey(genome);
    if (seen.has(key)) continue;
    seen.add(key);
    const { plan } = decoder.decode(genome)!;
    const kernels = plan.entries.flatMap((e) => [...choicesOf(e.body)]);
    const families = new Set(
      kernels.map((c) => (c.joined === undefined ? familyText(c) : "several products")),
    );
    found.push({ genome, steps, families, llir: lowered(plan, steps, target) });
  }
  return found;
}

/** Everything that must hold of a candidate before it is run. */
function lowered(plan: Plan, steps: readonly string[], target: Target): Program {
  try {
    checkHlir(plan.hlir, "a candidate");
    checkPlan(plan, "a candidate");
    const llir = target.schedule(plan);
    checkLlir(llir, "a candidate");
    return llir;
  } catch (e) {
    throw new Error(`${steps.join("; ")}: ${e instanceof Error ? (e.stack ?? e.message) : e}`);
  }
}
