/**
 * What `lumc explain` says, as data: the kernels of each plan with their cost against the machine's limits, the
 * choices that were taken with the rules behind them, and those that were not with what they would cost.
 */
import { fileURLToPath } from "node:url";
import { placeOf } from "../diagnostics.ts";
import type { Bucket } from "../ir/bucket.ts";
import type { Hlir, Node } from "../ir/hlir.ts";
import { rootsOf } from "../ir/hlir.ts";
import { typeText } from "../ir/hlir-print.ts";
import { type Choice, choicesOf, domainOf, type EntryPlan, type Plan, storedIn } from "../ir/plan.ts";
import { positionOf, spanText } from "../ir/source.ts";
import { readsOf } from "../lower/plan-reads.ts";
import { type KernelCost, type PlanCost, planCost } from "../search/cost.ts";
import { allNodes } from "../search/encode.ts";
import { keysOf } from "../search/keys.ts";
import {
  choicesOfGenome,
  familyText,
  formText,
  kernelLabels,
  type LockedChoice,
  type Naming,
} from "../search/lock.ts";
import { type KernelTime, kernelTimes } from "../search/measure/kernel-times.ts";
import type { Measurer } from "../search/measure/measure.ts";
import { type MeasuredPlan, type MeasuredProgram, measuredPlan } from "../search/measure/told.ts";
import { tooWide } from "../search/one-pass.ts";
import { pointsOf } from "../search/points.ts";
import { textOf } from "../search/replay.ts";
import { type Judged, judge, type Rival } from "../search/rivals.ts";
import type { Searched } from "../search/search.ts";
import { nodeText } from "../search/term-text.ts";
import { trace } from "../search/trace.ts";
import { genericCpu, type Machine } from "../targets/machines.ts";
import { lossText } from "./units.ts";

export type KernelReport = {
  readonly id: number;
  readonly entry: string;
  readonly computes: string;
  /** file:line:column of the definition, its text, and the line alone. */
  readonly place: string;
  readonly line: number;
  readonly file: string;
  readonly source: string;
  readonly type: string;
  readonly family: string;
  /** Another one's kernel computes it as well. */
  readonly joined: boolean;
  readonly form: string;
  /** Other definitions that are computed inside. */
  readonly fused: readonly string[];
  /** Lines that it computes a part of. */
  readonly lines: readonly { readonly file: string; readonly line: number }[];
  /** Tensors read from memory. */
  readonly reads: readonly string[];
  /** Why its result is in memory. */
  readonly stored: string;
  /** Calls in one call of the entry. */
  readonly runs: number;
  /** At each of the plan's points, all calls together. */
  readonly costs: readonly KernelCostReport[];
  readonly choices: readonly ChoiceReport[];
  readonly rejected: readonly RivalReport[];
};

export type KernelCostReport = {
  readonly seconds: number;
  /** As measured on this machine, where that was asked for. */
  readonly measured?: number;
  readonly bytes: number;
  readonly operations: number;
  readonly bound: "memory" | "compute" | "launch";
  /** Of the plan's time. */
  readonly share: number;
  /** The roofline's time, by memory's rate and the rate of products, as a share of its own: 1 is as fast as can be. */
  readonly ofLimit: number;
};

/** Not worth more than a line. */
export const isTiny = (k: KernelReport, point: number): boolean => k.costs[point].share < 0.0005;

export type ChoiceReport = { readonly text: string; readonly rules: readonly string[] };

export type RivalReport = ChoiceReport & {
  /** The plan's time with it over its time without: 1.05 is 5 % more. Undefined: no kernel could compute it. */
  readonly share: number | undefined;
};

/** Whole programs on this machine: the taken one first, then by time. */
export type ProgramReport = Omit<MeasuredProgram, "adds" | "lacks"> & {
  /** What it does, and doesn't do, unlike the taken one. */
  readonly adds: readonly string[];
  readonly lacks: readonly string[];
};

export type MeasuredReport = Omit<MeasuredPlan, "programs"> & {
  readonly programs?: readonly ProgramReport[];
};

