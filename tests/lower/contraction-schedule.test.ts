/** Which schedules a product may have, and what of a plan that claims another one is told. */
import { describe, expect, test } from "vitest";
import {
  type ContractionSchedule,
  choicesOf,
  type EntryPlan,
  type Plan,
  storedIn,
} from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { printPlan } from "../../src/ir/plan-print.ts";
import { directPlan, type Policy } from "../../src/lower/direct/direct.ts";
import { schedulesOf } from "../../src/lower/plan-schedule.ts";
import { hlirFromText } from "../emit/from-text.ts";

const modelOf = (body: string) => hlirFromText({ name: "t", body, head: 'import { conv2d } from "std/nn"' });

/** Of the first contraction. */
function legal(body: string, policy: Policy = {}): ContractionSchedule[] {
  const plan = directPlan(modelOf(body), policy);
  const found = plan.entries.flatMap((e) =>
    [...choicesOf(e.body)]
      .filter((c) => c.implementation.family === "contraction")
      .map((c) => schedulesOf(c, plan.hlir.bounds, storedIn(e))),
  );
  expect(found.length).toBeGreaterThan(0);
  return found[0];
}

const scheduled = (body: string, schedule: ContractionSchedule): Plan =>
  directPlan(modelOf(body), { schedule: () => schedule });

const claimed = (body: string, schedule: ContractionSchedule): Plan => {
  const plan = directPlan(modelOf(body));
  return {
    ...plan,
    entries: plan.entries.map(
      (e): EntryPlan => ({
        ...e,
        body: e.body.map((s) =>
          s.kind === "kernel" && s.choice.implementation.family === "contraction"
            ? { ...s, choice: { ...s.choice, implementation: { ...s.choice.implementation, schedule } } }
            : s,
        ),
      }),
    ),
  };
};

const rowsByColumns = "input a: f32[40, 600], b: f32[600, 30]\noutput y = a @ b";
const rowsByRows = "input a: f32[40, 600], b: f32[30, 600]\noutput y[i, j] = sum(k) a[i, k] * b[j, k]";

describe("premises", () => {
  test("all of them hold of a small result with columns side by side", () =>
    expect(legal(rowsByColumns)).toEqual(["wide tile", "tall tile", "packed", "in place", "split depth"]));

  test("columns that lie apart are never read in place, nor are narrower floats", () => {
    expect(legal(rowsByRows)).not.toContain("in place");
    expect(legal("input a: f32[40, 600], b: bf16[600, 30]\noutput y = a @ b")).not.toContain("in place");
  });

  test("few rows have no register tile to choose", () =>
    expect(legal("input a: f32[4, 600], b: f32[600, 30]\noutput y = a @ b")).toEqual(["split depth"]));

  test("factors that are both computed as they are read have nothing to pack or leave", () =>
    expect(
      legal("input a: f32[40, 600], b: f32[600, 30]\noutput y[i, j] = sum(k) exp(a[i, k]) * exp(b[k, j])", {
        inline: () => true,
      }),
    ).toEqual(["wide tile", "tall tile", "split depth"]));

  test.each([
    ["a short depth", "input a: f32[40, 500], b: f32[500, 30]\noutput y = a @ b"],
    ["more rows than a block's sums have", "input a: f32[400, 600], b: f32[600, 30]\noutput y = a @ b"],
    ["more columns", "input a: f32[40, 600], b: f32[600, 530]\noutput y = a @ b"],
    ["a batch", "input a: f32[3, 40, 600], b: f32[3, 600, 30]\noutput y = a @ b"],
    [
      "rows without a bound that fits",
      "dim n in 1..400\ninput a: f32[n, 600], b: f32[600, 30]\noutput y = a @ b",
    ],
  ])("no split over the depth with %s", (_, body) => expect(legal(body)).not.toContain("split depth"));

  test("a batch of products has the other ones", () =>
    expect(legal("input a: f32[3, 40, 60], b: f32[3, 60, 30]\noutput y = a @ b")).toContain("wide tile"));

  test("windows of an image have a way of their own", () =>
    expect(
      legal(
        "input x: f32[2, 6, 12, 13]\nweight k: f32[8, 6, 3, 3]\noutput y = conv2d(x, k, stride = 1, pad = 1)",
      ),
    ).toEqual([]));
});

test("a plan has what is wanted where it may, and says so", () => {
  const plan = scheduled(rowsByColumns, "in place");
  expect(() => checkPlan(plan, "a test")).not.toThrow();
  expect(printPlan(plan)).toMatch(/schedule "in place"/);
  expect(printPlan(scheduled(rowsByRows, "in place"))).not.toMatch(/schedule/);
});

test.each([
  ["in place", rowsByRows],
  ["split depth", "input a: f32[40, 500], b: f32[500, 30]\noutput y = a @ b"],
  ["wide tile", "input a: f32[4, 600], b: f32[600, 30]\noutput y = a @ b"],
] as const)('a plan that claims "%s" without its premises is refused', (schedule, body) =>
  expect(() => checkPlan(claimed(body, schedule), "a test")).toThrow(`can't have the schedule "${schedule}"`),
);

test("a kernel of several products has none", () => {
  const body =
    "input x: f32[20, 40]\nweight p: f32[30, 40], q: f32[50, 40]\noutput a[i, j] = sum(k) x[i, k] * p[j, k]\noutput b[i, j] = sum(k) x[i, k] * q[j, k]";
  const merged = directPlan(modelOf(body), { merge: () => true, schedule: () => "wide tile" });
  expect(printPlan(merged)).toMatch(/in the kernel of/);
  expect(printPlan(merged)).not.toMatch(/schedule/);
  expect(() => checkPlan(merged, "a test")).not.toThrow();
});
