/** Attention that is none is refused: every part of a form is proved again. */
import { describe, expect, test } from "vitest";
import { type AttentionForm, choicesOf, type Plan, type PlanStep } from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { printPlan } from "../../src/ir/plan-print.ts";
import { hlirFromText } from "../emit/from-text.ts";
import { attentionsOf, onePassPlan } from "./one-pass.ts";

const head = [
  "dim s in 1..64",
  "input q: f32[s, 2, 8], k: f32[s, 2, 8], v: f32[s, 2, 8]",
  "dot[h in 0..2, i, j] = sum(c) q[i, h, c] * k[j, h, c]",
  "score[h, i, j] = where(j <= i, 0.3 * dot[h, i, j], -inf)",
];
const written = (...rest: readonly string[]): Plan =>
  onePassPlan(hlirFromText({ name: "t", body: [...head, ...rest].join("\n") }));
const usual = (): Plan =>
  written(
    "e = exp(score - max(score, axis = -1, keep = true))",
    "total = sum(e, axis = -1)",
    "output o[i, h, c] = (sum(j) e[h, i, j] * v[j, h, c]) / total[h, i]",
    "output columns[h, c] = sum(i) v[i, h, c]",
  );

describe("a form with one part replaced", () => {
  const plan = usual();
  const other = (test: (n: AttentionForm["total"]) => boolean) => {
    const all = plan.entries.flatMap((e) => [...choicesOf(e.body)].flatMap((c) => [...c.inlined, c.root]));
    const found = all.find(test);
    if (found === undefined) throw new Error("nothing to put in its place");
    return found;
  };
  const mutations: readonly [string, (f: AttentionForm) => AttentionForm][] = [
    ["greatest", (f) => ({ ...f, greatest: f.total })],
    ["total of other values", (f) => ({ ...f, total: other((n) => n.name === "columns") })],
    ["the product for the total", (f) => ({ ...f, total: f.dot })],
    ["score", (f) => ({ ...f, score: f.dot })],
    ["exponential", (f) => ({ ...f, exponential: f.score })],
    ["dot", (f) => ({ ...f, dot: f.weighted })],
    ["queries for keys", (f) => ({ ...f, dotForm: { ...f.dotForm, a: f.dotForm.b, b: f.dotForm.a } })],
    ["rows for keys", (f) => ({ ...f, dotForm: { ...f.dotForm, m: f.dotForm.n, n: f.dotForm.m } })],
    [
      "rows for columns",
      (f) => ({ ...f, weightedForm: { ...f.weightedForm, m: f.weightedForm.n, n: f.weightedForm.m } }),
    ],
    ["another sum's axes", (f) => ({ ...f, weightedForm: { ...f.weightedForm, k: f.weightedForm.m } })],
    ["weights for values", (f) => ({ ...f, weightedForm: { ...f.weightedForm, b: f.weightedForm.a } })],
  ];

  test("as it is", () => {
    checkPlan(plan, "plan");
    expect(attentionsOf(plan)).toHaveLength(1);
    expect(printPlan(plan)).toContain("attention, scores");
  });

  test.each(mutations)("%s", (_, mutate) => {
    expect(() => checkPlan(replaced(plan, mutate), "plan")).toThrow(/no such attention|neither stored/);
  });

  test("a part that is stored", () => {
    const [choice] = attentionsOf(plan);
    const { score } = choice.implementation.form;
    const without = { ...choice, inlined: choice.inlined.filter((n) => n !== score) };
    const [entry] = plan.entries;
    const storing: PlanStep = {
      kind: "kernel",
      choice: { root: score, implementation: { family: "elementwise" }, inlined: [] },
    };
    const body = [
      storing,
      ...entry.body.map((s) => (s.kind === "kernel" && s.choice === choice ? { ...s, choice: without } : s)),
    ];
    expect(() => checkPlan({ ...plan, entries: [{ ...entry, body }] }, "plan")).toThrow(/no such attention/);
  });
});

function replaced(plan: Plan, mutate: (f: AttentionForm) => AttentionForm): Plan {
  const step = (s: PlanStep): PlanStep => {
    if (s.kind !== "kernel" || s.choice.implementation.family !== "attention") return s;
    const { implementation } = s.choice;
    return {
      ...s,
      choice: { ...s.choice, implementation: { ...implementation, form: mutate(implementation.form) } },
    };
  };
  return { ...plan, entries: plan.entries.map((e) => ({ ...e, body: e.body.map(step) })) };
}

test.each([
  [
    "divided by another row's total",
    ["output o[i, h, c] = (sum(j) e[h, i, j] * v[j, h, c]) / total[h, s - 1 - i]"],
  ],
  [
    "with the greatest as a result",
    ["output o[i, h, c] = (sum(j) e[h, i, j] * v[j, h, c]) / total[h, i] + m[h, i]"],
  ],
] as const)("%s it is refused", (_, lines) => {
  const plan = written(
    "m[h, i] = max(j) score[h, i, j]",
    "e[h, i, j] = exp(score[h, i, j] - m[h, i])",
    "total[h, i] = sum(n) e[h, i, n]",
    ...lines,
  );
  expect(attentionsOf(plan)).toHaveLength(1);
  expect(() => checkPlan(plan, "plan")).toThrow(/no such attention/);
});

test.each([
  ["another row's greatest", "e[h, i, j] = exp(score[h, i, j] - max(n) score[h, s - 1 - i, n])"],
  ["the greatest of another score", "e[h, i, j] = exp(score[h, i, j] - max(n) dot[h, i, n])"],
  ["no greatest", "e[h, i, j] = exp(score[h, i, j])"],
  ["another base", "e[h, i, j] = exp2(score[h, i, j] - max(n) score[h, i, n])"],
])("exponentials with %s are no attention", (_, line) => {
  const plan = written(
    line,
    "total[h, i] = sum(n) e[h, i, n]",
    "output o[i, h, c] = (sum(j) e[h, i, j] * v[j, h, c]) / total[h, i]",
  );
  checkPlan(plan, "plan");
  expect(attentionsOf(plan)).toHaveLength(0);
});
