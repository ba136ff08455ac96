/** Plans that compute every softmax-weighted sum that can be in one pass. */
import type { Hlir } from "../../src/ir/hlir.ts";
import { type AttentionForm, type Choice, choicesOf, type Plan } from "../../src/ir/plan.ts";
import { directPlan } from "../../src/lower/direct/direct.ts";
import { attentionOf, totalsOf } from "../../src/lower/plan-attention.ts";
import { allNodes } from "../../src/search/encode.ts";

/** The direct plan, with every sum in one pass that is one as it is written. */
export function onePassPlan(h: Hlir): Plan {
  const totalOf = totalsOf(allNodes(h));
  return directPlan(h, { attention: (n) => attentionOf(n, h.bounds, totalOf) });
}

export type AttentionChoice = Choice & {
  readonly implementation: { readonly family: "attention"; readonly form: AttentionForm };
};

export const attentionsOf = (plan: Plan): AttentionChoice[] =>
  plan.entries.flatMap((e) =>
    [...choicesOf(e.body)].filter((c): c is AttentionChoice => c.implementation.family === "attention"),
  );
