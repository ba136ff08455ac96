/** `npm run bench:saturation`: what saturating the e-graph of each example takes, and the same for numbers of layers. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { elaborate } from "../src/lower/elaborate/elaborate.ts";
import { allNodes } from "../src/search/encode.ts";
import { saturate } from "../src/search/saturate.ts";
import { load, machine } from "./report.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runs = 9;

const cases: readonly { readonly name: string; readonly example: string; readonly layers?: number }[] = [
  { name: "mlp", example: "mlp" },
  { name: "convnet", example: "convnet" },
  { name: "gpt", example: "gpt" },
  { name: "bert", example: "bert" },
  { name: "llama 8B, 2 layers", example: "llama", layers: 2 },
  { name: "llama 8B, 32 layers", example: "llama", layers: 32 },
  { name: "llama 8B, 80 layers", example: "llama", layers: 80 },
];

type Row = {
  readonly case: string;
  readonly nodes: number;
  readonly rows: number;
  readonly eNodes: number;
  /** Median of the runs, each in an e-graph of its own. */
  readonly milliseconds: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Of the engine's heap. */
  readonly megabytes: number;
  readonly cut: boolean;
};

async function measured({ name, example, layers }: (typeof cases)[number]): Promise<Row> {
  const path = join(root, "examples", example, `${example}.lum`);
  const set = new Map(layers === undefined ? [] : [["layers", String(layers)]]);
  const { hlir } = elaborate({ path, text: readFileSync(path, "utf8") }, { set });
  if (hlir === undefined) throw new Error(`${example} has mistakes`);
  const nodes = allNodes(hlir);
  let last = await saturate(nodes, hlir.bounds);
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    last = await saturate(nodes, hlir.bounds);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return {
    case: name,
    nodes: nodes.length,
    rows: last.phases.at(-1)?.rows ?? 0,
    eNodes: last.arrays.nodeOp.length,
    milliseconds: Math.round(times[runs >> 1]),
    fastest: Math.round(times[0]),
    slowest: Math.round(times[runs - 1]),
    megabytes: Math.round((last.memoryBytes / 2 ** 20) * 10) / 10,
    cut: last.cut,
  };
}

const rows: Row[] = [];
for (const c of cases) {
  const row = await measured(c);
  rows.push(row);
  console.log(
    `${row.case.padEnd(20)} ${row.nodes} nodes, ${row.rows} rows, ${row.milliseconds} ms (${row.fastest} to ${row.slowest}), ${row.megabytes} MB`,
  );
}
const date = new Date().toISOString().slice(0, 10);
const out = join(root, "bench", "results", `saturation-${date}.json`);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify({ date, machine: machine(), load: load(), runs, rows }, null, 2)}\n`);
