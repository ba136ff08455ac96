/** `npm run bench`: lumc's CPU target against ONNX Runtime, and decoding against the bandwidth of memory. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import yargs from "yargs";
import { CompileError } from "../src/diagnostics.ts";
import { archFlags, archOf, archs, hostArch } from "../src/emit/arch.ts";
import { findCompiler } from "../src/emit/toolchain.ts";
import { cases } from "./cases/index.ts";
import { type Comparison, compare, prepare } from "./compare.ts";
import { type Decode, decode, decodeModels } from "./decode.ts";
import type { Effort } from "./measure.ts";
import {
  comparisonTable,
  decodeTable,
  load,
  machine,
  markdownReport,
  type Results,
  terminalText,
  writeBetweenMarkers,
} from "./report.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const options = yargs(process.argv.slice(2))
  .scriptName("npm run bench --")
  .option("only", { type: "string", array: true, describe: "cases whose name starts so" })
  .option("quick", { type: "boolean", default: false, describe: "few rounds: to see that it works" })
  .option("threads", {
    type: "number",
    array: true,
    default: [1, 2],
    describe: "numbers of threads, for both sides",
  })
  .option("arch", { choices: archs, default: hostArch(), describe: "what lumc compiles for" })
  .option("plan", {
    choices: ["direct", "searched"] as const,
    default: "direct" as const,
    describe: "which plan lumc compiles",
  })
  .option("clock", {
    choices: ["wall", "cpu"] as const,
    default: "wall" as const,
    describe: "cpu: the processor's time, for one thread on a machine with other work",
  })
  .option("readme", { type: "boolean", default: false, describe: "put the table into README.md" })
  .option("out", {
    type: "string",
    describe: "file of the results; bench/results/cpu-<plan>-<date>.json of a full run",
  })
  .strict()
  .parseSync();

const { clock } = options;
if (clock === "cpu" && options.threads.some((count) => count !== 1))
  throw new Error("--clock cpu measures one thread: --threads 1");
const effort: Effort = options.quick ? { rounds: 3, block: 40, clock } : { rounds: 15, block: 150, clock };
const arch = archOf(options.arch);
const search = options.plan === "searched" ? {} : undefined;
const chosen = <T extends { readonly name: string }>(all: readonly T[]): readonly T[] =>
  all.filter(({ name }) => options.only?.some((start) => name.startsWith(start)) ?? true);

const comparisons: Comparison[] = [];
const decodes: Decode[] = [];
const startLoad = load();

for (const c of chosen(cases))
  await attempt(c.name, async () => {
    const prepared = await prepare(root, c, arch, search);
    for (const threads of options.threads) {
      comparisons.push(compare(c, prepared, threads, effort));
      say(terminalText(comparisonTable(comparisons.slice(-1))));
    }
  });
for (const model of chosen(decodeModels))
  await attempt(model.name, async () => {
    decodes.push(...(await decode(root, model, { arch, search }, options.threads, effort)));
  });

const results: Results = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  versions: await versions(),
  arch,
  plan: options.plan,
  clock,
  load: { start: startLoad, end: load() },
  comparisons,
  decodes,
};
process.stdout.write(`\n${terminalText(comparisonTable(comparisons))}\n`);
if (decodes.length > 0) process.stdout.write(`\n${terminalText(decodeTable(decodes))}\n`);
keep(results);

/** A case that fails is named and makes the command fail; the others go on. */
async function attempt(name: string, run: () => Promise<void>): Promise<void> {
  say(`\n${name}`);
  try {
    await run();
  } catch (error) {
    const reason =
      error instanceof CompileError ? error.message : error instanceof Error ? error.stack : String(error);
    say(`${name} failed: ${reason}`);
    process.exitCode = 1;
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function versions(): Promise<Results["versions"]> {
  const packageVersion = (path: string): string =>
    (JSON.parse(readFileSync(join(root, path), "utf8")) as { version: string }).version;
  const compiler = await findCompiler(undefined, archFlags(arch), arch);
  return {
    lumc: packageVersion("package.json"),
    "onnxruntime-node": packageVersion("node_modules/onnxruntime-node/package.json"),
    "Node.js": process.versions.node,
    compiler: compiler.identity.split("\n")[0],
  };
}

function keep(r: Results): void {
  const isFull = options.only === undefined && !options.quick && process.exitCode === undefined;
  const path =
    options.out ?? (isFull ? join(root, "bench", "results", `cpu-${r.plan}-${r.date}.json`) : undefined);
  if (path !== undefined) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(r, null, 2)}\n`);
    say(`\nwritten to ${path}`);
  }
  if (options.readme) writeBetweenMarkers(join(root, "README.md"), markdownReport(r));
}
