/** The last step of a search with measurements: whole programs decide, the direct one among them. */
import { expect, test } from "vitest";
import { parseBucket } from "../../src/ir/bucket.ts";
import { choicesOf, type Plan } from "../../src/ir/plan.ts";
import { compileSearched, front, searchPlans } from "../../src/pipeline.ts";
import type { LockPart } from "../../src/search/lock.ts";
import { finals } from "../../src/search/measure/finals.ts";
import type { Measurer } from "../../src/search/measure/measure.ts";
import type { Programs, TimedPrograms } from "../../src/search/measure/programs.ts";
import { search } from "../../src/search/search.ts";

const text = `
model Rows {
  dim    s in 1..64
  input  x: f32[s, 96]
  weight w: f32[96, 96]
  h[i, j] = sum(k) x[i, k] * w[k, j]
  g[i, j] = tanh(h[i, j] + x[i, j])
  e[i, j] = exp(g[i, j] - max(n) g[i, n])
  output y[i, j] = e[i, j] / sum(n) e[i, n]
  output z[j, i] = g[i, j] * 2
}
`;
const source = { path: "rows.lum", text };
const one = parseBucket("s=1")!;

const kernels = (p: Plan): number => p.entries.reduce((n, e) => n + [...choicesOf(e.body)].length, 0);

type Asked = { readonly programs: readonly string[][]; readonly points: readonly string[] };

/**
 * Kernels take longer the fewer there are, so that the plan with most of them has the fastest; whole programs take
 * what `seconds` says of the number of their kernels, the point, the how manieth comparison it is, and the rival.
 */
function measurer(seconds: (kernels: number, point: string, time: number, rival: number) => number) {
  const asked: Asked[] = [];
  const made: Measurer = {
    plans: async (plans, points) => plans.map((p) => points.map(() => 1 / (1 + kernels(p)))),
    calls: async () => [],
    programs: async (p: Programs): Promise<TimedPrograms> => {
      const names = p.files.map((files) =>
        [...files.keys()].flatMap((path) => /^src\/kernels\/(.*)\.cpp$/.exec(path)?.[1] ?? []),
      );
      asked.push({ programs: names, points: p.points.map((x) => x.text) });
      const times = p.points.map(({ rivals, text }) =>
        rivals.map((r) => {
          const median = seconds(names[r].length, text, asked.length, r);
          return { median, low: 0.99 * median, high: 1.01 * median };
        }),
      );
      return { times, fresh: times.flat().length };
    },
    counts: () => ({ timed: 0, known: 0 }),
  };
  return { made, asked };
}

const lockOf = (files: ReadonlyMap<string, string>) =>
  JSON.parse(files.get("lumc.lock.json")!) as LockPart & { readonly plans: LockPart["plans"] };

test("the fastest program is taken, though another has the faster kernels", async () => {
  const direct = kernels((await search(front(source).hlir, { evaluations: 0 })).plan);
  const { made, asked } = measurer((count) => (count === direct ? 9 : count));
  const found = await compileSearched(source, { buckets: [], search: { measure: made } });
  expect(asked).toHaveLength(1);
  const counts = asked[0].programs.map((names) => names.length);
  expect(new Set(counts).size).toBeGreaterThan(1);
  expect(found.program.kernels.length).toBe(Math.min(...counts.filter((n) => n !== direct)));
  expect(kernels(found.plan)).toBeLessThan(Math.max(...found.searched.finalists.map((f) => kernels(f.plan))));
  const { programs } = found.searched;
  if (programs?.kind !== "timed") throw new Error("no program was timed");
  expect(programs.programs.map((p) => p.share)).toEqual(
    programs.programs.map((p) => p.share).sort((a, b) => a - b),
  );
  expect(programs.programs[0].share).toBeLessThan(1);
  expect(programs.programs.find((p) => p.merits.includes("direct"))?.share).toBe(1);
});

test("no plan is taken that is slower than the direct one", async () => {
  const direct = (await search(front(source).hlir, { evaluations: 0 })).plan;
  const { made } = measurer((count) => Math.abs(count - kernels(direct)) + 1);
  const found = await compileSearched(source, { buckets: [], search: { measure: made } });
  expect(kernels(found.plan)).toBe(kernels(direct));
  expect(lockOf(found.files).plans[0].choices).toEqual([]);
});

test("the lock names what was taken and the runners-up", async () => {
  const { made } = measurer((count) => count);
  const { files } = await compileSearched(source, { buckets: [], search: { measure: made } });
  const { measured } = lockOf(files).plans[0];
  const [taken, ...others] = measured!.programs!;
  expect(taken.adds).toBeUndefined();
  expect(others.length).toBeGreaterThan(0);
  for (const o of others) {
    expect(o.share).toBeGreaterThanOrEqual(taken.share);
    expect(o.seconds).toHaveLength(3);
    expect([...o.adds!, ...o.lacks!].length, `${o.plan} differs`).toBeGreaterThan(0);
  }
  expect(others.map((o) => o.plan)).toContain("the plan with the fastest kernels");
});

test("winners that were never in one program are timed together; where that is slow, one that was timed is taken", async () => {
  // The third program is best at any sizes and the first at s=1, each slower than the direct one at the other.
  const seconds = (_: number, point: string, time: number, rival: number): number =>
    time === 2 ? 1 : ((point.startsWith("for s=1") ? [1, 2, 3] : [3, 2, 1])[rival] ?? 4);
  const fine = measurer(seconds);
  const found = await compileSearched(source, { buckets: [one], search: { measure: fine.made } });
  expect(fine.asked.map((a) => a.programs.length)).toEqual([5, 2]);
  expect(fine.asked[1].points).toEqual(fine.asked[0].points);
  const general = found.searched.finalists;
  expect(general[1].merits).toContain("direct");
  expect(found.plan).toBe(general[2].plan);
  expect(found.buckets[0].plan).toBe(found.searchedBuckets[0].searched.finalists[0].plan);

  const slow = measurer((n, point, time, rival) =>
    time === 2 ? [3, 2][rival] : seconds(n, point, time, rival),
  );
  const { files } = await compileSearched(source, { buckets: [one], search: { measure: slow.made } });
  const { plans } = lockOf(files);
  expect(plans.map((p) => p.choices)).toEqual([[], []]);
  expect(plans.map((p) => p.measured!.programs![0])).toMatchObject([{ share: 1 }, { share: 1 }]);
});

test.each([
  ["where only kernels can be timed", { programs: undefined }, undefined, /only kernels/],
  ["where memory doesn't hold two", {}, 1000, /two of them with random weights take 0\.0 GiB/],
  [
    "where they fail",
    { programs: async () => ({ failed: "the model refused" }) },
    undefined,
    /did not run: the model refused/,
  ],
])("says why none was timed: %s", async (_, change, memory, reason) => {
  const { made } = measurer((count) => count);
  const bare = { ...made, programs: undefined };
  const { start, searched } = await searchPlans(source, { buckets: [], search: { measure: bare } });
  const units = [{ bucket: undefined, model: start.hlir, searched }];
  const [told] = await finals(units, { measurer: { ...made, ...change }, memory });
  expect(told.programs).toEqual({ kind: "not timed", reason: expect.stringMatching(reason) });
  expect(told.plan).toBe(searched.plan);
});
