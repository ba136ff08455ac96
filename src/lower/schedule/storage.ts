/** Where each stored tensor lies: which nodes share memory, and which lie in the caller's. */

import { Names } from "../../emit/names.ts";
import { sameShape } from "../../ir/builder.ts";
import type { DType } from "../../ir/dtype.ts";
import type { Hlir, Node, Shape } from "../../ir/hlir.ts";
import type { Place, Temporary } from "../../ir/llir.ts";
import { choicesOf, type EntryPlan, isGiven, type PlanStep, type Region } from "../../ir/plan.ts";
import type { Poly } from "../../ir/poly.ts";
import type { Span } from "../../ir/source.ts";
import { inPlaceSafe, readsOf } from "../plan-reads.ts";
import { placedParts } from "./parts.ts";

/** Memory of one tensor, or of several that follow each other in it. */
export type Slot = {
  /** Unique in the entry. */
  readonly key: string;
  /** What a kernel would call it. */
  readonly name: string;
  readonly place: Place;
  readonly shape: Shape;
  readonly dtype: DType;
  /** It is a part of the tensor that the place holds: of one of this shape, from these coordinates on. */
  readonly within?: { readonly shape: Shape; readonly at: readonly Poly[]; readonly name: string };
};

/** A tensor that must be brought elsewhere: to a loop's start, to its next iteration, to an output. */
export type Copy = { readonly from: Slot; readonly to: Slot; readonly span: Span };

export type Storage = {
  readonly slots: ReadonlyMap<Node, Slot>;
  readonly temporaries: readonly Omit<Temporary, "offset" | "bytes">[];
  /** Before a loop starts, and at the end of each of its iterations. */
  readonly starts: ReadonlyMap<Node, readonly Copy[]>;
  readonly turns: ReadonlyMap<Node, readonly Copy[]>;
  /** At the end of the entry. */
  readonly ends: readonly Copy[];
};

