// The module against the native engine of the same version, alternating, one
// thread each. Processor time of that thread, so that other work on the machine
// counts little.
//   npm run build:native && npm run bench
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EGraph, loadEngine } from "../dist/index.js";
import { readManifest } from "../scripts/manifest.ts";
import { large, WORKLOADS } from "./workloads.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const REPEATS = 11;
const native = join(
  process.env.NATIVE_TARGET_DIR ?? join(root, "bench/native/target"),
  "release/egglog-native-bench",
);

type Row = {
  readonly name: string;
  readonly tuples: number;
  readonly nativeMs: number;
  readonly wasmMs: number;
  readonly firstMs: number;
  /** Of the least times. */
  readonly ratio: number;
  /** Of neighbouring runs. */
  readonly medianRatio: number;
  /** Smallest and largest of the ratios of neighbouring runs. */
  readonly spread: readonly [number, number];
};

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function runNative(file: string): { readonly ms: readonly number[]; readonly tuples: number } {
  return JSON.parse(execFileSync(native, ["1", file], { encoding: "utf8" })) as {
    ms: number[];
    tuples: number;
  };
}

/** Processor time of this thread so far. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function runWasm(create: () => EGraph, program: string): { readonly ms: number; readonly tuples: number } {
  const g = create();
  const start = threadMs();
  const result = g.run(program);
  const ms = threadMs() - start;
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  g.dispose();
  return { ms, tuples: result.tuples };
}

async function compare(folder: string): Promise<Row[]> {
  const engine = await loadEngine();
  return WORKLOADS.map(({ name, program }) => {
    const file = join(folder, `${name}.egg`);
    writeFileSync(file, program);
    const create = (): EGraph => engine.create({ recover: false });
    // The first run compiles; it is reported, not counted.
    const first = runWasm(create, program);
    const pairs = Array.from({ length: REPEATS }, () => [runNative(file), runWasm(create, program)] as const);
    if (pairs.some(([n, w]) => n.tuples !== w.tuples)) throw new Error(`${name}: different e-graphs`);
    // The least of each side: other work on the machine can only lengthen a run.
    const nativeMs = Math.min(...pairs.map(([n]) => n.ms[0]));
    const wasmMs = Math.min(...pairs.map(([, w]) => w.ms));
    const ratios = pairs.map(([n, w]) => w.ms / n.ms[0]);
    const spread = [Math.min(...ratios), Math.max(...ratios)] as const;
    return {
      name,
      tuples: first.tuples,
      nativeMs,
      wasmMs,
      firstMs: first.ms,
      ratio: wasmMs / nativeMs,
      medianRatio: median(ratios),
      spread,
    };
  });
}

/** In a new process: load, first e-graph with a command, later e-graphs. */
function startUp(): Record<string, number> {
  const script = `
    import { loadEngine } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
    const ms = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
    const [c0, t0] = [ms(), performance.now()];
    const engine = await loadEngine();
    const [c1, t1] = [ms(), performance.now()];
    const g = engine.create(); g.run("(datatype E (A)) (A)");
    const t2 = performance.now();
    for (let i = 0; i < 100; i++) engine.create().dispose();
    const t3 = performance.now();
    console.log(JSON.stringify({ loadCpuMs: c1 - c0, loadMs: t1 - t0, firstGraphMs: t2 - t1, laterGraphMs: (t3 - t2) / 100 }));`;
  const runs = Array.from({ length: REPEATS }, () => {
    const text = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    return JSON.parse(text) as Record<string, number>;
  });
  // The least: elapsed time can only be too long.
  return Object.fromEntries(
    Object.keys(runs[0]).map((key) => [key, Math.min(...runs.map((run) => run[key]))]),
  );
}

async function serialization(): Promise<Record<string, number>> {
  const g = await EGraph.create();
  const result = g.run(large(200_000));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  let nodes = 0;
  const times = Array.from({ length: REPEATS }, () => {
    const start = threadMs();
    const arrays = g.arrays();
    const ms = threadMs() - start;
    nodes = arrays.ok ? arrays.arrays.nodeOp.length : Number.NaN;
    return ms;
  });
  const jsonStart = threadMs();
  g.serialize();
  return { nodes, firstMs: times[0], medianMs: median(times), jsonMs: threadMs() - jsonStart };
}

const folder = mkdtempSync(join(tmpdir(), "egglog-bench-"));
const start = startUp();
const arrays = await serialization();
const rows = await compare(folder);
rmSync(folder, { recursive: true });
const { egglog, bytes, rustc } = readManifest();
const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine,
  egglog,
  rustc,
  bytes,
  start,
  arrays,
  rows,
};
console.table(rows.map(({ spread, ...row }) => ({ ...row, low: spread[0], high: spread[1] })));
console.log({ start, arrays });
writeFileSync(join(root, "bench/results/speed.json"), `${JSON.stringify(report, null, 2)}\n`);
