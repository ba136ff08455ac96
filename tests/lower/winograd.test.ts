/** Which sums of products are convolutions that Winograd's filtering computes. */
import { describe, expect, test } from "vitest";
import { choicesOf, type EntryPlan, type Plan, type PlanStep } from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { directPlan } from "../../src/lower/direct/direct.ts";
import { hlirFromText } from "../emit/from-text.ts";

const planOf = (body: string): Plan =>
  directPlan(hlirFromText({ name: "t", body, head: 'import { conv2d } from "std/nn"' }), {
    winograd: () => 4,
  });

const filtered = (p: Plan): boolean =>
  p.entries.some((e) =>
    [...choicesOf(e.body)].some(({ implementation: i }) => i.family === "contraction" && i.winograd === 4),
  );

const model = (c: { image?: string; filters?: string; call?: string; weight?: string }): string =>
  [
    "dim batch in 1..4",
    `input x: ${c.image ?? "f32[batch, 6, 12, 13]"}`,
    c.weight ?? `weight k: ${c.filters ?? "f32[8, 6, 3, 3]"}`,
    `output y = ${c.call ?? "conv2d(x, k, stride = 1, pad = 1)"}`,
  ].join("\n");

describe("applies to", () => {
  test.each([
    ["3x3 at stride 1", {}],
    ["no padding", { call: "conv2d(x, k, stride = 1, pad = 0)" }],
    ["more padding than the filter covers", { call: "conv2d(x, k, stride = 1, pad = 2)" }],
    ["an image in bf16", { image: "bf16[batch, 6, 12, 13]" }],
  ])("%s", (_, c) => expect(filtered(planOf(model(c)))).toBe(true));
});

describe("does not apply to", () => {
  test.each([
    ["stride 2", { call: "conv2d(x, k, stride = 2, pad = 1)" }],
    ["1x1", { filters: "f32[8, 6, 1, 1]", call: "conv2d(x, k, stride = 1, pad = 0)" }],
    ["5x5", { filters: "f32[8, 6, 5, 5]", call: "conv2d(x, k, stride = 1, pad = 2)" }],
    ["filters that are not constant", { weight: "input k: f32[8, 6, 3, 3]" }],
    ["filters in bf16", { filters: "bf16[8, 6, 3, 3]" }],
    [
      "channels beyond the workspace's room",
      { image: "f32[batch, 520, 12, 13]", filters: "f32[8, 520, 3, 3]" },
    ],
    ["filters that are computed", { call: "conv2d(x, k * k, stride = 1, pad = 1)" }],
    [
      "filters with their taps in another order",
      {
        call: "conv2d(x, transposed, stride = 1, pad = 1)",
        weight: "weight k: f32[8, 6, 3, 3]\ntransposed[o, c, r, s] = k[o, c, s, r]",
      },
    ],
  ])("%s", (_, c) => expect(filtered(planOf(model(c)))).toBe(false));
});

test("a plan that claims it where it does not hold is refused", () => {
  const p = planOf(model({ call: "conv2d(x, k, stride = 2, pad = 1)" }));
  const claim = (s: PlanStep): PlanStep =>
    s.kind === "kernel" && s.choice.implementation.family === "contraction"
      ? { ...s, choice: { ...s.choice, implementation: { ...s.choice.implementation, winograd: 4 } } }
      : s;
  const claimed: Plan = {
    ...p,
    entries: p.entries.map((e): EntryPlan => ({ ...e, body: e.body.map(claim) })),
  };
  expect(() => checkPlan(p, "a test")).not.toThrow();
  expect(() => checkPlan(claimed, "a test")).toThrow(/no 3x3 convolution of stride 1/);
});
