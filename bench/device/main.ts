/**
 * One run on a machine with a GPU: roofs, tests, then every part built, checked and timed beside its rivals. Each part
 * is written to the file of results as soon as it is done. See `--help`.
 */
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runTool } from "../../src/emit/toolchain.ts";
import { type Bench, Missing, openBench, root } from "./bench.ts";
import { runTests } from "./device-tests.ts";
import { llamaProject, runLlama } from "./llama.ts";
import { projectFor, runOperations } from "./operations.ts";
import { fileNameOf, type Part, type Results, readResults, tableOf, writeResults } from "./results.ts";
import { buildRoofs, measureRoofs } from "./roofs.ts";
import { type PartName, partNames } from "./workload.ts";
import { workloadsOf } from "./workloads.ts";

const usage = `bench/device/run.sh [options]
  On a machine with an NVIDIA GPU and nvcc: builds the projects, checks and times them, and writes bench/results/<device>.json.
  --only a,b      parts: ${partNames.join(", ")}; all by default. The roofs are measured in every run
  --tests NAME    of the tests only those whose name holds it
  --out FILE      of the results
  --work DIR      for projects and checkpoints; .cache/device by default
  --python PATH   with PyTorch and transformers; python3 by default, none for no rivals
  --runs N        calls that are counted, 30 by default
  --seed N        of the inputs that results are checked on; another one in every run by default
  --search HOW    how kernels are chosen: direct (the default) or fast
  --build-only    builds the projects of the parts, with --arch for a GPU that isn't here
  --prebuilt      takes the projects that --build-only left
  --emulate       tiny sizes on the CPU, to try this script: no time of it says anything of a GPU
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    tests: { type: "string" },
    out: { type: "string" },
    work: { type: "string" },
    python: { type: "string" },
    runs: { type: "string" },
    seed: { type: "string" },
    search: { type: "string", default: "direct" },
    arch: { type: "string" },
    "build-only": { type: "boolean", default: false },
    prebuilt: { type: "boolean", default: false },
    emulate: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const say = (text: string): void => console.log(text);

function partsOf(only: string | undefined): PartName[] {
  const wanted = only?.split(",") ?? partNames;
  const unknown = wanted.filter((name) => !partNames.some((known) => known === name));
  if (unknown.length > 0) throw new Missing(`no part ${unknown.join(", ")}; known: ${partNames.join(", ")}`);
  return partNames.filter((name) => wanted.includes(name));
}

async function buildParts(parts: readonly PartName[], bench: Bench): Promise<void> {
  if (bench.compiler.kind === "nvcc") await buildRoofs(bench);
  for (const part of parts) {
    for (const w of workloadsOf(part, false)) await projectFor(w, bench);
    if (part === "llama") await llamaProject(bench, false);
    say(`built: ${part}`);
  }
}

type Found = Pick<Part, "rows" | "notes" | "details"> & { readonly versions?: Part["versions"] };

/** `keep` is told what there is so far. What goes wrong is a note: the parts after it are run. */
async function runPart(
  part: PartName,
  results: Results,
  bench: Bench,
  keep: (soFar: Found) => void,
): Promise<Found> {
  let soFar: Found = { notes: [] };
  const kept = (found: Found): void => {
    soFar = found;
    keep(found);
  };
  try {
    return await foundOf(part, results, bench, kept);
  } catch (error) {
    return { ...soFar, notes: [...soFar.notes, `FAILED: ${String(error).slice(0, 1200)}`] };
  }
}

async function foundOf(
  part: PartName,
  results: Results,
  bench: Bench,
  keep: (soFar: Found) => void,
): Promise<Found> {
  if (part === "roofs") return { notes: [] };
  if (part === "tests") {
    const { notes, ...details } = await runTests(bench, values.tests);
    say(`tests: ${details.passed.length} passed, ${details.failed.length} failed`);
    return { notes: [...notes, ...details.failed.map((f) => `FAILED: ${f}`)], details };
  }
  const emulated = bench.gpu === undefined;
  return part === "llama"
    ? runLlama(results.roofs!, bench, keep)
    : runOperations(workloadsOf(part, emulated), results.roofs!, bench, keep);
}

async function run(): Promise<boolean> {
  const parts = partsOf(values.only);
  const bench = await openBench({
    emulate: values.emulate,
    work: resolve(values.work ?? join(root, ".cache/device", values.emulate ? "emulated" : "")),
    python: values.python,
    runs: values.runs === undefined ? undefined : Number(values.runs),
    seed: values.seed === undefined ? Date.now() % 1_000_003 : Number(values.seed),
    search: values.search,
    prebuilt: values.prebuilt,
    arch: values["build-only"] ? values.arch : undefined,
  });
  if (values["build-only"]) {
    await buildParts(parts, bench);
    return true;
  }
  const { gpu, arch } = bench;
  const device = {
    name: gpu?.name ?? "emulated on a CPU",
    driver: gpu?.driver ?? "none",
    arch,
    emulated: gpu === undefined,
  };
  const usual =
    gpu === undefined
      ? join(tmpdir(), "lumc-device-emulated.json")
      : join(root, "bench/results", `${fileNameOf(device.name)}.json`);
  const out = resolve(values.out ?? usual);
  say(`${device.name}, driver ${device.driver}, ${arch}; results: ${out}`);
  if (bench.python === undefined) say(`no rivals: ${bench.noPython}`);

  let results: Results = { ...readResults(out, device), roofs: await measureRoofs(bench) };
  writeResults(out, results);
  const { copy, copy_kernel, read } = results.roofs!;
  const tera = (r: { bytes_per_second: number }) => `${(r.bytes_per_second / 1e12).toFixed(3)} TB/s`;
  say(`roofs: copy ${tera(copy)}, by a kernel ${tera(copy_kernel)}, read ${tera(read)}`);
  const nvcc = bench.compiler.kind === "nvcc" ? bench.compiler.nvcc.identity : "none: emulated";
  const versions = {
    node: process.version,
    nvcc: nvcc.match(/V[\d.]+/)?.[0] ?? nvcc,
    lumc: await revision(),
  };
  let fine = true;
  for (const part of parts) {
    const start = performance.now();
    const partOf = (found: Found): Part => ({
      date: new Date().toISOString().slice(0, 10),
      seconds: Math.round(performance.now() - start) / 1e3,
      ...found,
      versions: { ...versions, plan: bench.search, seed: String(bench.seed), ...found.versions },
    });
    const keep = (found: Found): Part => {
      const made = partOf(found);
      results = { ...results, parts: { ...results.parts, [part]: made } };
      writeResults(out, results);
      return made;
    };
    const made = keep(await runPart(part, results, bench, keep));
    say(`== ${part}, ${made.seconds.toFixed(0)} s`);
    for (const line of [...tableOf(made.rows ?? []), ...made.notes]) say(line);
    fine &&= !made.notes.some((note) => /FAILED|WRONG/.test(note));
  }
  if (gpu === undefined) say("emulated: none of these times says anything of a GPU");
  return fine;
}

/** Of the checkout, where there is git. */
async function revision(): Promise<string> {
  const { code, output } = await runTool("git", ["-C", root, "rev-parse", "--short", "HEAD"]);
  return code === 0 ? output.trim() : "unknown";
}

if (values.help) say(usage);
else
  try {
    if (!(await run())) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
