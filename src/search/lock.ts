/**
 * What the search decided, as it is written into `lumc.lock.json`: choices by keys that survive a rerun, and the
 * kernels that follow from them. The same choices read back give the same plan without a search.
 */
import { createHash } from "node:crypto";
import { type Bucket, bucketText } from "../ir/bucket.ts";
import { isKeySplit } from "../ir/cuts.ts";
import type { Hlir, Node } from "../ir/hlir.ts";
import { printHlir } from "../ir/hlir-print.ts";
import {
  type BucketPlan,
  type Choice,
  type ContractionSchedule,
  choicesOf,
  type EntryPlan,
  isContractionSchedule,
  type Plan,
  scheduleOf,
  winogradTileText,
} from "../ir/plan.ts";
import { printPoly } from "../ir/poly.ts";
import { namer } from "../lower/schedule/storage.ts";
import { genericCpu } from "../targets/machines.ts";
import { allNodes } from "./encode.ts";
import type { Genome } from "./genome.ts";
import { type Keys, keysOf } from "./keys.ts";
import { type MeasuredPlan, measuredPlan } from "./measure/told.ts";
import { usualLimits } from "./saturate.ts";
import { type Searched, type SearchOptions, usualEvaluations } from "./search.ts";
import type { Space } from "./space.ts";
import { candidateText, classText, nodeText, shortPlace } from "./term-text.ts";
import { type Trace, trace } from "./trace.ts";

/** One decision that differs from the direct plan's. */
export type LockedChoice = {
  /** The tensor that it is about, for a reader. */
  readonly tensor: string;
  /** The line of a tensor of the model. */
  readonly at?: string;
  readonly decision: "compute" | "store" | "inline" | "one pass" | "winograd" | "merge" | "schedule";
  /** What is meant: `node` and the key of a tensor of the model, or `class` and that of one that rules made. */
  readonly of: string;
  /** For `compute`: the key of the term that is taken, and its text. For `schedule` and `winograd`: which. */
  readonly take?: string;
  readonly as?: string;
  /** The rules that made the term and those in it. */
  readonly rules?: readonly string[];
};

export type LockedKernel = {
  readonly entry: string;
  readonly tensor: string;
  readonly at: string;
  readonly family: string;
  readonly form: string;
  /** Other definitions computed inside. */
  readonly inside: readonly string[];
};

export type LockedPlan = {
  /** `s=1`; `any` for all values that no bucket holds. */
  readonly bucket: string;
  /** What the analytic model says of it, absent where nothing was searched. */
  readonly cost?: {
    readonly share: number;
    readonly points: readonly { readonly dims: string; readonly seconds: number; readonly direct: number }[];
  };
  readonly choices: readonly LockedChoice[];
  readonly kernels: readonly LockedKernel[];
  /** The rules ran out of time: another run may find other choices, on this machine too. */
  readonly late?: true;
  /** What timing it and the runners-up on a machine has shown, where that was asked for. */
  readonly measured?: MeasuredPlan;
};

export type LockedSearch =
  | { readonly by: "direct" }
  | {
      readonly by: "search";
      readonly machine: string;
      readonly seed: number;
      readonly evaluations: number;
      /** Megabytes that the rules might take, where that was said. */
      readonly memory?: number;
      /** Kernels were timed as well: another run may choose otherwise. */
      readonly measured?: true;
    };

/** The part of the lock file that is known before the project is emitted. */
export type LockPart = {
  /** Of the model as it was elaborated: settings and the standard library included. */
  readonly hash: string;
  readonly search: LockedSearch;
  readonly plans: readonly LockedPlan[];
};

/** What else is needed to find the same plans again. */
export const lockedSearch = ({
  machine,
  seed,
  evaluations,
  limits = usualLimits,
  measure,
}: SearchOptions = {}): LockedSearch => ({
  by: "search",
  machine: (machine ?? genericCpu).name,
  seed: seed ?? 1,
  evaluations: evaluations ?? usualEvaluations,
  ...(limits.memoryBytes === usualLimits.memoryBytes ? {} : { memory: limits.memoryBytes / 2 ** 20 }),
  ...(measure === undefined ? {} : { measured: true }),
});

export const modelHash = (h: Hlir): string =>
  createHash("sha256").update(printHlir(h)).digest("hex").slice(0, 32);

const anyBucket = "any";

const directPlanLock = (bucket: string, plan: Plan): LockedPlan => ({
  bucket,
  choices: [],
  kernels: kernelsOf(plan),
});