export type PlanReport = {
  readonly bucket: string;
  readonly points: readonly { readonly dims: string; readonly seconds: number; readonly direct: number }[];
  /** Of the direct plan's time. */
  readonly share: number;
  readonly evaluated: number;
  readonly measured?: MeasuredReport;
  readonly phases: readonly { readonly name: string; readonly ms: number; readonly rows: number }[];
  readonly kernels: readonly KernelReport[];
  readonly taken: readonly ChoiceReport[];
  /** Of all kernels, the nearest first. */
  readonly rejected: readonly RivalReport[];
};

export type Report = {
  readonly model: string;
  readonly file: string;
  readonly target: string;
  readonly machine: {
    readonly name: string;
    readonly bytesPerSecond: number;
    readonly contractionRate: number;
    /** What those products are of, where others have other rates. */
    readonly contractionOf?: string;
    readonly vectorRate: number;
  };
  readonly search: string;
  readonly plans: readonly PlanReport[];
};

/** The plan with everything that a drawing needs beside its report. */
export type Explained = {
  readonly report: PlanReport;
  readonly model: Hlir;
  readonly plan: Plan;
  /** For the model's tensors the kernel that computes each; those that rules replaced have none. */
  readonly kernelOf: ReadonlyMap<Node, KernelReport>;
};

export type ExplainInput = {
  readonly bucket: string;
  readonly model: Hlir;
  readonly searched: Searched;
  readonly elsewhere?: readonly Bucket[];
  /** Elements of a query or a value that the target's attention in one pass has room for, where that is a limit. */
  readonly widest?: number;
};

export const machineReport = (m: Machine): Report["machine"] => ({
  name: m.name,
  bytesPerSecond: m.levels.at(-1)!.bytesPerSecond,
  contractionRate: m.contractionRate,
  ...(m.contractionOf === undefined ? {} : { contractionOf: m.contractionOf }),
  vectorRate: m.vectorRate,
});

export async function explainSearched(
  { bucket, model, searched, elsewhere, widest }: ExplainInput,
  machine: Machine = genericCpu,
  measurer?: Measurer,
): Promise<Explained> {
  const nodes = allNodes(model);
  const { space } = searched;
  const keys = keysOf(nodes, space);
  const naming: Naming = { nodes, space, keys, traced: await trace(model, nodes, space.limits) };
  const judged = judge(model, searched, naming, { machine, elsewhere });
  const { plan } = judged;
  const points = pointsOf(model.bounds, elsewhere);
  const costs = points.map((p) => planCost(plan, machine, p.bounds));
  const dims = points.map((p) => p.dims);
  const times = measurer && (await kernelTimes(plan, dims, measurer));
  const choices = choicesOfGenome(searched.genome, naming);
  const owner = ownersOf(plan);
  const ownChoices = groupBy(choices, (c) => ownerOfChoice(c, judged, naming, owner));
  const news = newsOf(judged.rivals);
  const ownRivals = groupBy(news, (r) => r.about && owner.get(r.about));
  const wide = widest === undefined ? [] : tooWide(model, widest);
  const kernels: KernelReport[] = [];
  for (const entry of plan.entries) {
    const isStored = storedIn(entry);
    const label = kernelLabels(entry);
    for (const c of choicesOf(entry.body))
      kernels.push({
        id: kernels.length,
        computes: label(c.root),
        ...describe(c, entry, isStored),
        runs: costs[0].kernels.get(c)!.runs,
        stored: wideText(c, wide, widest) ?? whyStored(c, entry, judged),
        costs: costs.map((cost, i) => {
          const k = cost.kernels.get(c)!;
          const seconds = k.seconds * k.runs;
          const limit = k.runs * limitOf(k, machine);
          return {
            seconds,
            ...(times && { measured: measuredSeconds(times.get(c), c, i, cost) }),
            bytes: k.bytes * k.runs,
            operations: k.operations * k.runs,
            bound: k.bound,
            share: seconds / cost.seconds,
            ofLimit: Math.min(1, limit / seconds),
          };
        }),
        choices: (ownChoices.get(c) ?? []).map(choiceReport),
        rejected: (ownRivals.get(c) ?? []).map(rivalReport),
      });
  }
  const report: PlanReport = {
    bucket,
    points: searched.points.map((p) => ({
      dims: dimsText(p.dims),
      seconds: p.seconds,
      direct: p.directSeconds,
    })),
    share: searched.share,
    evaluated: searched.evaluated,
    ...measuredReport(searched, naming),
    phases: searched.phases,
    kernels,
    taken: choices.map(choiceReport),
    rejected: news.map(rivalReport),
  };
  return { report, model, plan, kernelOf: kernelsByNode(nodes, judged, kernels) };
}

