/** A model's plans explained: searched as `lumc build` would, then taken apart. */

import { bucketText } from "../ir/bucket.ts";
import type { SourceFile } from "../ir/source.ts";
import { type SearchedOptions, searchPlans } from "../pipeline.ts";
import { lockedSearch } from "../search/lock.ts";
import { cuda } from "../targets/cuda.ts";
import { genericCpu, type Machine } from "../targets/machines.ts";
import { searchText } from "./labels.ts";
import { type Explained, type ExplainInput, explainSearched, machineReport, type Report } from "./report.ts";

export type ExplainedModel = {
  readonly report: Report;
  readonly plans: readonly Explained[];
  readonly source: SourceFile;
};

export async function explainModel(
  source: SourceFile,
  options: SearchedOptions & {
    /** Whose costs are told; the search's own, where there is one. */
    readonly machine?: Machine;
    readonly onProgress?: (text: string) => void;
  },
): Promise<ExplainedModel> {
  const { search, target = "cpu" } = options;
  const machine = search?.machine ?? options.machine ?? genericCpu;
  const { start, searched, elsewhere, buckets } = await searchPlans(source, {
    ...options,
    // Without a search there are the buckets that the target's direct plan has, and nothing else is costed.
    buckets: options.buckets ?? (search === undefined && target === "cpu" ? [] : undefined),
    search: search ?? { evaluations: 0, machine },
  });
  const inputs: ExplainInput[] = [
    { bucket: "any", model: start.hlir, searched, elsewhere },
    ...buckets.map((b) => ({ bucket: bucketText(b.bucket), model: b.model, searched: b.searched })),
  ];
  const widest = target === "cuda" ? cuda.attentionWidth : undefined;
  const plans: Explained[] = [];
  for (const input of inputs) {
    options.onProgress?.(`costing the runners-up, plan ${plans.length + 1} of ${inputs.length}`);
    // A GPU's kernels are not those of the CPU's schedule, one for each choice: only whole plans are told there.
    const measurer = target === "cuda" ? undefined : search?.measure;
    plans.push(await explainSearched({ ...input, widest }, machine, measurer));
  }
  const reports = plans.map((p) => p.report);
  const by = search === undefined ? ({ by: "direct" } as const) : lockedSearch(search);
  const report: Report = {
    model: start.hlir.name,
    file: source.path,
    target,
    machine: machineReport(machine),
    search: searchText(by, reports),
    plans: reports,
  };
  return { report, plans, source };
}
