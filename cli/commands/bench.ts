import { spawnSync } from "node:child_process";
import type { CommandModule } from "yargs";
import { type BuildOptions, buildArguments, buildModel } from "../build-model.ts";
import { modelArguments } from "../model.ts";
import { run } from "../output.ts";

type BenchOptions = BuildOptions & { dim?: string[]; entry?: string; runs: number };

export const bench: CommandModule<object, BenchOptions> = {
  command: "bench <file>",
  describe: "time the compiled model, in all and kernel by kernel",
  builder: (y) =>
    buildArguments(modelArguments(y))
      .option("dim", { type: "string", array: true, describe: "a dim, name=value; its lowest by default" })
      .option("entry", { type: "string", describe: "which entry; the first by default" })
      .option("runs", { type: "number", default: 30, describe: "calls that are counted" })
      .option("threads", { type: "number", describe: "threads a call may use" }),
  handler: (args) =>
    run(args.json, async () => {
      const built = await buildModel({ ...args, programs: true });
      const result = spawnSync(built.compiled!.programs!.bench, benchArguments(built.weights, args), {
        stdio: "inherit",
      });
      if (result.status !== 0) process.exitCode = 1;
    }),
};

/** The words for the project's own bench program. */
function benchArguments(weights: string | undefined, args: BenchOptions): string[] {
  return [
    ...(weights === undefined ? [] : ["--weights", weights]),
    ...(args.entry === undefined ? [] : ["--entry", args.entry]),
    ...(args.dim ?? []).flatMap((d) => ["--dim", d]),
    ...(args.threads === undefined ? [] : ["--threads", String(args.threads)]),
    "--runs",
    String(args.runs),
    ...(args.json ? ["--json"] : []),
  ];
}
