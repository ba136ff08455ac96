/** The same work through PyTorch, by rivals.py: one process for the jobs of a part. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../../src/emit/toolchain.ts";
import { type Bench, root } from "./bench.ts";
import type { RivalTime } from "./results.ts";

export type Job = { readonly name: string } & Readonly<Record<string, unknown>>;

export type Answers = {
  readonly versions: Readonly<Record<string, string>>;
  /** Times of each job by the rival's name. */
  readonly times: ReadonlyMap<string, Readonly<Record<string, RivalTime>>>;
  readonly notes: readonly string[];
};

type Line = {
  readonly versions?: Record<string, string>;
  readonly job?: string;
  readonly times?: Record<string, RivalTime>;
  readonly failed?: string;
};

export async function askRivals(jobs: readonly Job[], bench: Bench): Promise<Answers> {
  const none: Answers = { versions: {}, times: new Map(), notes: [] };
  if (bench.python === undefined) return { ...none, notes: [`PyTorch was not asked: ${bench.noPython}`] };
  mkdirSync(bench.work, { recursive: true });
  const path = join(bench.work, "jobs.json");
  const device = bench.gpu === undefined ? "cpu" : "cuda";
  writeFileSync(path, JSON.stringify({ device, runs: bench.runs, jobs }));
  const { code, output } = await runTool(bench.python, [join(root, "bench/device/rivals.py"), path]);
  const lines = output
    .split("\n")
    .flatMap((l): Line[] => (l.startsWith("@") ? [JSON.parse(l.slice(1))] : []));
  const said = output.split("\n").filter((l) => !l.startsWith("@") && l.trim() !== "");
  const times = new Map<string, Record<string, RivalTime>>();
  for (const { job, times: own } of lines)
    if (job !== undefined && own !== undefined) times.set(job, { ...times.get(job), ...own });
  const notes = lines.flatMap((l) => (l.failed === undefined ? [] : [`rival of ${l.job}: ${l.failed}`]));
  if (code !== 0) notes.push(`rivals.py ended with ${code}: ${said.slice(-8).join(" / ").slice(-1200)}`);
  return { versions: lines.find((l) => l.versions !== undefined)?.versions ?? {}, times, notes };
}
