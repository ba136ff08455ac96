/** `npm run bench:search`: what the search finds against the direct plan, on every model of the benchmark. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import yargs from "yargs";
import { archOf, hostArch } from "../src/emit/arch.ts";
import { checkAgreement } from "./agree.ts";
import type { Case, Feeds } from "./case.ts";
import { cases } from "./cases/index.ts";
import { writeCheckpoint } from "./checkpoint-file.ts";
import { decodeCase, decodeModels, writeRandomWeights } from "./decode.ts";
import { type BuiltModel, buildLumc, openLumc } from "./lumc-side.ts";
import { type Effort, interleave, quantile, type Sample } from "./measure.ts";
import { createRandom, randomWeights } from "./random.ts";
import { load, machine, terminalText, time } from "./report.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const options = yargs(process.argv.slice(2))
  .scriptName("npm run bench:search --")
  .option("only", { type: "string", array: true, describe: "cases whose name starts so" })
  .option("quick", { type: "boolean", default: false, describe: "few rounds: to see that it works" })
  .option("threads", { type: "number", array: true, default: [1, 2], describe: "numbers of threads" })
  .option("out", { type: "string", describe: "file of the results" })
  .strict()
  .parseSync();

export type Gain = {
  readonly case: string;
  /** The .lum file, which several cases may be sizes of. */
  readonly model: string;
  readonly threads: number;
  readonly direct: Sample;
  readonly searched: Sample;
  /** Time of the direct plan over that of the search's: above 1, the search is faster. */
  readonly ratio: { readonly median: number; readonly p10: number; readonly p90: number };
};

const effort: Effort = options.quick ? { rounds: 3, block: 40 } : { rounds: 15, block: 150 };
const inputSets = 4;
const gains: Gain[] = [];

type Subject = Pick<Case, "name" | "file" | "set" | "dims" | "inputs" | "prepareLumc"> & {
  readonly writeWeights: (path: string, tensors: BuiltModel["tensors"]) => void;
};

const subjects: readonly Subject[] = [
  ...cases.map((c) => ({
    ...c,
    writeWeights: (path: string, tensors: BuiltModel["tensors"]) =>
      writeCheckpoint(path, randomWeights(tensors)),
  })),
  ...decodeModels.map((m) => ({
    ...decodeCase(m),
    writeWeights: (path: string, tensors: BuiltModel["tensors"]) =>
      writeRandomWeights(path, tensors, m.dtype),
  })),
];

for (const s of subjects.filter((x) => options.only?.some((start) => x.name.startsWith(start)) ?? true))
  gains.push(...(await gainsOf(s)));

const geometric = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);
const ofModels = [...Map.groupBy(gains, (g) => g.model).values()].map((list) =>
  geometric(list.map((g) => g.ratio.median)),
);
const [mean, modelMean] = [geometric(gains.map((g) => g.ratio.median)), geometric(ofModels)];
process.stdout.write(
  `${terminalText(gainTable(gains))}\n` +
    `geometric mean over ${gains.length} cases, each number of threads one: ${mean.toFixed(3)}\n` +
    `geometric mean over ${ofModels.length} models, each the mean of its cases: ${modelMean.toFixed(3)}\n`,
);
if (options.out !== undefined) {
  mkdirSync(dirname(options.out), { recursive: true });
  const results = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    load: load(),
    mean,
    modelMean,
    gains,
  };
  writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`);
}

async function gainsOf(c: Subject): Promise<Gain[]> {
  const arch = archOf(hostArch());
  const direct = await buildLumc(root, c, arch);
  const searched = await buildLumc(root, c, arch, {});
  const folder = mkdtempSync(join(tmpdir(), "lumc-bench-"));
  const checkpoint = join(folder, "model.safetensors");
  const random = createRandom(2);
  const inputs: readonly Feeds[] = Array.from({ length: inputSets }, () => c.inputs(random));
  try {
    c.writeWeights(checkpoint, direct.tensors);
    return options.threads.map((threads) => gainWith(threads));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }

  function gainWith(threads: number): Gain {
    const sides = [direct, searched].map((built) =>
      openLumc(built, c, inputs, { threads, weights: checkpoint }),
    );
    try {
      checkAgreement(sides[0], sides[1], inputSets);
      const [before, after] = interleave(sides, effort);
      const ratios = before.rounds.map((seconds, round) => seconds / after.rounds[round]);
      const ratio = {
        median: before.median / after.median,
        p10: quantile(ratios, 0.1),
        p90: quantile(ratios, 0.9),
      };
      process.stderr.write(`${c.name}, ${threads} threads: ${ratio.median.toFixed(2)}\n`);
      return { case: c.name, model: c.file, threads, direct: before, searched: after, ratio };
    } finally {
      for (const s of sides) s.close();
    }
  }
}

function gainTable(all: readonly Gain[]) {
  return {
    head: ["model", "threads", "direct", "searched", "ratio"],
    rows: all.map((g) => [
      g.case,
      String(g.threads),
      time(g.direct.median),
      time(g.searched.median),
      `${g.ratio.median.toFixed(2)} (${g.ratio.p10.toFixed(2)} – ${g.ratio.p90.toFixed(2)})`,
    ]),
  };
}