function measuredReport(searched: Searched, naming: Naming): { readonly measured?: MeasuredReport } {
  const measured = measuredPlan(searched, (g) => choicesOfGenome(g, naming));
  if (measured === undefined) return {};
  const texts = (all: MeasuredProgram["adds"] = []) => all.map(textOf);
  const programs = measured.programs?.map((p) => ({ ...p, adds: texts(p.adds), lacks: texts(p.lacks) }));
  return { measured: { ...measured, programs } };
}

function kernelsByNode(
  nodes: readonly Node[],
  { plan, rebuilt }: Judged,
  kernels: readonly KernelReport[],
): Map<Node, KernelReport> {
  const all = plan.entries.flatMap((e) => [...choicesOf(e.body)]);
  const owner = ownersOf(plan);
  const byKey = new Map([...rebuilt.keyOf].map(([n, key]) => [key, n]));
  return new Map(
    nodes.flatMap((n) => {
      const made = byKey.get(`n${n.id}`);
      const choice = made === undefined ? undefined : owner.get(made);
      return choice === undefined ? [] : [[n, kernels[all.indexOf(choice)]] as const];
    }),
  );
}

/** Steps that lead to another plan, of those that read alike the best. */
function newsOf(rivals: readonly Rival[]): readonly Rival[] {
  const seen = new Set<string>();
  return rivals.filter((r) => {
    const { text } = rivalReport(r);
    const isNew = !r.idle && !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

/**
 * What several choices take together is divided as the estimates are. A concatenation has no kernel and takes no time
 * where its parts lie in place.
 */
function measuredSeconds(
  time: KernelTime | undefined,
  c: Choice,
  point: number,
  { kernels }: PlanCost,
): number {
  if (time === undefined) return 0;
  const estimate = (x: Choice): number => kernels.get(x)!.seconds;
  const all = time.choices.reduce((sum, x) => sum + estimate(x), 0);
  return (time.seconds[point] * estimate(c)) / all;
}

const limitOf = ({ bytes, operations, peak }: KernelCost, m: Machine): number =>
  Math.max(bytes / m.levels.at(-1)!.bytesPerSecond, operations / (peak ?? m.contractionRate));

function describe(c: Choice, plan: EntryPlan, isStored: (n: Node) => boolean) {
  const { root } = c;
  const names = c.inlined.flatMap((n) => (n.name === undefined || n.name === root.name ? [] : [n.name]));
  return {
    entry: plan.entry.name,
    place: `${readablePath(root.span.file.path)}${placeOf(root.span).slice(root.span.file.path.length)}`,
    line: positionOf(root.span.file, root.span.start).line,
    file: readablePath(root.span.file.path),
    source: spanText(root.span),
    type: typeText(domainOf(root), root.dtype),
    family: familyText(c, c.joined && kernelLabels(plan)),
    joined: c.joined !== undefined,
    form: formText(c),
    fused: [...new Set(names)],
    lines: linesOf([root, ...c.inlined.filter((n) => n.name !== undefined)]),
    reads: [...new Set(readsOf(c, isStored).map((r) => nodeText(r.node)))],
  };
}

/** `std/nn.lum` wherever the standard library lies. */
const readablePath = (path: string): string => {
  const library = fileURLToPath(new URL("../../std/", import.meta.url));
  return path.startsWith(library) ? `std/${path.slice(library.length)}` : path;
};

function linesOf(nodes: readonly Node[]): KernelReport["lines"] {
  const found = new Map<string, { file: string; line: number }>();
  for (const { span } of nodes) {
    const place = { file: readablePath(span.file.path), line: positionOf(span.file, span.start).line };
    found.set(`${place.file}:${place.line}`, place);
  }
  return [...found.values()];
}

const choiceReport = (c: LockedChoice): ChoiceReport => ({ text: textOf(c), rules: c.rules ?? [] });

function rivalReport(r: Rival): RivalReport {
  const texts = [
    ...r.adds.map(textOf),
    ...r.undoes.filter((u) => !replaced(u, r)).map((u) => `not ${textOf(u)}`),
  ];
  const rules = [...new Set([...r.adds, ...r.undoes].flatMap((c) => c.rules ?? []))].sort();
  // A loss explains itself.
  const slower = r.share !== undefined && r.share < 1 && r.slowerAt !== undefined;
  const why = slower ? `: slower than the direct plan at ${dimsText(r.slowerAt.dims)}` : "";
  return { text: `${texts.join("; ")}${why}`, rules, share: r.share };
}

const dimsText = (dims: ReadonlyMap<string, number>): string =>
  [...dims].map(([name, value]) => `${name}=${value}`).join(", ");

const replaced = (u: LockedChoice, r: Rival): boolean =>
  r.adds.some((a) => a.of === u.of && a.decision === u.decision);

/** The kernel that computes a node, of several the first. */
function ownersOf(plan: Plan): Map<Node, Choice> {
  const owner = new Map<Node, Choice>();
  const all = plan.entries.flatMap((e) => [...choicesOf(e.body)]);
  for (const c of all) owner.set(c.root, c);
  for (const c of all) for (const n of c.inlined) if (!owner.has(n)) owner.set(n, c);
  return owner;
}

function ownerOfChoice(
  c: LockedChoice,
  { rebuilt }: Judged,
  { nodes, keys, space }: Naming,
  owner: ReadonlyMap<Node, Choice>,
): Choice | undefined {
  const node = nodes.find((n) => `node ${keys.ofNode(n)}` === c.of);
  const id = node === undefined ? undefined : space.classOf.get(node);
  for (const [n, at] of rebuilt.classOf)
    if ((id === undefined ? `class ${keys.ofClass(at)}` === c.of : at === id) && owner.has(n))
      return owner.get(n);
  return undefined;
}

/** Of the scores of an attention that is too wide for one pass. */
function wideText(
  { implementation: i }: Choice,
  wide: ReturnType<typeof tooWide>,
  widest = 0,
): string | undefined {
  if (i.family !== "contraction") return undefined;
  const { file, start } = i.anchor.span;
  const found = wide.find(({ scores }) => scores.file === file && scores.start === start);
  if (found === undefined) return undefined;
  return `the attention is not computed in one pass: its queries or values have ${found.width} elements, the kernel has room for ${widest}`;
}

function whyStored(c: Choice, { entry }: EntryPlan, { rivals }: Judged): string {
  const { root } = c;
  const outputs = entry.outputs.filter((o) => o.value === root).map((o) => o.name);
  if (outputs.length > 0) return `it is the output ${outputs.join(", ")}`;
  if (root.cell !== undefined) return `it is the state ${root.cell}`;
  if (entry.taps.some((t) => t.value === root)) return "it is a tap";
  if (rootsOf(entry).includes(root)) return "it is a result";
  const inside = rivals.find((r) => r.about === root && r.adds.some((a) => a.decision === "inline"));
  if (inside === undefined) return "a loop carries it, or a kernel of its own must compute it";
  if (inside.idle || inside.share === undefined) return "no kernel that reads it could compute it inside";
  const loss = lossText(inside.share);
  return `to compute it inside its consumers would ${loss === "same" ? "take as long" : `cost ${loss}`}`;
}

function groupBy<T, K>(all: readonly T[], keyOf: (x: T) => K | undefined): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const x of all) {
    const key = keyOf(x);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), x]);
  }
  return groups;
}
