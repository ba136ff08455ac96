/**
 * What a kernel reads is there by then. All versions of a state share its memory, so the proof walks through the
 * steps and keeps account of which version that memory holds.
 */
import { readsOf } from "../lower/plan-reads.ts";
import { isPoly, type Node } from "./hlir.ts";
import { type Choice, type EntryPlan, isGiven, type Region } from "./plan.ts";

type Report = (fault: string) => void;

export const label = (n: Node): string => n.name ?? `${n.op.kind} ${n.id}`;

type Walk = { readonly isStored: (n: Node) => boolean; readonly report: Report };

/** By state, what its memory holds: an update, a param or the loop that was the last to write; none: what it held at the call. */
type Held = Map<string, Node>;

export function checkOrder(e: EntryPlan, isStored: (n: Node) => boolean, report: Report): void {
  const held: Held = new Map();
  checkRegion(e.body, new Set(), held, { isStored, report });
  for (const { name, value } of [...e.entry.outputs, ...e.entry.taps])
    if (!holds(held, value)) report(`${name} is a version of ${value.cell} that is overwritten by the end`);
  for (const { cell, value } of e.entry.states)
    if (!holds(held, value)) report(`${cell} does not end as its last version`);
}

function checkRegion(region: Region, ready: ReadonlySet<Node>, held: Held, walk: Walk): void {
  const done = new Set(ready);
  for (const step of region) {
    if (step.kind === "loop") checkLoop(step.node, step.body, done, held, walk);
    else checkKernel(step.choice, done, held, walk);
  }
}

function checkKernel(choice: Choice, done: Set<Node>, held: Held, { isStored, report }: Walk): void {
  const { root } = choice;
  const replaced = root.op.kind === "update" ? root.inputs[0] : undefined;
  for (const { node, use } of readsOf(choice, isStored)) {
    if (!isGiven(node) && !done.has(node)) report(`${label(root)} reads ${label(node)} before it is stored`);
    if (!holds(held, node))
      report(`${label(root)} reads a version of ${node.cell} that has been overwritten`);
    if (
      node === replaced &&
      !isWhereItWrites(
        root,
        use.coords.map((c) => c.key),
      )
    )
      report(`${label(root)} reads what it overwrites out of step`);
  }
  done.add(root);
  if (replaced === undefined) return;
  if (!holds(held, replaced))
    report(`${label(root)} writes over another version of ${root.cell} than it replaces`);
  held.set(root.cell!, root);
}

/** The place that is read, in coordinates of the update's domain, is the one that is written there. */
function isWhereItWrites(update: Node, place: readonly string[]): boolean {
  if (update.op.kind !== "update") return false;
  const { map } = update.op;
  return map.length === place.length && map.every((c, i) => isPoly(c) && c.key === place[i]);
}

/** What the body does to states it carries; the first kernel of an iteration runs after the last of the one before. */
function checkLoop(node: Node, body: Region, done: Set<Node>, held: Held, walk: Walk): void {
  if (node.op.kind !== "loop") return walk.report(`${label(node)} is no loop`);
  const { params, results } = node.op.loop;
  const inside: Held = new Map(held);
  for (const [i, start] of node.inputs.entries()) {
    if (!isGiven(start) && !done.has(start)) walk.report(`${label(start)} starts a loop before it is stored`);
    if (!holds(held, start))
      walk.report(`a loop starts with a version of ${start.cell} that has been overwritten`);
    if (start.cell !== undefined) inside.set(start.cell, params[i]);
  }
  const before = new Map(inside);
  checkRegion(body, done, inside, walk);
  for (const r of results)
    if (!holds(inside, r))
      walk.report(`an iteration ends with a version of ${r.cell} that has been overwritten`);
  for (const [cell, version] of inside) {
    if (version === before.get(cell)) continue;
    if (params.some((p) => p.cell === cell)) held.set(cell, node);
    else walk.report(`a loop that does not carry ${cell} writes it`);
  }
}

/** Of a version of a state: it is what the state's memory holds. Of any other tensor there is nothing to say. */
function holds(held: Held, n: Node): boolean {
  if (n.cell === undefined) return true;
  const now = held.get(n.cell);
  if (n.op.kind === "state") return now === undefined;
  if (n.op.kind !== "result") return now === n;
  const [loop] = n.inputs;
  if (loop.op.kind !== "loop") return false;
  const kept = loop.op.loop.results[n.op.index] === loop.op.loop.params[n.op.index];
  return now === loop || (kept && holds(held, loop.inputs[n.op.index]));
}
