/** Tables of the results: for the terminal, as markdown, and the file that keeps everything. */
import { readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem, type } from "node:os";
import type { Comparison } from "./compare.ts";
import type { Decode } from "./decode.ts";
import type { Clock, Sample } from "./measure.ts";

export type Results = {
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly os: string;
  };
  readonly versions: { readonly [name: string]: string };
  readonly arch: string;
  /** How lumc's kernels were chosen. */
  readonly plan: "direct" | "searched";
  readonly clock: Clock;
  /** Of one minute, at the start and at the end: other work on the machine spoils times. */
  readonly load: { readonly start: number; readonly end: number };
  readonly comparisons: readonly Comparison[];
  readonly decodes: readonly Decode[];
};

export const machine = (): Results["machine"] => ({
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  os: `${type()} ${release()} ${arch()}`,
});

export const load = (): number => loadavg()[0];

const units = [
  { seconds: 1, name: "s" },
  { seconds: 1e-3, name: "ms" },
  { seconds: 1e-6, name: "µs" },
] as const;

export function time(seconds: number): string {
  const unit = units.find((u) => seconds >= u.seconds) ?? units[2];
  return `${(seconds / unit.seconds).toPrecision(3)} ${unit.name}`;
}

/** Median, and from the tenth to the ninetieth percentile. */
const spread = (s: Sample): string => `${time(s.median)} (${time(s.p10)} – ${time(s.p90)})`;

const gigabytes = (bytes: number, seconds: number): string => `${(bytes / seconds / 1e9).toFixed(1)} GB/s`;

type Table = { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

export function comparisonTable(all: readonly Comparison[]): Table {
  const rate = (c: Comparison, s: Sample): string =>
    c.flops === undefined ? "" : `, ${(c.flops / s.median / 1e9).toFixed(0)} GFLOP/s`;
  return {
    head: ["model", "threads", "lumc", "ONNX Runtime", "ratio"],
    rows: all.map((c) => [
      c.title,
      String(c.threads),
      spread(c.lumc) + rate(c, c.lumc),
      spread(c.ort) + rate(c, c.ort),
      `${c.ratio.median.toFixed(2)} (${c.ratio.p10.toFixed(2)} – ${c.ratio.p90.toFixed(2)})`,
    ]),
  };
}

export function decodeTable(all: readonly Decode[]): Table {
  return {
    head: ["decode", "threads", "a token", "tokens/s", "weights read", "memory read", "share"],
    rows: all.map((d) => [
      d.case,
      String(d.threads),
      spread(d.token),
      (1 / d.token.median).toFixed(1),
      gigabytes(d.bytes, d.token.median),
      gigabytes(d.streamBytes, d.stream.median),
      `${(100 * d.share).toFixed(0)} %`,
    ]),
  };
}

export function terminalText({ head, rows }: Table): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function markdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const chosen = {
  direct: "those of the direct plan",
  searched: "chosen by the search (`--plan searched`)",
} as const;

const clocks: Readonly<Record<Clock, string>> = {
  wall: "",
  cpu: " Times are the processor's (`--clock cpu`), because the machine had other work.",
};

export function markdownReport(r: Results): string {
  const { cpu, cores } = r.machine;
  const versions = Object.entries(r.versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    `Measured on ${r.date} on ${cpu}, ${cores} cores, with ${versions.join(", ")}; \`npm run bench\`. lumc's kernels are ${chosen[r.plan]}.${clocks[r.clock]} Each cell is a median with its 10th and 90th percentile; a ratio above 1 means that lumc is faster, its spread is over the rounds. Both sides are called from one Node.js process in turn, with the same weights, inputs and number of threads.`,
    markdown(comparisonTable(r.comparisons)),
  ];
  if (r.decodes.length > 0) parts.push(markdown(decodeTable(r.decodes)));
  const details = new Map(r.comparisons.map((c) => [c.title, c.detail]));
  for (const d of r.decodes) details.set(d.case, d.detail);
  parts.push([...details].map(([title, detail]) => `- ${title}: ${detail}.`).join("\n"));
  return parts.join("\n\n");
}

const [BEGIN, END] = ["<!-- bench -->", "<!-- /bench -->"];

/** Replaces what stands between the markers of a file. */
export function writeBetweenMarkers(path: string, content: string): void {
  const text = readFileSync(path, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no ${BEGIN} … ${END}`);
  writeFileSync(path, `${text.slice(0, begin + BEGIN.length)}\n${content}\n${text.slice(end)}`);
}
