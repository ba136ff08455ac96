/** Hlir → Plan. */
import type { Hlir } from "../ir/hlir.ts";
import type { Plan } from "../ir/plan.ts";
import { directPlan } from "./direct/direct.ts";

export type PlanOptions = {
  /** How the kernels are chosen: `direct` fuses by fixed rules. */
  readonly search: "direct";
};

export const plan = (hlir: Hlir, _options: PlanOptions): Plan => directPlan(hlir);
