import type { CommandModule } from "yargs";
import { counted, duration } from "../../src/explain/units.ts";
import { bucketText } from "../../src/ir/bucket.ts";
import { meritText } from "../../src/search/measure/finals.ts";
import type { Searched } from "../../src/search/search.ts";
import { type BuildOptions, type Built, buildArguments, buildModel, loadModel } from "../build-model.ts";
import { modelArguments } from "../model.ts";
import { percent, printDiagnostics, printJson, printLine, run, seconds } from "../output.ts";

export const build: CommandModule<object, BuildOptions> = {
  command: "build <file>",
  describe: "compile a model into a standalone project",
  builder: (y) =>
    buildArguments(modelArguments(y)).option("compile", {
      type: "boolean",
      default: true,
      describe: "run the C++ compiler; --no-compile writes the sources only",
    }),
  handler: (args) =>
    run(args.json, async () => {
      const built = await buildModel({ ...args, programs: true });
      // Packs the weights for the calls to come; a GPU reads them as they are, and may be another machine's.
      if (args.target === "cpu" && built.compiled !== undefined && built.weights !== undefined)
        loadModel(built).close();
      if (args.json) printJson(summary(built));
      else {
        printDiagnostics(built.compilation.warnings, false);
        report(built);
      }
    }),
};

function summary(b: Built) {
  return {
    model: b.compilation.hlir.name,
    folder: b.dir,
    changed: b.changed,
    kernels: b.compilation.program.kernels.length,
    arenaBytes: b.compilation.program.arenaBytes,
    search: searchesOf(b).map(([bucket, { evaluated, share, measured, programs, phases }]) => ({
      bucket,
      evaluated,
      share,
      measured,
      programs,
      phases,
    })),
    compiled: b.compiled,
    milliseconds: b.times,
    notes: b.notes,
  };
}

/** By the bucket's text, undefined for what is in none. */
function searchesOf({ compilation: c }: Built): [string | undefined, Searched][] {
  if (c.searched === undefined) return [];
  const buckets = (c.searchedBuckets ?? []).map((b): [string, Searched] => [
    bucketText(b.bucket),
    b.searched,
  ]);
  return [[undefined, c.searched], ...buckets];
}

function searchText(
  bucket: string | undefined,
  { evaluated, share, measured, late, phases }: Searched,
): string {
  const ms = phases.reduce((sum, p) => sum + p.ms, 0);
  const gain = share < 1 ? `${percent(1 - share)} less time than` : "nothing better than";
  const where = bucket === undefined ? "" : ` for ${bucket}`;
  const timed =
    measured === undefined
      ? ""
      : `; kernels of ${measured.plans} plans measured, the best take ${percent(measured.share)} of the direct plan's time`;
  return `searched ${evaluated} plans${where} in ${seconds(ms)}: ${gain} the direct plan, by estimate${timed}${late ? "; the rules ran out of time, another run may find other plans" : ""}`;
}

/** The whole programs that were timed, the chosen one first. */
function programLines(bucket: string | undefined, { programs, points }: Searched): string[] {
  if (programs === undefined) return [];
  const where = bucket === undefined ? "" : ` for ${bucket}`;
  if (programs.kind === "not timed") return [`whole programs${where} were not timed: ${programs.reason}`];
  const ats = points.map((p) => [...p.dims].map(([name, value]) => `${name}=${value}`).join(","));
  return programs.programs.map((p, i) => {
    const times = p.times.map((t, k) => `${duration(t.median)}${ats[k] === "" ? "" : ` at ${ats[k]}`}`);
    const what = i === 0 ? `timed as whole programs${where}: taken` : "  not taken";
    return `${what} ${meritText(p.merits)}, ${times.join(", ")}: ${percent(p.share)} of the direct plan's time`;
  });
}

function report(b: Built): void {
  for (const note of b.notes) printLine(note);
  for (const [bucket, searched] of searchesOf(b))
    for (const line of [searchText(bucket, searched), ...programLines(bucket, searched)]) printLine(line);
  const { program } = b.compilation;
  printLine(
    `${program.name}: ${counted(program.kernels.length, "kernel")}, ${counted(b.changed.length, "file")} written to ${b.dir} in ${seconds(b.times.lumc)}`,
  );
  if (b.compiled === undefined) return;
  const { compiled, reused, library } = b.compiled;
  printLine(
    `compiled ${counted(compiled, "file")}, ${reused} from the cache, in ${seconds(b.times.compiler)}: ${library}`,
  );
}
