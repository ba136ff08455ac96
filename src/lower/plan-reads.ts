/** What the kernel of a choice reads from memory, and where. */

import type { Node } from "../ir/hlir.ts";
import { type Choice, domainOf } from "../ir/plan.ts";
import { type Draft, openDraft, operandUses, rootUse, type Use } from "./direct/draft.ts";
import { pureAxis } from "./plan-contraction.ts";

export type Read = { readonly node: Node; readonly use: Use };

type Found = { readonly reads: readonly Read[]; readonly uses: ReadonlyMap<Node, readonly Use[]> };

const known = new WeakMap<Choice, Found>();

function foundIn(choice: Choice, isStored: (n: Node) => boolean): Found {
  let found = known.get(choice);
  if (found === undefined) {
    found = find(choice, isStored);
    known.set(choice, found);
  }
  return found;
}

/** Every stored tensor that it reads with the coordinates, which are over the root's axes first, then its own. */
export const readsOf = (choice: Choice, isStored: (n: Node) => boolean): readonly Read[] =>
  foundIn(choice, isStored).reads;

/** How the kernel needs each node that it computes. */
export const usesOf = (choice: Choice, isStored: (n: Node) => boolean): ReadonlyMap<Node, readonly Use[]> =>
  foundIn(choice, isStored).uses;

/** The same without what is found in memory where it is `ready`: neither it nor what only it needs is computed there. */
export const foundWithout = (
  choice: Choice,
  isStored: (n: Node) => boolean,
  ready: (n: Node, use: Use) => boolean,
): Found => find(choice, isStored, ready);

export function draftOf(choice: Choice): Draft {
  const draft = openDraft(choice.root, 1);
  const { implementation } = choice;
  if (implementation.family === "contraction")
    draft.anchor = { node: implementation.anchor, form: implementation.form };
  if (implementation.family === "attention") draft.attention = implementation.form;
  if (implementation.family === "reduction") {
    draft.outer = implementation.outer;
    draft.reduces.push(...implementation.reduces);
  }
  return draft;
}

function find(
  choice: Choice,
  isStored: (n: Node) => boolean,
  ready: (n: Node, use: Use) => boolean = () => false,
): Found {
  const reads: Read[] = [];
  const uses = new Map<Node, Use[]>();
  const draft = draftOf(choice);
  const inlined = new Set(choice.inlined);
  const seen = new Set<string>();
  const { implementation } = choice;
  const folded = new Set<Node>();
  const pending = operandUses(choice.root, rootUse(draft));
  if (choice.root.op.kind === "custom")
    pending.push(...choice.root.inputs.slice(0, -1).map((node) => ({ node, use: rootUse(draft) })));
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const { node, use } = item;
    const key = `${node.id} ${use.stage?.id} ${use.side} ${use.coords.map((c) => c.key).join()}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if ((!inlined.has(node) && isStored(node)) || ready(node, use)) reads.push(item);
    else {
      uses.set(node, [...(uses.get(node) ?? []), use]);
      // A row's reductions are found once for all passes that need them.
      if (folded.has(node)) continue;
      if (implementation.family === "reduction" && node.op.kind === "reduce") folded.add(node);
      pending.push(...operandUses(node, use));
    }
  }
  return { reads, uses };
}

/**
 * The kernel may write its result over `node`: each element of it is read only to compute the same element, or,
 * in a row kernel, the same row before its last pass.
 */
export function inPlaceSafe(choice: Choice, node: Node, isStored: (n: Node) => boolean): boolean {
  const { implementation } = choice;
  const rank = domainOf(choice.root).length;
  if (choice.root.op.kind === "update") return false;
  return readsOf(choice, isStored)
    .filter((r) => r.node === node)
    .every(({ use }) => {
      const axes = use.coords.map(pureAxis);
      const same = axes.length === rank && axes.every((a, i) => a === i);
      if (implementation.family === "elementwise") return same;
      if (implementation.family === "contraction") return same && use.stage === undefined;
      if (implementation.family !== "reduction") return false;
      const { outer } = implementation;
      if (use.stage === undefined) return same;
      return outer.length < rank && axes.length === rank && outer.every((a) => axes[a] === a);
    });
}