export function storageOf(plan: EntryPlan, hlir: Hlir, joinsInPlace: boolean): Storage {
  const nameOf = namer(plan);
  const slots = new Map<Node, Slot>();
  const names = new Names();
  const temporaries: Omit<Temporary, "offset" | "bytes">[] = [];
  const stored = new Set<Node>();
  for (const c of choicesOf(plan.body)) stored.add(c.root);
  const isStored = (n: Node) => stored.has(n) || isGiven(n);

  const temporary = (n: Node, wanted: string): Slot => {
    const name = names.give(`${n.id} ${wanted}`, wanted.replaceAll(".", "_"));
    temporaries.push({ name, shape: n.shape, dtype: n.dtype });
    return {
      key: `temporary ${name}`,
      name: lastPart(wanted),
      place: { kind: "temporary", name },
      shape: n.shape,
      dtype: n.dtype,
    };
  };

  /** Outputs and taps claim the tensors that are theirs alone. */
  const claimed = new Map<Node, Slot>();
  const ends: Move[] = [];
  for (const [kind, list] of [
    ["output", plan.entry.outputs],
    ["tap", plan.entry.taps],
  ] as const)
    for (const o of list) {
      const slot: Slot = {
        key: `${kind} ${o.name}`,
        name: o.name,
        place: { kind, name: o.name },
        shape: o.value.shape,
        dtype: o.value.dtype,
      };
      const free = o.value.cell === undefined && !claimed.has(o.value);
      const own = stored.has(o.value) || o.value.op.kind === "result";
      if (free && own) claimed.set(o.value, slot);
      else ends.push({ from: o.value, to: slot });
    }

  const slotOf = (n: Node): Slot => {
    const known = slots.get(n) ?? givenSlot(n, hlir) ?? claimed.get(n);
    if (known !== undefined) return known;
    return temporary(n, nameOf(n));
  };

  const starts = new Map<Node, Move[]>();
  const turns = new Map<Node, Move[]>();
  const visit = (region: Region) => {
    for (const step of region) {
      if (step.kind === "kernel")
        slots.set(step.choice.root, slots.get(step.choice.root) ?? slotOf(step.choice.root));
      else {
        carry(step, region);
        visit(step.body);
      }
    }
  };

  /** One slot for a carried value: its start, its param, its result of an iteration where that is safe, and its end. */
  function carry(step: PlanStep & { kind: "loop" }, region: Region): void {
    if (step.node.op.kind !== "loop") return;
    const { params, results } = step.node.op.loop;
    const before: Move[] = [];
    const after: Move[] = [];
    const finals = resultsOf(step.node, plan);
    for (const [i, param] of params.entries()) {
      if (param.cell !== undefined) continue;
      const start = step.node.inputs[i];
      const final = finals[i];
      const claim = final === undefined ? undefined : claimed.get(final);
      const shared = startsOnly(start, step, region) && !claimed.has(start);
      const slot =
        claim ??
        (shared ? slots.get(start) : undefined) ??
        temporary(param, nameOf(results[i]) || nameOf(param));
      if (shared && claim !== undefined) slots.set(start, claim);
      if (slots.get(start) !== slot) before.push({ from: start, to: slot });
      slots.set(param, slot);
      if (final !== undefined) slots.set(final, slot);
    }
    for (const [i, param] of params.entries()) {
      if (param.cell !== undefined || results[i] === param) continue;
      const slot = slots.get(param)!;
      if (turnsInPlace(step, i, isStored)) slots.set(results[i], slot);
      else
        after.push({
          from: results[i],
          held: params.includes(results[i]) ? temporary(param, `next_${slot.name}`) : undefined,
          to: slot,
        });
    }
    starts.set(step.node, before);
    turns.set(step.node, after);
  }

  visit(plan.body);
  const finalSlot = (n: Node): Slot => {
    const slot = slots.get(n) ?? givenSlot(n, hlir);
    if (slot === undefined) throw new Error(`${nameOf(n)} has no memory`);
    return slot;
  };
  for (const c of choicesOf(plan.body))
    for (const { node } of readsOf(c, isStored)) slots.set(node, finalSlot(node));
  const copies = (moves: readonly Move[]): Copy[] => {
    const held = moves.filter((m) => m.held !== undefined);
    return [
      ...held.map((m) => ({ from: finalSlot(m.from), to: m.held!, span: m.from.span })),
      ...moves.map((m) => ({ from: m.held ?? finalSlot(m.from), to: m.to, span: m.from.span })),
    ];
  };
  const result = {
    slots,
    starts: new Map([...starts].map(([n, moves]) => [n, copies(moves)])),
    turns: new Map([...turns].map(([n, moves]) => [n, copies(moves)])),
    ends: copies(ends),
  };
  const every = [...result.starts.values(), ...result.turns.values(), result.ends].flat();
  const copied = new Set(every.flatMap((c) => [c.from.key, c.to.key]));
  const parts = joinsInPlace ? placedParts(plan, { bounds: hlir.bounds, slots, copied }) : [];
  for (const [part, { whole, at }] of parts) {
    const { place } = slots.get(part)!;
    const name = place.kind === "temporary" ? place.name : nameOf(part);
    slots.set(part, {
      ...slots.get(whole)!,
      shape: part.shape,
      within: { shape: whole.shape, at, name },
    });
  }
  const used = new Set([...[...slots.values()].map((s) => s.key), ...copied]);
  return { ...result, temporaries: temporaries.filter((t) => used.has(`temporary ${t.name}`)) };
}

/** A copy to come; values that swap places are held in memory of their own on the way. */
type Move = { readonly from: Node; readonly held?: Slot; readonly to: Slot };

const lastPart = (name: string): string => name.split(".").at(-1) || name;

/** Names for tensors: their definition's, or the nearest definition that they go into and what they are of it. */
export function namer(plan: EntryPlan): (n: Node) => string {
  const users = new Map<Node, Node[]>();
  const note = (x: Node, user: Node) => users.set(x, [...(users.get(x) ?? []), user]);
  for (const c of choicesOf(plan.body))
    for (const n of [...c.inlined, c.root]) for (const x of n.inputs) note(x, n);
  const goal = (n: Node): string | undefined => {
    const seen = new Set([n]);
    const pending = [n];
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const name = next.name ?? (next.op.kind === "update" ? next.cell : undefined);
      if (name !== undefined) return name;
      for (const user of users.get(next) ?? []) {
        if (!seen.has(user)) pending.push(user);
        seen.add(user);
      }
    }
    return undefined;
  };
  return (n) => {
    if (n.name !== undefined) return n.name;
    const into = goal(n);
    return into === undefined ? n.op.kind : `${into}_${partOf(n)}`;
  };
}

