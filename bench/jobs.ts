/** `npm run bench:jobs`: compiling one project with one compiler at a time and with two: time, memory, bytes. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import yargs from "yargs";
import { compareArtifacts } from "../src/emit/artifacts.ts";
import { compileProject } from "../src/emit/compile.ts";
import { writeProject } from "../src/emit/write.ts";
import { compile } from "../src/pipeline.ts";
import { quantile } from "./measure.ts";
import { load, machine } from "./report.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const options = yargs(process.argv.slice(2))
  .scriptName("npm run bench:jobs --")
  .option("model", { type: "string", default: "examples/gpt/gpt.lum", describe: "whose project is compiled" })
  .option("rounds", { type: "number", default: 3, describe: "of each number of jobs, in turn" })
  .option("out", { type: "string", describe: "file of the results" })
  .strict()
  .parseSync();

type Run = {
  readonly jobs: number;
  readonly seconds: number;
  /** Of lumc and its compilers together, at most. */
  readonly bytes: number;
  readonly together: number;
  readonly compiled: number;
};

const path = join(root, options.model);
const { files } = compile({ path, text: readFileSync(path, "utf8") });
const folder = (jobs: number): string => join(root, ".cache", "bench", `jobs-${jobs}`);
const runs: Run[] = [];
for (let round = 0; round < options.rounds; round++)
  for (const jobs of round % 2 === 0 ? [1, 2] : [2, 1]) {
    runs.push(await measured(jobs));
    const { seconds, bytes } = runs.at(-1)!;
    process.stderr.write(`--jobs ${jobs}: ${seconds.toFixed(1)} s, ${(bytes / 2 ** 20).toFixed(0)} MiB\n`);
  }

const of = (jobs: number, what: "seconds" | "bytes"): number[] =>
  runs.filter((r) => r.jobs === jobs).map((r) => r[what]);
const pairs = of(1, "seconds").map((s, i) => s / of(2, "seconds")[i]);
const result = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  load: load(),
  model: options.model,
  files: runs[0].compiled,
  speedup: { median: quantile(pairs, 0.5), pairs },
  memory: Math.max(...of(2, "bytes")) / Math.max(...of(1, "bytes")),
  equal: compareArtifacts(folder(1), folder(2)).differences.length === 0,
  runs,
};
process.stdout.write(
  `${result.files} files: --jobs 2 is ${result.speedup.median.toFixed(2)} times as fast as --jobs 1 with ${result.memory.toFixed(2)} times the memory; ${result.equal ? "all bytes are equal" : "bytes DIFFER"}\n`,
);
if (options.out !== undefined) {
  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(result, null, 2)}\n`);
}

/** One build from nothing, without the cache. */
async function measured(jobs: number): Promise<Run> {
  const dir = folder(jobs);
  rmSync(dir, { recursive: true, force: true });
  writeProject(files, dir);
  let bytes = 0;
  const look = (): void => {
    bytes = Math.max(
      bytes,
      [process.pid, ...descendants(process.pid)].reduce((sum, pid) => sum + residentBytes(pid), 0),
    );
  };
  const timer = setInterval(look, 30);
  const start = performance.now();
  const { together, compiled } = await compileProject(dir, { jobs, cache: "" });
  clearInterval(timer);
  return { jobs, seconds: (performance.now() - start) / 1e3, bytes, together, compiled };
}

function descendants(pid: number): number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number);
  return children.flatMap((c) => [c, ...descendants(c)]);
}

function residentBytes(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** Empty where the process has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
