/** The attention kernel, compiled and run, against the interpreter: masks, groups, dtypes, odd sizes, many threads. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hlir } from "../../src/ir/hlir.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import { choicesOf } from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { interpret } from "../../src/lower/interpret.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { hlirFromText } from "../emit/from-text.ts";
import { randomInputs } from "../emit/random-tensors.ts";
import { Bundle } from "../emit/run-kernels.ts";
import { type AttentionCase, attentionCases } from "./cases.ts";
import { onePassPlan } from "./one-pass.ts";

const bundle = new Bundle();
const models = new Map<string, Hlir>();

beforeAll(() => {
  for (const c of attentionCases) {
    const h = hlirFromText(c);
    const plan = onePassPlan(h);
    checkPlan(plan, "plan");
    const families = [...choicesOf(plan.entries[0].body)].map((x) => x.implementation.family);
    expect(families, c.name).toContain("attention");
    expect(families, c.name).not.toContain("reduction");
    const program = schedule(plan);
    checkLlir(program, "schedule");
    models.set(c.name, h);
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test.each(attentionCases.map((c): [string, AttentionCase] => [c.name, c]))("%s", (name, c) => {
  const h = models.get(name)!;
  const entry = h.entries[0];
  for (const [i, dims] of c.sizes.entries()) {
    const inputs = randomInputs(entry, dims, { seed: 5 + i, below: 2 });
    const wanted = interpret(h, entry.name, { dims, inputs }).outputs.o;
    const got = bundle.run(name, entry.name, { dims, inputs }).outputs.o;
    const scale = Math.max(1e-6, ...[...wanted.data].filter(Number.isFinite).map(Math.abs));
    const worst = wanted.data.reduce((most, w, at) => {
      const g = got.data[at];
      return Number.isNaN(w) && Number.isNaN(g)
        ? most
        : Math.max(most, Number.isNaN(w - g) ? Infinity : Math.abs(w - g));
    }, 0);
    expect(worst / scale, JSON.stringify(dims)).toBeLessThan(c.tolerance ?? 1e-5);
  }
});