/** What an unnamed tensor is of its definition. */
function partOf(n: Node): string {
  if (n.dtype === "bool") return "mask";
  if (n.op.kind === "reduce")
    return n.inputs[0].op.kind === "binary" && n.op.fn === "sum" ? "product" : n.op.fn;
  if (n.op.kind === "cumulate" || n.op.kind === "topk") return n.op.kind;
  return n.op.kind === "unary" ? n.op.fn : "part";
}

/** Memory that exists whatever the plan: of inputs, weights and states. */
export function givenSlot(n: Node, hlir: Hlir): Slot | undefined {
  const { shape, dtype } = n;
  if (n.cell !== undefined) {
    const name = n.cell.replaceAll(".", "_");
    const state = hlir.states.find((s) => s.name === n.cell);
    return {
      key: `state ${n.cell}`,
      name,
      place: { kind: "state", name: state?.name ?? n.cell },
      shape,
      dtype,
    };
  }
  if (n.op.kind === "input")
    return {
      key: `input ${n.op.name}`,
      name: n.op.name,
      place: { kind: "input", name: n.op.name },
      shape,
      dtype,
    };
  if (n.op.kind === "weight") {
    const { name } = n.op;
    return {
      key: `weight ${name}`,
      name: name.split(".").at(-1)!,
      place: { kind: "weight", name: name.replaceAll(".", "_") },
      shape,
      dtype,
    };
  }
  return undefined;
}

/** The result nodes of a loop by index, where anything uses them. */
function resultsOf(loop: Node, plan: EntryPlan): (Node | undefined)[] {
  const found: (Node | undefined)[] = [];
  const seen = new Set<Node>();
  const visit = (n: Node) => {
    if (seen.has(n)) return;
    seen.add(n);
    if (n.op.kind === "result" && n.inputs[0] === loop) found[n.op.index] = n;
    n.inputs.forEach(visit);
    if (n.op.kind === "loop") for (const r of n.op.loop.results) visit(r);
  };
  for (const o of [...plan.entry.outputs, ...plan.entry.taps, ...plan.entry.states]) visit(o.value);
  return found;
}

/** Nothing but this loop needs the value from here on, so the loop may overwrite it. */
function startsOnly(start: Node, step: PlanStep & { kind: "loop" }, region: Region): boolean {
  if (isGiven(start) || start.cell !== undefined) return false;
  const own = region.findIndex((s) => s.kind === "kernel" && s.choice.root === start);
  if (own < 0 || step.node.inputs.filter((x) => x === start).length !== 1) return false;
  const at = region.indexOf(step);
  const needs = (s: PlanStep): boolean =>
    s.kind === "kernel"
      ? [start, ...s.choice.inlined, s.choice.root].some((n) => n !== start && n.inputs.includes(start))
      : s.node.inputs.includes(start) || bodyNeeds(s, start);
  if (bodyNeeds(step, start)) return false;
  return !region.slice(at + 1).some(needs);
}

const bodyNeeds = (step: PlanStep & { kind: "loop" }, start: Node): boolean =>
  step.body.some((s) =>
    s.kind === "kernel"
      ? [...s.choice.inlined, s.choice.root].some((n) => n.inputs.includes(start))
      : s.node.inputs.includes(start) || bodyNeeds(s, start),
  ) ||
  (step.node.op.kind === "loop" && step.node.op.loop.results.includes(start));

/** The kernel that makes the next value may write over the current one: nothing reads that later, or out of step. */
function turnsInPlace(step: PlanStep & { kind: "loop" }, i: number, isStored: (n: Node) => boolean): boolean {
  if (step.node.op.kind !== "loop") return false;
  const { params, results } = step.node.op.loop;
  const [param, result] = [params[i], results[i]];
  const at = step.body.findIndex((s) => s.kind === "kernel" && s.choice.root === result);
  if (at < 0 || results.filter((r) => r === result).length !== 1 || results.includes(param)) return false;
  if (!sameShape(param.shape, result.shape)) return false;
  const later = step.body.slice(at + 1);
  if (later.some((s) => stepReads(s, param, isStored))) return false;
  const own = step.body[at];
  return own.kind === "kernel" && inPlaceSafe(own.choice, param, isStored);
}

function stepReads(s: PlanStep, n: Node, isStored: (n: Node) => boolean): boolean {
  if (s.kind === "kernel") return readsOf(s.choice, isStored).some((r) => r.node === n);
  return (
    s.node.inputs.includes(n) ||
    s.body.some((inner) => stepReads(inner, n, isStored)) ||
    (s.node.op.kind === "loop" && s.node.op.loop.results.includes(n))
  );
}
