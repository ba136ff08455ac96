/** Kernels of several products: rows, depth and left factor are those of the first. */
import type { Choice } from "../../ir/plan.ts";
import type { KernelDraft } from "./build.ts";
import { productOf } from "./contraction.ts";

export function merged([choice, ...joined]: readonly Choice[], draftFor: (c: Choice) => KernelDraft): void {
  const k = draftFor(choice);
  const first = productOf(k, choice);
  const parts = [first, ...joined.map((c) => productOf(draftFor(c), c, first))];
  k.note(`${parts.length} products with one left factor, over their columns side by side.`);
  k.frame.out.push({ kind: "merged", parts });
}