async function searchedPlan(bucket: string, model: Hlir, s: Searched): Promise<LockedPlan> {
  const choices = await lockedChoices(model, allNodes(model), s.space, s.genome);
  const points = s.points.map((p) => ({
    dims: [...p.dims].map(([name, value]) => `${name}=${value}`).join(","),
    seconds: rounded(p.seconds),
    direct: rounded(p.directSeconds),
  }));
  const cost = { share: rounded(s.share), points };
  const late = s.late ? { late: true as const } : {};
  return { bucket, cost, choices, kernels: kernelsOf(s.plan), ...late, ...measuredPart(model, s) };
}

function measuredPart(model: Hlir, s: Searched): { readonly measured?: MeasuredPlan } {
  if (s.measured === undefined) return {};
  const nodes = allNodes(model);
  const naming = { nodes, space: s.space, keys: keysOf(nodes, s.space) };
  return { measured: measuredPlan(s, (g) => choicesOfGenome(g, naming)) };
}

const rounded = (x: number): number => Number(x.toPrecision(6));

async function lockedChoices(
  model: Hlir,
  nodes: readonly Node[],
  space: Space,
  genome: Genome,
): Promise<LockedChoice[]> {
  const terms = genome.nodes.size + genome.classes.size + genome.onePass.size;
  const others = genome.inline.size + genome.winograd.size + genome.merged.size + genome.schedules.size;
  if (terms + others === 0) return [];
  const keys = keysOf(nodes, space);
  const traced = terms === 0 ? undefined : await trace(model, nodes, space.limits);
  return choicesOfGenome(genome, { nodes, space, keys, traced });
}

export type Naming = {
  readonly nodes: readonly Node[];
  readonly space: Space;
  readonly keys: Keys;
  readonly traced?: Trace;
};

