/** The plan of a lock's choices, without a search. */
import { CompileError, diagnostic } from "../diagnostics.ts";
import { type Bucket, parseBucket } from "../ir/bucket.ts";
import type { Hlir, Node } from "../ir/hlir.ts";
import { checkHlir } from "../ir/hlir-check.ts";
import {
  schedules as allSchedules,
  type BucketPlan,
  type Plan,
  type Schedule,
  type WinogradTile,
  winogradTiles,
  winogradTileText,
} from "../ir/plan.ts";
import { createAtoms } from "./atoms.ts";
import { allNodes } from "./encode.ts";
import { createDecoder, type Genome } from "./genome.ts";
import { type Keys, keysOf } from "./keys.ts";
import { kernelsOf, type LockedChoice, type LockedPlan, type LockPart, modelHash } from "./lock.ts";
import { type SaturateLimits, saturate, usualLimits } from "./saturate.ts";
import { type Space, spaceOf } from "./space.ts";
import { nodeText } from "./term-text.ts";

/** What the lock asks for that this model or these rules don't have. */
export type Missing = { readonly missing: string };

export async function replay(
  model: Hlir,
  locked: LockedPlan,
  limits?: SaturateLimits,
): Promise<Plan | Missing> {
  const nodes = allNodes(model);
  const space = needsTerms(locked.choices)
    ? spaceOf(nodes, await saturate(nodes, model.bounds, { limits }))
    : plainSpace(model);
  const genome = genomeOf(locked.choices, nodes, space, keysOf(nodes, space));
  if ("missing" in genome) return genome;
  const found = createDecoder(model, nodes, space).decode(genome);
  return found === undefined ? { missing: "its choices contradict each other" } : found.plan;
}

/**
 * The plans of a lock, that for any values first. `frontsOf` gives the model for each of the lock's buckets.
 * Throws LUM5106 where the lock is of another model, LUM4003 where it asks for what is not there any more.
 */
export async function replayAll(
  lock: LockPart,
  path: string,
  model: Hlir,
  frontsOf: (buckets: readonly Bucket[]) => readonly { readonly bucket: Bucket; readonly hlir: Hlir }[],
): Promise<(BucketPlan & { readonly model: Hlir })[]> {
  if (lock.hash !== modelHash(model))
    throw new CompileError([
      diagnostic("LUM5106", undefined, { lock: path, difference: otherModel(lock, model) }),
    ]);
  const [, ...others] = lock.plans;
  const buckets = others.map((p) => parseBucket(p.bucket) ?? new Map());
  const fronts = [{ bucket: new Map(), hlir: model }, ...frontsOf(buckets)];
  const plans: (BucketPlan & { readonly model: Hlir })[] = [];
  for (const [i, { bucket, hlir }] of fronts.entries()) {
    const plan = await replay(hlir, lock.plans[i], limitsOf(lock));
    if ("missing" in plan)
      throw new CompileError([diagnostic("LUM4003", undefined, { lock: path, missing: plan.missing })]);
    checkHlir(plan.hlir, "lock");
    plans.push({ bucket, model: hlir, plan });
  }
  return plans;
}

/** With more memory the rules may find more, and other names for the same. */
function limitsOf({ search }: LockPart): SaturateLimits {
  const megabytes = search.by === "search" ? search.memory : undefined;
  return megabytes === undefined ? usualLimits : { ...usualLimits, memoryBytes: megabytes * 2 ** 20 };
}

/** What the lock says is kept, except for what follows from its choices. */
export const replayedLock = (lock: LockPart, plans: readonly { readonly plan: Plan }[]): LockPart => ({
  hash: lock.hash,
  search: lock.search,
  plans: lock.plans.map((p, i) => ({ ...p, kernels: kernelsOf(plans[i].plan) })),
});

