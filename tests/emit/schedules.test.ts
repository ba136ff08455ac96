/** Products walked by each schedule, at sizes that no tile divides, against the interpreter. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hlir } from "../../src/ir/hlir.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import { type ContractionSchedule, contractionSchedules } from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { directPlan } from "../../src/lower/direct/direct.ts";
import { interpret } from "../../src/lower/interpret.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { hlirFromText } from "./from-text.ts";
import { randomInputs, randomWeights } from "./random-tensors.ts";
import { Bundle } from "./run-kernels.ts";

type Case = {
  readonly name: string;
  readonly body: string;
  readonly calls: readonly Readonly<Record<string, number>>[];
  /** Schedules that its products can't have. */
  readonly not?: readonly ContractionSchedule[];
};

const rows = [{ n: 1 }, { n: 5 }, { n: 8 }, { n: 25 }, { n: 67 }, { n: 103 }];

const cases: readonly Case[] = [
  {
    name: "weights in panels, with an epilogue",
    body: "dim n in 1..110\ninput x: f32[n, 71], r: f32[n, 45]\nweight w: f32[45, 71], b: f32[45]\noutput y[t, o] = max(sum(i) x[t, i] * w[o, i] + b[o], 0.0) + r[t, o]",
    calls: rows,
    not: ["in place", "split depth"],
  },
  {
    name: "columns side by side",
    body: "dim n in 1..110\ninput x: f32[n, 531]\nweight w: f32[531, 47]\noutput y = x @ w",
    calls: rows,
  },
  {
    name: "narrow result of long sums",
    body: "dim n in 1..110\ninput x: f32[n, 2051], w: f32[2051, 7]\noutput y[i, j] = (sum(k) x[i, k] * w[k, j]) * 0.5",
    calls: [{ n: 1 }, { n: 12 }, { n: 61 }],
  },
  {
    name: "both factors turned",
    body: "input x: f32[87, 33], w: bf16[23, 87]\noutput y[i, j] = sum(k) x[k, i] * w[j, k]",
    calls: [{}],
    not: ["in place", "split depth"],
  },
  {
    name: "a batch",
    body: "dim h in 1..3\ninput x: f32[h, 29, 37], w: f32[h, 37, 24]\noutput y = x @ w",
    calls: [{ h: 1 }, { h: 3 }],
    not: ["split depth"],
  },
  {
    name: "a factor computed as it is read",
    body: "input x: f32[26, 645], w: f32[645, 41]\noutput y[i, j] = sum(k) tanh(x[i, k]) * w[k, j]",
    calls: [{}],
  },
];

const key = (c: Case, s: ContractionSchedule): string => `${c.name}, ${s}`;
const bundle = new Bundle();
const models = new Map<string, Hlir>();

beforeAll(() => {
  for (const c of cases) {
    const hlir = hlirFromText(c);
    models.set(c.name, hlir);
    for (const s of contractionSchedules) {
      if (c.not?.includes(s) === true) continue;
      const plan = directPlan(hlir, { schedule: () => s });
      checkPlan(plan, "plan");
      const program = schedule(plan);
      checkLlir(program, "schedule");
      const walked = program.kernels.flatMap((k) =>
        k.body.flatMap((x) => (x.kind === "contraction" ? [x.schedule] : [])),
      );
      expect(walked, key(c, s)).toEqual([s]);
      bundle.add(key(c, s), program);
    }
  }
  bundle.compile({ level: "-O1" });
}, 600_000);

afterAll(() => bundle.remove());

describe.each(contractionSchedules)("%s", (s) => {
  test.each(cases.filter((c) => c.not?.includes(s) !== true).map((c) => [c.name, c] as const))(
    "%s",
    (_, c) => {
      const hlir = models.get(c.name)!;
      const [entry] = hlir.entries;
      for (const dims of c.calls) {
        const weights = randomWeights(hlir, dims);
        const inputs = randomInputs(entry, dims, { seed: 3, below: 4 });
        const { outputs } = interpret(hlir, entry.name, { dims, inputs, weights, states: new Map() });
        const answer = bundle.run(key(c, s), entry.name, { dims, inputs, weights });
        for (const [name, wanted] of Object.entries(outputs)) {
          const got = answer.outputs[name];
          const scale = wanted.data.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
          expect(got.shape).toEqual(wanted.shape);
          for (const [i, w] of wanted.data.entries())
            if (!(Math.abs(got.data[i] - w) <= 1e-4 * scale))
              expect.fail(`${name}[${i}] is ${got.data[i]}, expected ${w}, at ${JSON.stringify(dims)}`);
        }
      }
    },
  );
});