/** Every decision of a genome, in an order of its own. */
export function choicesOfGenome(genome: Genome, naming: Naming): LockedChoice[] {
  const { nodes, space, keys } = naming;
  const byId = new Map(nodes.map((n) => [n.id, n]));
  const aboutNode = (n: Node) => ({ tensor: nodeText(n), at: shortPlace(n), of: `node ${keys.ofNode(n)}` });
  const aboutClass = (c: number) => {
    const first = space.candidates.get(c)?.[0];
    const at = first?.kind === "node" ? { at: shortPlace(first.node) } : {};
    return { tensor: classText(c, space), ...at, of: `class ${keys.ofClass(c)}` };
  };
  const about = (key: string) =>
    key.startsWith("n") ? aboutNode(byId.get(Number(key.slice(1)))!) : aboutClass(Number(key.slice(1)));
  const taken = (c: number, at: number) => {
    const candidate = space.candidates.get(c)![at];
    const rules = rulesOf(c, at, naming);
    return {
      decision: "compute" as const,
      take: keys.ofCandidate(candidate),
      as: candidateText(candidate, space),
      rules,
    };
  };
  // A decision of a new kind fails to compile here until it is written.
  const written: { readonly [K in keyof Genome]: LockedChoice[] } = {
    nodes: [...genome.nodes].map(([id, at]) => {
      const n = byId.get(id)!;
      return { ...aboutNode(n), ...taken(space.classOf.get(n)!, at) };
    }),
    classes: [...genome.classes].map(([c, at]) => ({ ...aboutClass(c), ...taken(c, at) })),
    inline: [...genome.inline].map(([key, inline]) => ({
      ...about(key),
      decision: inline ? "inline" : "store",
    })),
    onePass: [...genome.onePass].map((c) => ({
      ...aboutClass(c),
      decision: "one pass",
      rules: naming.traced?.onePass.get(keys.ofClass(c)) ?? [],
    })),
    winograd: [...genome.winograd].map(([key, tile]) => ({
      ...about(key),
      decision: "winograd",
      take: winogradTileText(tile),
    })),
    merged: [...genome.merged].map((key) => ({ ...about(key), decision: "merge" })),
    schedules: [...genome.schedules].map(([key, take]) => ({ ...about(key), decision: "schedule", take })),
  };
  const order = (c: LockedChoice): string => [c.at ?? "~", c.tensor, c.decision, c.of, c.take].join("\n");
  return Object.values(written)
    .flat()
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Rules that made the term, and those of the terms that it is made of, as far as no node of the model computes them. */
export function rulesOf(c: number, at: number, { space, keys, traced }: Naming): string[] {
  if (traced === undefined) return [];
  const rules = new Set<string>();
  const seen = new Set<number>();
  const visit = (owner: number, index: number): void => {
    const candidate = space.candidates.get(owner)?.[index];
    if (candidate === undefined) return;
    const found =
      candidate.kind === "node"
        ? traced.joined.get(keys.ofClass(owner))
        : traced.made.get(keys.ofTerm(candidate.term));
    for (const rule of found ?? []) rules.add(rule);
    if (candidate.kind === "node") return;
    for (const o of candidate.term.operands) {
      if (!("class" in o) || seen.has(o.class) || space.candidates.get(o.class)?.[0].kind === "node")
        continue;
      seen.add(o.class);
      visit(o.class, 0);
    }
  };
  visit(c, at);
  return [...rules].sort();
}

/** What a kernel's result is called: as in the emitted project, but what it writes to a state in full. */
export function kernelLabels(plan: EntryPlan): (root: Node) => string {
  const name = namer(plan);
  return (root) => (root.op.kind === "update" ? nodeText(root) : name(root));
}

export const kernelsOf = (plan: Plan): LockedKernel[] =>
  plan.entries.flatMap((e) => {
    const label = kernelLabels(e);
    return [...choicesOf(e.body)].map((c) => ({
      entry: e.entry.name,
      tensor: label(c.root),
      at: shortPlace(c.root),
      family: familyText(c, label),
      form: formText(c),
      inside: [
        ...new Set(
          c.inlined.flatMap((n) => (n.name === undefined || n.name === c.root.name ? [] : [n.name])),
        ),
      ],
    }));
  });

/** How a tensor is computed, and by whose kernel where that is another's. */
export function familyText(c: Choice, labelOf: (root: Node) => string = nodeText): string {
  const own = implementationText(c);
  return c.joined === undefined ? own : `${own} in the kernel of ${labelOf(c.joined)}`;
}

function implementationText(c: Choice): string {
  const { implementation: i } = c;
  if (i.family === "contraction" && i.winograd !== undefined)
    return `contraction by Winograd in ${winogradTileText(i.winograd)} tiles`;
  const schedule = scheduleOf(c);
  if (schedule === undefined) return i.family;
  return isContractionSchedule(schedule)
    ? `${i.family} ${scheduleWords[schedule]}`
    : `${i.family} ${isKeySplit(schedule) ? "with" : "by"} ${schedule}`;
}

const scheduleWords: { readonly [S in ContractionSchedule]: string } = {
  "wide tile": "in wide tiles",
  "tall tile": "in tall tiles",
  packed: "with packed factors",
  "in place": "in place",
  "split depth": "split over its depth",
};

/** The sizes that the family's parameters are chosen from. */
export function formText({ root, implementation: i }: Choice): string {
  const product = (anchor: Node, form: { [K in "batch" | "m" | "n" | "k"]: readonly number[] }): string =>
    (["batch", "m", "n", "k"] as const)
      .filter((part) => form[part].length > 0)
      .map((part) => `${part} ${form[part].map((a) => printPoly(anchor.inputs[0].shape[a])).join(" x ")}`)
      .join(", ");
  switch (i.family) {
    case "contraction":
      return product(i.anchor, i.form);
    case "attention":
      return `scores ${product(i.form.dot, i.form.dotForm)}; sums ${product(i.form.weighted, i.form.weightedForm)}`;
    case "reduction":
      return `rows ${i.outer.map((a) => printPoly(root.shape[a])).join(" x ") || "1"}, ${i.reduces.map(foldText).join(", ")}`;
    default:
      return `[${root.shape.map((p) => printPoly(p)).join(", ")}]`;
  }
}

const foldText = (n: Node): string =>
  n.op.kind === "reduce"
    ? `${n.op.fn} over ${n.op.axes.map((a) => printPoly(n.inputs[0].shape[a])).join(" x ")}`
    : n.op.kind;

/** The lock of plans that the search found; `model` and those of the buckets are what was searched. */
export async function searchedLockOf(
  model: Hlir,
  searched: Searched,
  buckets: readonly { readonly bucket: Bucket; readonly model: Hlir; readonly searched: Searched }[],
  options?: SearchOptions,
): Promise<LockPart> {
  const plans = [await searchedPlan(anyBucket, model, searched)];
  for (const b of buckets) plans.push(await searchedPlan(bucketText(b.bucket), b.model, b.searched));
  return { hash: modelHash(model), search: lockedSearch(options), plans };
}

/** The lock of plans that follow from the fixed rules alone. */
export const directLockOf = (model: Hlir, planned: Plan, buckets: readonly BucketPlan[]): LockPart => ({
  hash: modelHash(model),
  search: { by: "direct" },
  plans: [
    directPlanLock(anyBucket, planned),
    ...buckets.map((b) => directPlanLock(bucketText(b.bucket), b.plan)),
  ],
});
