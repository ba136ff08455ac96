/** `npm run bench:seeds`: searches with different seeds, and how far the plans that they end with are apart by measured time. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import yargs from "yargs";
import { archOf, hostArch } from "../src/emit/arch.ts";
import { printPlan } from "../src/ir/plan-print.ts";
import type { Case } from "./case.ts";
import { cases } from "./cases/index.ts";
import { writeCheckpoint } from "./checkpoint-file.ts";
import { type BuiltModel, buildLumc, openLumc } from "./lumc-side.ts";
import { interleave } from "./measure.ts";
import { createRandom, randomWeights } from "./random.ts";
import { load, machine } from "./report.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const options = yargs(process.argv.slice(2))
  .scriptName("npm run bench:seeds --")
  .option("only", {
    type: "string",
    array: true,
    default: ["convnet", "gpt", "bert", "mlp-1"],
    describe: "cases whose name starts so",
  })
  .option("seeds", { type: "number", default: 10, describe: "searches for each" })
  .option("threads", { type: "number", default: 1, describe: "of the measured calls" })
  .option("out", { type: "string", describe: "file of the results" })
  .strict()
  .parseSync();

type Spread = {
  readonly case: string;
  readonly seeds: number;
  /** Plans that differ. */
  readonly plans: number;
  /** Median seconds of each. */
  readonly seconds: readonly number[];
  /** The slowest over the fastest. */
  readonly ratio: number;
};

const spreads: Spread[] = [];
for (const c of cases.filter((x) => options.only.some((start) => x.name.startsWith(start)))) {
  const spread = await spreadOf(c);
  spreads.push(spread);
  process.stdout.write(
    `${c.name}: ${spread.plans} plans from ${spread.seeds} seeds, the slowest ${((spread.ratio - 1) * 100).toFixed(1)} % behind the fastest\n`,
  );
}
if (options.out !== undefined) {
  mkdirSync(dirname(options.out), { recursive: true });
  const results = { date: new Date().toISOString().slice(0, 10), machine: machine(), load: load(), spreads };
  writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`);
}

async function spreadOf(c: Case): Promise<Spread> {
  const arch = archOf(hostArch());
  const different = new Map<string, BuiltModel>();
  for (let seed = 1; seed <= options.seeds; seed++) {
    const built = await buildLumc(root, c, arch, { seed }, (plans) =>
      createHash("sha256").update(plans.map(printPlan).join()).digest("hex").slice(0, 12),
    );
    different.set(built.dir, built);
  }
  const [first] = different.values();
  const checkpoint = join(root, ".cache", "bench", `${c.name}.safetensors`);
  writeCheckpoint(checkpoint, randomWeights(first.tensors));
  const random = createRandom(2);
  const inputs = [c.inputs(random), c.inputs(random)];
  const sides = [...different.values()].map((built) =>
    openLumc(built, c, inputs, { threads: options.threads, weights: checkpoint }),
  );
  const seconds = interleave(sides, { rounds: 9, block: 120 }).map((s) => s.median);
  for (const s of sides) s.close();
  const ratio = Math.max(...seconds) / Math.min(...seconds);
  return { case: c.name, seeds: options.seeds, plans: different.size, seconds, ratio };
}
