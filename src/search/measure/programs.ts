/** Whole programs timed on this machine: emitted, compiled, run in turn by a process of their own, and kept. */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Arch } from "../../emit/arch.ts";
import { compileProject } from "../../emit/compile.ts";
import { sha256 } from "../../emit/object-cache.ts";
import type { ProjectFiles } from "../../emit/project.ts";
import { writeProject } from "../../emit/write.ts";
import type { TimingDatabase, TimingKey } from "./database.ts";
import type { JobAnswer, JobPoint, ProgramJob } from "./program-job.ts";
import { type RandomTensor, writeRandomWeights } from "./random-weights.ts";
import { workFolder } from "./work-folder.ts";

/** What is compared at one point; `text` says where, for the database and for a reader. */
export type ProgramPoint = Pick<JobPoint, "calls" | "rivals"> & { readonly text: string };

export type ProgramRound = { readonly at: string; readonly round: number; readonly rounds: number };

export type TimeProgramsOptions = {
  readonly database: TimingDatabase;
  readonly arch: Arch;
  readonly compiler?: string;
  readonly jobs: number;
  readonly cache?: string;
  readonly threads: number;
  /** Of the database's keys. */
  readonly flags: string;
  readonly machine: string;
  readonly rounds: number;
  /** Seconds of all points together, compiling not counted. */
  readonly seconds: number;
  readonly onCompiling?: (done: number, total: number) => void;
  readonly onRound?: (r: ProgramRound) => void;
};

export type Programs = {
  readonly model: string;
  readonly prefix: string;
  readonly files: readonly ProjectFiles[];
  readonly weights: readonly RandomTensor[];
  readonly points: readonly ProgramPoint[];
};

/** Seconds of a call: the median over rounds and its quartiles. */
export type ProgramTime = { readonly median: number; readonly low: number; readonly high: number };

export type TimedPrograms =
  /** By point and rival; undefined for one that was not worth its rounds. `fresh` counts those timed now. */
  | { readonly times: readonly (readonly (ProgramTime | undefined)[])[]; readonly fresh: number }
  | { readonly failed: string };

export async function timePrograms(p: Programs, o: TimeProgramsOptions): Promise<TimedPrograms> {
  const hashes = p.files.map(textHash);
  const keysAt = (point: ProgramPoint): Keys[] => {
    // What was timed beside other programs was timed under another load: only the same company compares.
    const company = sha256(point.rivals.map((r) => hashes[r]).join("\n")).slice(0, 16);
    return point.rivals.map((r) => {
      const { flags, machine } = o;
      const key = (what: string) => ({
        kernel: hashes[r],
        form: `program ${point.text} beside ${company}, ${what}`,
        flags,
        machine,
      });
      return { median: key("median"), low: key("low"), high: key("high") };
    });
  };
  const times = p.points.map((point) => found(o.database, keysAt(point)));
  const missing = [...times.keys()].filter((i) => times[i] === undefined);
  if (missing.length > 0) {
    const failed = await timeMissing(p, missing, o, (i, now) => {
      times[i] = now;
      keep(o.database, keysAt(p.points[i]), now);
    });
    if (failed !== undefined) return { failed };
  }
  const all = times.map((t) => t!);
  return { times: all, fresh: missing.reduce((n, i) => n + all[i].length, 0) };
}

type Keys = { readonly [K in keyof ProgramTime]: TimingKey };
type Times = readonly (ProgramTime | undefined)[];

/** Kept for a program that was left out, so that it is known of it, too. */
const leftOut = -1;

function found(database: TimingDatabase, keys: readonly Keys[]): Times | undefined {
  const all = keys.map((k): ProgramTime | undefined => {
    const [median, low, high] = [k.median, k.low, k.high].map((key) => database.find(key));
    return median === undefined || low === undefined || high === undefined
      ? undefined
      : { median, low, high };
  });
  if (all.some((t) => t === undefined)) return undefined;
  return all.map((t) => (t!.median === leftOut ? undefined : t));
}

