/**
 * `lumc build --measure` killed at any moment, with its compilers and the process that times programs or one of them
 * alone: the timings and the lock that there were are there, whole, and the next run goes on with them. Minutes of
 * compiling, so only with LUMC_TEST_EFFORT.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { lockName, readLock } from "../../src/search/lock-file.ts";
import { TimingDatabase } from "../../src/search/measure/database.ts";
import { isMore, recordLongRun, tries } from "../long-run.ts";

const folder = mkdtempSync(join(tmpdir(), "lumc-killed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [model, out, cache, scratch] = ["tiny.lum", "out", "cache", "tmp"].map((name) => join(folder, name));
const timings = join(cache, "lumc", "timings.sqlite");
const cli = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

const text = `
model Tiny {
  input x: f32[64, 64], z: f32[64]
  e[t, j] = exp(x[t, j])
  output y[t, j] = sum(k) (x[t, k] / z[t]) * e[k, j]
}
`;

type Started = { readonly child: ChildProcess; readonly said: () => string; readonly end: Promise<void> };

/** In a process group of its own, which its compilers and other children are in as well. */
function started(words: readonly string[]): Started {
  const child = spawn(process.execPath, [cli, "build", model, "--out", out, ...words], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LUMC_CACHE: cache, TMPDIR: scratch, NO_COLOR: "1" },
  });
  let said = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (data) => (said += data));
  return { child, said: () => said, end: new Promise((done) => child.on("exit", () => done())) };
}

const measured = ["--no-compile", "--measure", "--search", "0.1", "--arch", "x86-64-v3"];

type Process = { readonly pid: number; readonly command: string };

function groupOf(leader: number): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return Number(group) === leader && state !== "Z" ? [{ pid: Number(name), command }] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was faster.
  }
}

type Row = { readonly key: string; readonly seconds: number };

function rows(): readonly Row[] {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(timings, { readOnly: true });
  } catch {
    return []; // not made yet
  }
  try {
    const all = db.prepare("SELECT kernel || form || flags || machine AS key, seconds FROM timings").all();
    return all.map((r) => ({ key: String(r.key), seconds: Number(r.seconds) }));
  } catch {
    return [];
  } finally {
    db.close();
  }
}

type Moment = {
  readonly name: string;
  readonly when: (group: readonly Process[], kept: number) => Process | boolean;
  /** Everything, lumc alone, or the process that was waited for. */
  readonly victim: "all" | "lumc" | "child";
};

const running = (what: RegExp) => (group: readonly Process[]) =>
  group.find((p) => what.test(p.command)) ?? false;
const compiler = running(/cc1plus/);
const timer = running(/program-child/);

const moments: readonly Moment[] = [
  { name: "a compiler runs", when: compiler, victim: "all" },
  { name: "a compiler runs", when: compiler, victim: "lumc" },
  { name: "timings have been kept", when: (_, kept) => rows().length > kept, victim: "all" },
  { name: "programs are timed", when: timer, victim: "child" },
  { name: "programs are timed", when: timer, victim: "all" },
  { name: "a compiler runs", when: compiler, victim: "child" },
  { name: "programs are timed", when: timer, victim: "lumc" },
];

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Whether the moment came before the build was through. */
async function killedAt({ when, victim }: Moment, delay: number): Promise<boolean> {
  const kept = rows().length;
  const { child, end } = started(measured);
  const leader = child.pid!;
  let came: Process | boolean = false;
  while (child.exitCode === null && came === false) {
    await pause(25);
    came = when(groupOf(leader), kept);
  }
  await pause(delay);
  if (victim === "child" && typeof came === "object") {
    kill(came.pid);
    await end; // it sees to it, or says what happened
  }
  if (victim === "lumc") {
    kill(leader); // what it had started goes on, and finds nobody to tell
    while (groupOf(leader).length > 0) await pause(100);
  }
  for (const p of groupOf(leader)) kill(p.pid);
  await end;
  return came !== false;
}

function expectWhole(before: readonly Row[], locks: readonly string[]): void {
  const db = TimingDatabase.open(timings);
  expect([db.problems, db.count().damaged]).toEqual([[], 0]);
  db.close();
  const now = new Map(rows().map((r) => [r.key, r.seconds]));
  expect(before.filter((r) => now.get(r.key) !== r.seconds)).toEqual([]);
  expect(readLock(join(out, lockName)).kind).toBe("lock");
  expect(locks).toContain(readFileSync(join(out, lockName), "utf8"));
}

const kills = Math.max(3, tries(2, moments.length));
let came = 0;

test.runIf(isMore && process.platform === "linux")(
  "a measured build that is killed leaves timings and lock whole, and the next goes on",
  { timeout: 3_600_000 },
  async () => {
    for (const dir of [cache, scratch]) mkdirSync(dir);
    writeFileSync(model, text);
    const first = started(["--no-compile", "--arch", "x86-64-v3"]);
    await first.end;
    const lock = readFileSync(join(out, lockName), "utf8");
    for (let i = 0; i < kills; i++) {
      const before = rows();
      if (await killedAt(moments[i], 37 * i)) came++;
      const made = readFileSync(join(out, lockName), "utf8");
      // A build that was through before the moment came has written its own.
      expectWhole(before, [lock, ...(made.includes('"measured"') ? [made] : [])]);
    }
    expect(came).toBeGreaterThanOrEqual(kills - 1);
    const before = rows();
    const last = started(measured);
    await last.end;
    expect(last.child.exitCode, last.said()).toBe(0);
    const after = readFileSync(join(out, lockName), "utf8");
    expect(after).toContain('"measured"');
    expectWhole(before, [after]);
    expect(before.length).toBeGreaterThan(0);
    expect(rows().length).toBeGreaterThanOrEqual(before.length);
    expect(readdirSync(scratch).filter((name) => name.startsWith("lumc-work-"))).toEqual([]);
  },
);

if (isMore) recordLongRun("measured builds killed", () => ({ kills: came }));
