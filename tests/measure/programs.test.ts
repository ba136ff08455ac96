/** Whole programs compiled, run and timed; what was timed is kept, also by a run that is killed. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileSearched } from "../../src/pipeline.ts";
import { TimingDatabase } from "../../src/search/measure/database.ts";
import { createMeasurer } from "../../src/search/measure/measure.ts";
import type { ProgramRound, Programs, TimedPrograms } from "../../src/search/measure/programs.ts";
import { smallPrograms } from "./program-fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lumc-programs-test-"));
let small: Programs;
beforeAll(async () => {
  small = await smallPrograms();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** With few rounds; what it compiled and ran is told beside. */
async function timed(name: string, programs: Programs, programSeconds = 60) {
  const database = TimingDatabase.open(join(folder, name));
  const rounds: ProgramRound[] = [];
  let compiled = 0;
  const measurer = await createMeasurer({
    database,
    programRounds: 6,
    programSeconds,
    onProgram: () => compiled++,
    onRound: (r) => rounds.push(r),
  });
  const result = await measurer.programs!(programs);
  const { damaged } = database.count();
  database.close();
  return { result, rounds, compiled, damaged };
}

function timesOf(result: TimedPrograms) {
  if ("failed" in result) throw new Error(result.failed);
  return result;
}

test("programs are timed in turn at each point, and found again", async () => {
  const first = await timed("kept.sqlite", small);
  const { times, fresh } = timesOf(first.result);
  expect([times.length, fresh, first.compiled]).toEqual([2, 4, 2]);
  for (const t of times.flat()) {
    expect(t!.low).toBeGreaterThan(0);
    expect(t!.median).toBeGreaterThanOrEqual(t!.low);
    expect(t!.high).toBeGreaterThanOrEqual(t!.median);
  }
  expect(first.rounds.map((r) => r.round)).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);

  const again = await timed("kept.sqlite", small);
  expect(timesOf(again.result)).toEqual({ times, fresh: 0 });
  expect([again.compiled, again.rounds.length]).toEqual([0, 0]);

  // Beside other programs a time is another one.
  const alone = small.points.map((p) => ({ ...p, rivals: [0] }));
  const other = await timed("kept.sqlite", { ...small, points: alone });
  expect([timesOf(other.result).fresh, other.compiled]).toEqual([2, 1]);
});

test("where there is no time, the direct plan and one more have some rounds, the others none", async () => {
  const files = [...small.files, small.files[1]];
  const points = small.points.map((p) => ({ ...p, rivals: [0, 1, 2] }));
  const { result, rounds } = await timed("hasty.sqlite", { ...small, files, points }, 0);
  const { times } = timesOf(result);
  for (const at of times) expect(at.map((t) => t === undefined)).toEqual([false, false, true]);
  expect(rounds.map((r) => r.round)).toEqual([1, 2, 3, 1, 2, 3]);
});

const tinyText = `
model Tiny {
  dim s in 1..8
  input x: f32[s, 8]
  e[t, j] = exp(x[t, j])
  output y[t, j] = tanh(e[t, j]) / sum(n) e[t, n]
}
`;

test("a whole search takes no program that is slower, and the same again with the same timings", async () => {
  const build = async () => {
    const database = TimingDatabase.open(join(folder, "search.sqlite"));
    let compiled = 0;
    const measure = await createMeasurer({
      database,
      rounds: 1,
      budget: 0.001,
      programRounds: 6,
      programSeconds: 60,
      onProgram: () => compiled++,
    });
    const source = { path: "tiny.lum", text: tinyText };
    const found = await compileSearched(source, { buckets: [], search: { measure } });
    database.close();
    return { found, compiled, timed: measure.counts().timed };
  };
  const first = await build();
  expect(first.compiled).toBeGreaterThan(1);
  const { programs } = first.found.searched;
  if (programs?.kind !== "timed") throw new Error(programs?.reason);
  const direct = programs.programs.find((p) => p.merits.includes("direct"))!;
  const spread = programs.programs.flatMap((p) => p.times.map((t) => (t.high - t.low) / t.median));
  expect(direct.share).toBe(1);
  expect(programs.programs[0].share).toBeLessThanOrEqual(1 + Math.max(...spread));

  const again = await build();
  expect([again.compiled, again.timed]).toEqual([0, 0]);
  const lock = "lumc.lock.json";
  expect(again.found.files.get(lock)).toBe(first.found.files.get(lock));
  expect(JSON.parse(first.found.files.get(lock)!).plans[0].measured.programs).toHaveLength(
    programs.programs.length,
  );
});

test("a run that is killed keeps the points that it was through with", async () => {
  const script = fileURLToPath(new URL("program-writer.ts", import.meta.url));
  const path = join(folder, "killed.sqlite");
  const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
  const [, second] = small.points.map((p) => p.text);
  let text = "";
  child.stdout.on("data", (data) => {
    text += data;
    if (text.includes(`${second}, round 1`)) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.on("close", resolve));
  expect(child.signalCode, text).toBe("SIGKILL");
  const next = await timed("killed.sqlite", small);
  expect(next.damaged).toBe(0);
  expect(timesOf(next.result)).toMatchObject({ fresh: 2 });
  expect(new Set(next.rounds.map((r) => r.at))).toEqual(new Set([second]));
});

test("a program that refuses its inputs is told", async () => {
  const points = small.points.map((p) => ({
    ...p,
    calls: p.calls.map((c) => ({ ...c, inputs: c.inputs.map((i) => ({ ...i, limit: 1e6 })) })),
  }));
  const { result } = await timed("refused.sqlite", { ...small, points });
  expect(result).toEqual({ failed: expect.stringMatching(/^LUM6007/) });
});

test("a program that crashes is told, and the search lives", async () => {
  const crash = "\n#include <cstdlib>\n__attribute__((constructor)) static void crash() { std::abort(); }\n";
  const files = small.files.map((f) => {
    const text = f.get("src/interface.cpp")!;
    return new Map([...f, ["src/interface.cpp", text + crash] as const]);
  });
  const { result } = await timed("crashed.sqlite", { ...small, files });
  expect(result).toEqual({ failed: expect.stringMatching(/SIGABRT/) });
});
