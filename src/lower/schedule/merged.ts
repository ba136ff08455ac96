/** Kernels of several products: rows, depth and left factor are those of the first. */
import type { Node } from "../../ir/hlir.ts";
import type { Choice } from "../../ir/plan.ts";
import { sourceOf } from "../merged.ts";
import type { KernelDraft } from "./build.ts";
import { productOf, readingText } from "./contraction.ts";

export function merged(
  choices: readonly Choice[],
  draftFor: (c: Choice) => KernelDraft,
  isStored: (n: Node) => boolean,
): void {
  const [choice, ...joined] = choices;
  const k = draftFor(choice);
  const first = productOf(k, choice);
  const others = joined.map((c) => {
    k.ev.turnTo(c.root);
    return productOf(draftFor(c), c, first);
  });
  const after = choices.map((c) => {
    const source = sourceOf(c, choices, { isStored });
    return source === undefined ? undefined : choices.indexOf(source);
  });
  const parts = [first, ...others];
  const left = readingText[first.a.form.kind];
  k.note(`${parts.length} matrix products of one left factor, ${left}; their columns stand side by side.`);
  for (const [i, at] of after.entries())
    if (at !== undefined) k.note(`Number ${i + 1} follows number ${at + 1} tile by tile and reads it there.`);
  k.frame.out.push({ kind: "merged", parts, after });
}
