/** A budget of memory for the rules: what they found before it was full makes a whole plan, the same with --locked. */
import { afterEach, expect, test, vi } from "vitest";
import { searchOf } from "../../cli/build-model.ts";
import { CompileError } from "../../src/diagnostics.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { compileLocked, compileSearched, front } from "../../src/pipeline.ts";
import { allNodes } from "../../src/search/encode.ts";
import type { LockPart } from "../../src/search/lock.ts";
import { lockName } from "../../src/search/lock-file.ts";
import { saturate, usualLimits } from "../../src/search/saturate.ts";
import { spaceOf } from "../../src/search/space.ts";
import { example } from "./examples.ts";

afterEach(() => vi.restoreAllMocks());

const common = { arch: "x86-64-v3", buckets: [] } as const;

/** What is found of the example, and which limit was met. */
async function termsWithin(megabytes: number) {
  const { hlir } = front(example("gpt"));
  const nodes = allNodes(hlir);
  const reached: string[] = [];
  const limits = {
    ...usualLimits,
    memoryBytes: megabytes * 2 ** 20,
    onReached: (limit: string) => void reached.push(limit),
  };
  const saturated = await saturate(nodes, hlir.bounds, { limits });
  const { candidates } = spaceOf(nodes, saturated);
  const terms = [...candidates.values()].reduce((n, list) => n + list.length, 0);
  return { reached, terms, cut: saturated.cut, late: saturated.late };
}

test("the rules stop where their memory is full, with all of the model in the e-graph", async () => {
  const whole = await termsWithin(1024);
  expect(whole).toMatchObject({ reached: [], cut: false });
  for (const megabytes of [0.01, 1]) {
    const part = await termsWithin(megabytes);
    expect(part).toMatchObject({ reached: ["memory"], cut: true, late: false });
    expect(part.terms).toBeLessThan(whole.terms);
  }
});

test("the plan is whole, the warning is told once, and the lock gives the same project", async () => {
  const told: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => told.push(String(text)) > 0);
  const search = searchOf({ search: "0.05", searchMemory: 1, target: "cpu", machine: "generic" })!;
  const found = await compileSearched(example("gpt"), { ...common, search });
  vi.restoreAllMocks();
  checkPlan(found.plan, "search");
  expect(told.join("").match(/LUM4004\]: the search's rules have filled their 1 MB/g)).toHaveLength(1);
  const lock = JSON.parse(found.files.get(lockName)!) as LockPart;
  expect(lock.search).toMatchObject({ by: "search", memory: 1 });
  const locked = await compileLocked(example("gpt"), common, { lock, path: lockName });
  expect([...locked.files]).toEqual([...found.files]);
});

test("a budget that is none is refused", () => {
  for (const searchMemory of [0, -1, Number.NaN])
    expect(() => searchOf({ search: "fast", searchMemory, target: "cpu" })).toThrow(CompileError);
});
