/** One case, at each number of threads: both sides load the same weights, agree, and are timed in turn. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Arch } from "../src/emit/arch.ts";
import type { SearchOptions } from "../src/search/search.ts";
import { checkAgreement } from "./agree.ts";
import type { Case, Feeds } from "./case.ts";
import { writeCheckpoint } from "./checkpoint-file.ts";
import { type BuiltModel, buildLumc, openLumc } from "./lumc-side.ts";
import { type Effort, interleave, quantile, type Sample } from "./measure.ts";
import { openOrt } from "./ort-side.ts";
import { createRandom, randomWeights } from "./random.ts";

export type Comparison = {
  readonly case: string;
  readonly title: string;
  readonly detail: string;
  readonly threads: number;
  readonly flops: number | undefined;
  readonly error: number;
  readonly lumc: Sample;
  readonly ort: Sample;
  /** Time of ONNX Runtime over time of lumc: above 1, lumc is faster. Median, and spread over the rounds. */
  readonly ratio: { readonly median: number; readonly p10: number; readonly p90: number };
};

const INPUT_SETS = 4;

export type Prepared = {
  readonly built: BuiltModel;
  readonly checkpoint: string;
  readonly graph: Uint8Array;
  readonly inputs: readonly Feeds[];
};

export async function prepare(
  root: string,
  c: Case,
  arch: Arch,
  search: SearchOptions | undefined,
): Promise<Prepared> {
  const built = await buildLumc(root, c, arch, search);
  const weights = randomWeights(built.tensors);
  const folder = join(root, ".cache", "bench");
  mkdirSync(folder, { recursive: true });
  const checkpoint = join(folder, `${c.name}.safetensors`);
  writeCheckpoint(checkpoint, weights);
  const random = createRandom(2);
  const inputs = Array.from({ length: INPUT_SETS }, () => c.inputs(random));
  return { built, checkpoint, graph: c.onnx(weights), inputs };
}

export function compare(c: Case, prepared: Prepared, threads: number, effort: Effort): Comparison {
  const { built, checkpoint, graph, inputs } = prepared;
  const lumc = openLumc(built, c, inputs, { threads, weights: checkpoint });
  const ort = openOrt(graph, c, inputs, { threads });
  try {
    const error = checkAgreement(lumc, ort, INPUT_SETS);
    const [ours, theirs] = interleave([lumc, ort], effort);
    const ratios = ours.rounds.map((seconds, round) => theirs.rounds[round] / seconds);
    const ratio = {
      median: theirs.median / ours.median,
      p10: quantile(ratios, 0.1),
      p90: quantile(ratios, 0.9),
    };
    const { name, title, detail, flops } = c;
    return { case: name, title, detail, threads, flops, error, lumc: ours, ort: theirs, ratio };
  } finally {
    lumc.close();
    ort.close();
  }
}