/** The first definition that differs, where the lock names one. */
function otherModel(lock: LockPart, model: Hlir): string {
  const names = new Set(allNodes(model).map((n) => nodeText(n)));
  // `o_part` is what an unnamed part of the definition `o` is called.
  const isThere = (tensor: string) => names.has(tensor) || names.has(tensor.replace(/_[a-z0-9]+$/, ""));
  const named = lock.plans.flatMap((p) => p.kernels).filter((k) => /^[\w.]+$/.test(k.tensor));
  const gone = named.find((k) => !isThere(k.tensor));
  return gone === undefined
    ? "the model or its settings were changed since"
    : `the model was changed since, it has no \`${gone.tensor}\` (then at ${gone.at})`;
}

/** Only terms that rules made need the rules. */
const needsTerms = (choices: readonly LockedChoice[]): boolean =>
  choices.some((c) => c.decision === "compute" || c.decision === "one pass" || c.of.startsWith("class "));

const plainSpace = (model: Hlir): Space => ({
  limits: usualLimits,
  atoms: createAtoms(model.bounds),
  candidates: new Map(),
  classOf: new Map(),
  onePass: new Set(),
  winograd: new Set(),
  rules: new Map(),
});

export function genomeOf(
  choices: readonly LockedChoice[],
  nodes: readonly Node[],
  space: Space,
  keys: Keys,
): Genome | Missing {
  const nodeOf = new Map(nodes.map((n) => [`node ${keys.ofNode(n)}`, n]));
  const classOf = new Map([...space.candidates.keys()].map((c) => [`class ${keys.ofClass(c)}`, c]));
  const chosen = new Map<number, number>();
  const classes = new Map<number, number>();
  const inline = new Map<string, boolean>();
  const onePass = new Set<number>();
  const winograd = new Map<string, WinogradTile>();
  const merged = new Set<string>();
  const schedules = new Map<string, Schedule>();
  for (const choice of choices) {
    const n = nodeOf.get(choice.of);
    const c = n === undefined ? classOf.get(choice.of) : space.classOf.get(n);
    const key = n === undefined ? `c${c}` : `n${n.id}`;
    if (n === undefined && c === undefined)
      return { missing: `${textOf(choice)}: the model has no such tensor` };
    switch (choice.decision) {
      case "compute": {
        const at = space.candidates.get(c!)?.findIndex((x) => keys.ofCandidate(x) === choice.take) ?? -1;
        if (at < 0) return { missing: `${textOf(choice)}: no rule makes that term` };
        if (n === undefined) classes.set(c!, at);
        else chosen.set(n.id, at);
        break;
      }
      case "store":
      case "inline":
        inline.set(key, choice.decision === "inline");
        break;
      case "one pass":
        if (c === undefined || !space.onePass.has(c))
          return { missing: `${textOf(choice)}: no rule finds that one pass can compute it` };
        onePass.add(c);
        break;
      case "winograd": {
        const tile = winogradTiles.find((t) => winogradTileText(t) === choice.take);
        if (tile === undefined) return { missing: `${textOf(choice)}: the engine has no such tiles` };
        winograd.set(key, tile);
        break;
      }
      case "merge":
        merged.add(key);
        break;
      case "schedule": {
        const schedule = allSchedules.find((s) => s === choice.take);
        if (schedule === undefined) return { missing: `${textOf(choice)}: no kernel has such a schedule` };
        schedules.set(key, schedule);
        break;
      }
      default:
        return { missing: `the decision "${String(choice.decision)}" is of no known kind` };
    }
  }
  return { nodes: chosen, classes, inline, onePass, winograd, merged, schedules };
}

/** `compute q (llama.lum:12:3) as (x * r)`, `store q (…)`. */
export function textOf({ tensor, at, decision, take, as }: LockedChoice): string {
  const what = `${tensor}${at === undefined ? "" : ` (${at})`}`;
  switch (decision) {
    case "inline":
      return `compute ${what} inside its consumers`;
    case "compute":
      return `compute ${what} as ${as}`;
    case "one pass":
      return `compute ${what} in one pass over its keys`;
    case "winograd":
      return `filter ${what} by Winograd in ${take} tiles`;
    case "merge":
      return `compute ${what} in one kernel with others of its left factor`;
    case "schedule":
      return `compute ${what} by the schedule "${take}"`;
    case "store":
      return `store ${what}`;
  }
}
