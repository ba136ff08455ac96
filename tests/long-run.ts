/**
 * How much the tests do. LUMC_TEST_EFFORT is `long`, as in `npm run test:long`, or a share of the way there: 0.1 tries a
 * tenth of what a long run has more. What was run beyond the usual is recorded by part in tests/search/last-long-run.json.
 */
import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Task } from "@vitest/runner";
import { afterAll } from "vitest";

const asked = process.env.LUMC_TEST_EFFORT ?? "0";
const effort = asked === "long" ? 1 : Number(asked);
if (!(effort >= 0 && effort <= 1)) throw new Error(`LUMC_TEST_EFFORT=${asked} is neither long nor 0..1`);

export const isLong = effort === 1;

/** Whether more than the usual is asked for: of what takes minutes at the least. */
export const isMore = effort > 0;

/** As many as are tried with this effort. */
export const tries = (usual: number, long: number): number => Math.round(usual + effort * (long - usual));

const path = fileURLToPath(new URL("search/last-long-run.json", import.meta.url));

type Facts = { readonly [name: string]: number | string | readonly string[] | Facts };

/** Notes what a file of tests has run, if all of it was run and passed; nothing in a usual run. */
export function recordLongRun(part: string, facts: () => Facts): void {
  if (effort > 0)
    // biome-ignore lint/correctness/noEmptyPattern: vitest wants a pattern for what it can give.
    afterAll(({}, file) => {
      const states = file.tasks.flatMap(statesOf);
      if (states.every((s) => s === "pass")) record(part, { ...facts(), tests: states.length, wrong: 0 });
    });
}

const statesOf = (task: Task): (string | undefined)[] =>
  task.type === "suite" ? task.tasks.flatMap(statesOf) : [task.result?.state ?? task.mode];

function record(part: string, facts: Facts): void {
  const held = `${path}.held`;
  // Files of tests run beside one another.
  while (!isTaken(held)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  try {
    const { parts } = JSON.parse(readFileSync(path, "utf8")) as { parts: Record<string, unknown> };
    const date = new Date().toISOString().slice(0, 10);
    const all = { ...parts, [part]: { date, effort, ...facts } };
    const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
    writeFileSync(`${path}.new`, `${JSON.stringify({ parts: sorted }, inOneText, 2)}\n`);
    renameSync(`${path}.new`, path);
  } finally {
    rmdirSync(held);
  }
}

/** Lists would be written over many lines, which the formatter takes back. */
const inOneText = (_: string, value: unknown): unknown => (Array.isArray(value) ? value.join(", ") : value);

function isTaken(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