function keep(database: TimingDatabase, keys: readonly Keys[], times: Times): void {
  const none: ProgramTime = { median: leftOut, low: leftOut, high: leftOut };
  database.keep(
    keys.flatMap((k, i) => {
      const t = times[i] ?? none;
      return (["median", "low", "high"] as const).map((what) => [k[what], t[what]] as const);
    }),
  );
}

/** Of what is compiled and called. */
const textHash = (files: ProjectFiles): string =>
  sha256(
    [...files]
      .filter(([path]) => /\.(cpp|h)$/.test(path))
      .flat()
      .join("\n"),
  );

/** Returns what went wrong, if anything did. Each point's times are given as soon as they are whole. */
async function timeMissing(
  p: Programs,
  missing: readonly number[],
  o: TimeProgramsOptions,
  done: (point: number, times: Times) => void,
): Promise<string | undefined> {
  const dir = workFolder("programs");
  try {
    const libraries = await compileAll(p, missing, dir, o);
    const weights = p.weights.length === 0 ? undefined : join(dir, "weights.safetensors");
    if (weights !== undefined) writeRandomWeights(weights, p.weights);
    const points = missing.map((i) => {
      const { calls, rivals } = p.points[i];
      return { calls, rivals, rounds: o.rounds, seconds: o.seconds / p.points.length };
    });
    const { model, prefix } = p;
    const job: ProgramJob = { model, prefix, libraries, weights, threads: o.threads, points };
    const path = join(dir, "job.json");
    writeFileSync(path, JSON.stringify(job));
    const at = (point: number) => p.points[missing[point]].text;
    return await runJob(path, points, {
      onRound: (point, round) => o.onRound?.({ at: at(point), round: round + 1, rounds: o.rounds }),
      onPoint: (point, times) => done(missing[point], times),
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The libraries of the programs that some missing point asks for; none for the others. */
async function compileAll(
  { files, points }: Programs,
  missing: readonly number[],
  dir: string,
  o: TimeProgramsOptions,
): Promise<string[]> {
  const wanted = new Set(missing.flatMap((i) => points[i].rivals));
  const libraries = files.map(() => "");
  let made = 0;
  for (const number of wanted) {
    const project = join(dir, `program${number}`);
    mkdirSync(project);
    writeProject(files[number], project);
    o.onCompiling?.(made++, wanted.size);
    const { arch, compiler, jobs, cache } = o;
    const { library } = await compileProject(project, { arch, compiler, jobs, cache });
    libraries[number] = library;
  }
  return libraries;
}

async function runJob(
  path: string,
  points: readonly JobPoint[],
  on: {
    readonly onRound: (point: number, round: number) => void;
    readonly onPoint: (point: number, times: Times) => void;
  },
): Promise<string | undefined> {
  const script = fileURLToPath(new URL("program-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--no-warnings", script, path], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<string>((resolve) => {
    child.on("error", (e) => resolve(`it could not be started: ${e.message}`));
    child.on("close", (code, signal) => resolve(`it ended by ${signal ?? `code ${code}`}`));
  });
  let [complaint, failed, finished] = ["", undefined as string | undefined, 0];
  child.stderr.on("data", (text) => {
    complaint = `${complaint}${text}`.slice(-300);
  });
  const rounds: (readonly (number | null)[])[][] = points.map(() => []);
  for await (const line of createInterface({ input: child.stdout })) {
    const answer = JSON.parse(line) as JobAnswer;
    if ("failed" in answer) failed = answer.failed;
    else if ("done" in answer) {
      finished++;
      on.onPoint(answer.point, timesOf(rounds[answer.point], points[answer.point].rivals.length));
    } else {
      rounds[answer.point].push(answer.seconds);
      on.onRound(answer.point, answer.round);
    }
  }
  const end = await ended;
  if (failed !== undefined) return failed;
  return finished === points.length ? undefined : `${end}${complaint === "" ? "" : `: ${complaint.trim()}`}`;
}

const timesOf = (rounds: readonly (readonly (number | null)[])[], count: number): Times =>
  Array.from({ length: count }, (_, i) => {
    const seconds = rounds.flatMap((r) => r[i] ?? []);
    if (seconds.length === 0) return undefined;
    const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(seconds, q));
    return { median, low, high };
  });

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}
