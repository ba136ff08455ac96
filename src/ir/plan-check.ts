/** What must hold of a Plan, proved again from the nodes: everything needed is stored or computed, in order. */

import { type Around, carriedBy, kernelsOfRegion, mergeFault } from "../lower/merged.ts";
import { attentionHolds, attentionOf } from "../lower/plan-attention.ts";
import { contractionOf } from "../lower/plan-contraction.ts";
import { usesOf } from "../lower/plan-reads.ts";
import { mayHave } from "../lower/plan-schedule.ts";
import { winogradApplies } from "../lower/schedule/winograd.ts";
import type { Node } from "./hlir.ts";
import { rootsOf } from "./hlir.ts";
import {
  type AttentionForm,
  type Choice,
  type ContractionForm,
  choicesOf,
  domainOf,
  type EntryPlan,
  isGiven,
  type Plan,
  type Region,
  scheduleOf,
} from "./plan.ts";
import { checkOrder, label } from "./plan-check-order.ts";

/** Throws with every fault that it finds; `step` is the one that made the plan. */
export function checkPlan(plan: Plan, step: string): void {
  const faults: string[] = [];
  for (const e of plan.entries) checkEntry(e, plan, (text) => faults.push(`${e.entry.name}: ${text}`));
  if (faults.length > 0) throw new Error(`after ${step}, the plan is wrong:\n  ${faults.join("\n  ")}`);
}

type Report = (fault: string) => void;

function checkEntry(e: EntryPlan, plan: Plan, report: Report): void {
  const roots = [...choicesOf(e.body)].map((c) => c.root);
  const stored = new Set(roots);
  if (stored.size !== roots.length) report("a tensor is stored by two kernels");
  for (const n of rootsOf(e.entry))
    if (!stored.has(n) && !isGiven(n)) report(`${label(n)} is a result and not stored`);
  const isStored = (n: Node) => stored.has(n) || isGiven(n);
  for (const c of choicesOf(e.body)) checkChoice(c, plan, isStored, report);
  checkMerged(e.body, { bounds: plan.hlir.bounds, isStored, carried: [] }, report);
  checkOrder(e, isStored, report);
}

/** Products in one kernel stand together, have one left factor, and don't depend on each other. */
function checkMerged(region: Region, around: Around, report: Report): void {
  for (const steps of kernelsOfRegion(region)) {
    const members: Choice[] = [];
    for (const s of steps) {
      if (s.kind === "loop") {
        checkMerged(s.body, { ...around, carried: carriedBy(s) }, report);
        continue;
      }
      const { choice } = s;
      const fault =
        members.length > 0
          ? mergeFault(choice, members, around)
          : choice.joined === undefined
            ? undefined
            : "does not stand behind it";
      if (fault !== undefined)
        report(`${label(choice.root)} in the kernel of ${label(choice.joined!)} ${fault}`);
      members.push(choice);
    }
    if (members.length > 1)
      for (const { root, implementation: i } of members)
        if (i.family === "contraction" && i.schedule !== undefined)
          report(`${label(root)} has a schedule of its own in a kernel of several products`);
  }
}

/** All that the kernel computes inside can be computed there, and its family's premises hold. */
function checkChoice(c: Choice, plan: Plan, isStored: (n: Node) => boolean, report: Report): void {
  const inlined = new Set(c.inlined);
  const anchors = new Set<Node>(
    c.implementation.family === "reduction"
      ? c.implementation.reduces
      : c.implementation.family === "contraction"
        ? [c.implementation.anchor]
        : c.implementation.family === "attention"
          ? sumsOf(c.implementation.form)
          : [],
  );
  for (const n of usesOf(c, isStored).keys()) {
    const own =
      n.op.kind === "reduce"
        ? anchors.has(n)
        : [
            "unary",
            "binary",
            "select",
            "cast",
            "bitcast",
            "view",
            "gather",
            "constant",
            "data",
            "iota",
          ].includes(n.op.kind);
    if (!inlined.has(n) || !own)
      report(`${label(c.root)} needs ${label(n)}, which is neither stored nor computed in it`);
  }
  const { implementation: i } = c;
  if (i.family === "contraction") {
    const again = contractionOf(i.anchor, i.anchor.shape.length - 1, plan.hlir.bounds);
    const axes = (f: typeof i.form) =>
      [[...f.batch].sort().join(), [...f.k].sort().join(), [f.m.join(), f.n.join()].sort().join("|")].join(
        ";",
      );
    if (again === undefined || axes(again) !== axes(i.form))
      report(`${label(c.root)} is no such contraction`);
    if (i.winograd !== undefined && !winogradApplies(c, plan.hlir.bounds, isStored))
      report(`${label(c.root)} is no 3x3 convolution of stride 1 with constant filters`);
  }
  const schedule = scheduleOf(c);
  if (schedule !== undefined && !mayHave(c, schedule, plan.hlir.bounds, isStored))
    report(`${label(c.root)} can't have the schedule "${schedule}"`);
  if (i.family === "attention") {
    const { form } = i;
    const again = attentionOf(form.weighted, plan.hlir.bounds, (e, axes) =>
      isTotal(form.total, e, axes) ? form.total : undefined,
    );
    if (again === undefined || !sameAttention(again, form) || !attentionHolds(c, isStored))
      report(`${label(c.root)} is no such attention`);
  }
  if (i.family === "reduction") {
    const rank = domainOf(c.root).length;
    if (i.outer.some((a) => a < 0 || a >= rank))
      report(`${label(c.root)} has rows along axes that it has not`);
    if (i.reduces.some((r) => r.op.kind !== "reduce")) report(`${label(c.root)} folds what is no reduction`);
  }
}

const sumsOf = (f: AttentionForm): Node[] => [f.dot, f.greatest, f.total, f.weighted];

const isTotal = (n: Node, exponential: Node, axes: readonly number[]): boolean =>
  n.op.kind === "reduce" &&
  n.op.fn === "sum" &&
  n.inputs[0] === exponential &&
  n.op.axes.join() === axes.join();

function sameAttention(a: AttentionForm, b: AttentionForm): boolean {
  const nodes = (f: AttentionForm) => [f.score, f.exponential, ...sumsOf(f)].map((n) => n.id).join();
  const product = (f: ContractionForm) =>
    [f.batch, f.m, f.n, f.k, f.a.map((n) => n.id), f.b.map((n) => n.id)].map((x) => x.join()).join(";");
  return (
    nodes(a) === nodes(b) &&
    product(a.dotForm) === product(b.dotForm) &&
    product(a.weightedForm) === product(b.weightedForm)
  );
}
