/** Small programs with the kernels that they must become under the search. */
import { beforeAll, describe, expect, test } from "vitest";
import { checkHlir } from "../../src/ir/hlir-check.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import { type Choice, choicesOf, type Plan, type Region } from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { readsOf } from "../../src/lower/plan-reads.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { allNodes } from "../../src/search/encode.ts";
import { createDecoder, direct, type Genome } from "../../src/search/genome.ts";
import { storageMoves } from "../../src/search/moves.ts";
import { saturate } from "../../src/search/saturate.ts";
import { search } from "../../src/search/search.ts";
import { spaceOf } from "../../src/search/space.ts";
import { genericCpu, type Machine } from "../../src/targets/machines.ts";
import { hlirFromText } from "../emit/from-text.ts";

const inputs = "input x: f32[256, 512], y: f32[256, 512], z: f32[256, 512], w: f32[512, 512], b: f32[512]";
const head = 'import { attention, gelu, layer_norm, rms_norm, rope, silu, softmax } from "std/nn"';

/** No caches, and kernels cost something to start: fused is what is not worth computing twice. */
const machine: Machine = {
  ...genericCpu,
  name: "all in memory",
  levels: [{ bytes: Number.POSITIVE_INFINITY, bytesPerSecond: 20e9 }],
  launch: 2e-6,
};

/** Family and shape of each kernel in order, loops in brackets. */
const kernelsText = (region: Region): string =>
  region
    .map((s) =>
      s.kind === "kernel"
        ? `${s.choice.implementation.family} [${s.choice.root.shape.map((p) => p.key)}]`
        : `loop(${kernelsText(s.body)})`,
    )
    .join(", ");

type Case = {
  readonly body: string;
  readonly kernels: string;
  /** How often the kernels read each input, where that is the point. */
  readonly reads?: Readonly<Record<string, number>>;
};

const elementwise = "elementwise [256,512]";

const table: Readonly<Record<string, Case>> = {
  "a chain of two": { body: "output o = tanh(exp(x))", kernels: elementwise },
  "a chain of three": { body: "output o = sin(tanh(exp(x)))", kernels: elementwise },
  "a chain of four": { body: "output o = abs(sin(tanh(exp(x))))", kernels: elementwise },
  "binary into unary": { body: "output o = exp(x * y)", kernels: elementwise },
  "unary into the left of binary": { body: "output o = exp(x) - y", kernels: elementwise },
  "unary into the right of binary": { body: "output o = x - exp(y)", kernels: elementwise },
  "binary into the left of binary": { body: "output o = (x * y) - z", kernels: elementwise },
  "binary into the right of binary": { body: "output o = x - (y * z)", kernels: elementwise },
  "a diamond reads its input once": {
    body: "a = exp(x)\noutput o = a * 2.0 + tanh(a) * x",
    kernels: elementwise,
    reads: { x: 1 },
  },
  "two regions that meet": {
    body: "p = tanh(exp(x)) * 2.0\nq = sin(y + 1.0)\noutput o = p * q",
    kernels: elementwise,
    reads: { x: 1, y: 1 },
  },
  "growth towards the inputs and towards the result": {
    body: "m = x * y\noutput o = tanh(exp(m) + sin(z))",
    kernels: elementwise,
  },
  "a value of two results": {
    body: "a = tanh(exp(x))\noutput o = a * 2.0\noutput p = a * y",
    kernels: `${elementwise}, ${elementwise}, ${elementwise}`,
  },
  "a turned access between two rows' kernels": {
    body: "m[i] = max(j) x[i, j]\ns[i, j] = tanh(x[i, j] - m[i])\nt[j, i] = s[i, j]\nn[j] = sum(i) t[j, i]\noutput o[j, i] = t[j, i] * n[j]",
    kernels: "reduction [256,512], reduction [512,256]",
  },
  "a turned access behind a row's kernel": {
    body: "s = softmax(x)\noutput o[j, i] = s[i, j] * 2.0",
    kernels: "reduction [256,512], elementwise [512,256]",
  },
  "a reduction over columns between": {
    body: "s[j] = sum(i) x[i, j]\noutput o[i, j] = tanh(y[i, j]) - s[j]",
    kernels: "reduction [512], elementwise [256,512]",
  },
  "a reduction over the row between": {
    body: "s[i] = sum(j) exp(x[i, j])\noutput o[i, j] = y[i, j] / s[i]",
    kernels: "reduction [256,512]",
  },
  "a chain into a reduction": { body: "output o[i] = sum(j) tanh(exp(x[i, j]))", kernels: "reduction [256]" },
  "a chain behind a reduction": {
    body: "output o[i] = tanh(exp(sum(j) x[i, j]))",
    kernels: "reduction [256]",
  },
  "bias and activation behind a product": {
    body: "output o[i, j] = gelu(sum(k) x[i, k] * w[k, j] + b[j])",
    kernels: "contraction [256,512]",
  },
  "a residual behind a product": { body: "output o = y + x @ w", kernels: "contraction [256,512]" },
  "two products gated": {
    body: "output o = silu(x @ w) * (y @ w)",
    kernels: "contraction [256,512], contraction [256,512]",
  },
  "a dequantizing cast into a product": {
    body: "weight q: i8[512, 512], scale: f32[512]\noutput o[i, j] = sum(k) x[i, k] * ((q[j, k] as f32) * scale[j])",
    kernels: "contraction [256,512]",
  },
  "a rotation and the write to a cache": {
    body: "state c: f32[1024, 8, 64]\ndim pos in 0..768\nk = reshape(x, [256, 8, 64])\nr = rope(k, pos, 10000.0)\nc[pos + t, h, d] := r[t, h, d]\noutput o = c[0..4]",
    kernels:
      "elementwise [32], elementwise [256,32], elementwise [256,32], elementwise [1024,8,64], elementwise [4,8,64]",
  },
  softmax: { body: "output o = softmax(x)", kernels: "reduction [256,512]" },
  "layer norm": { body: "output o = layer_norm(x, b, b)", kernels: "reduction [256,512]" },
  "mean and variance": {
    body: "m[i] = mean(j) x[i, j]\noutput o[i] = mean(j) (x[i, j] - m[i]) ^ 2",
    kernels: "reduction [256]",
  },
  "what a loop does not change": {
    body: "a = exp(tanh(b))\nh = x\nfor l in 0..3 {\n  h = h * a\n}\noutput o = h",
    kernels: "elementwise [512], loop(elementwise [256,512])",
  },
  "costly work for two orders": {
    body: "a = tanh(exp(w))\noutput p[i] = sum(j) a[i, j]\noutput q[j] = sum(i) a[i, j]",
    kernels: "elementwise [512,512], reduction [512], reduction [512]",
  },
  "cheap work for two orders": {
    body: "a = max(w, 0)\noutput p[i] = sum(j) a[i, j]\noutput q[j] = sum(i) a[i, j]",
    kernels: "reduction [512], reduction [512]",
  },
};

const written = (s: number) => `input q: f32[${s}, 8, 64], k: f32[${s}, 8, 64], v: f32[${s}, 8, 64]
score[h, t, u] = (sum(d) q[t, h, d] * k[u, h, d]) * 0.125
greatest[h, t] = max(u) score[h, t, u]
e[h, t, u] = exp(score[h, t, u] - greatest[h, t])
p[h, t, u] = e[h, t, u] / sum(n) e[h, t, n]
output o[t, h, d] = sum(u) p[h, t, u] * v[u, h, d]`;

test.each([256, 8192])(
  "attention written out for %d positions is one kernel and stores no scores",
  async (s) => {
    const plan = await planOf(written(s));
    expect(kernelsText(plan.entries[0].body)).toBe(`attention [${s},8,64]`);
    const program = schedule(plan);
    checkLlir(program, "schedule");
    expect(program.arenaBytes).toBeLessThan(s * 8 * 64 * 4);
  },
);

async function planOf(body: string): Promise<Plan> {
  const { plan } = await search(hlirFromText({ name: "fusion", body: `${inputs}\n${body}`, head }), {
    machine,
  });
  checkHlir(plan.hlir, "search");
  checkPlan(plan, "search");
  return plan;
}

test("the table is as long as it should be", () => {
  expect(Object.keys(table).length).toBeGreaterThanOrEqual(24);
});

describe.each(Object.entries(table))("%s", (_, { body, kernels, reads }) => {
  let plan: Plan;
  beforeAll(async () => {
    plan = await planOf(body);
  });

  test("becomes its kernels", () => {
    expect(kernelsText(plan.entries[0].body)).toBe(kernels);
  });

  test.runIf(reads !== undefined)("reads its inputs as often as it must", () => {
    for (const [name, times] of Object.entries(reads ?? {}))
      expect(readsOfInput(plan, name), name).toBe(times);
  });
});

/** Kernels of all plans that are one or two steps of storing or inlining away from the direct one. */
async function plansNear(body: string): Promise<Set<string>> {
  const hlir = hlirFromText({ name: "fusion", body: `${inputs}\n${body}`, head });
  const nodes = allNodes(hlir);
  const decoder = createDecoder(hlir, nodes, spaceOf(nodes, await saturate(nodes, hlir.bounds)));
  const near = (g: Genome): Genome[] => {
    const here = decoder.decode(g);
    return here === undefined ? [] : storageMoves(here).map((m) => m.apply(g));
  };
  const found = new Set<string>();
  for (const g of near(direct).flatMap((g) => [g, ...near(g)])) {
    const plan = decoder.decode(g)?.plan;
    if (plan === undefined) continue;
    checkPlan(plan, "search");
    found.add(kernelsText(plan.entries[0].body));
  }
  return found;
}

test("a norm goes into the next product's prologue where that is asked for", async () => {
  const body = "output o = rms_norm(x, b) @ w";
  expect(await plansNear(body)).toContain("reduction [256,1], contraction [256,512]");
});

/** Different places at which kernels read an input. */
function readsOfInput(plan: Plan, name: string): number {
  const stored = new Set([...choicesOf(plan.entries[0].body)].map((c) => c.root));
  const given = (c: Choice) =>
    readsOf(c, (n) => stored.has(n) || ["input", "weight", "state"].includes(n.op.kind)).filter(
      ({ node }) => node.op.kind === "input" && node.op.name === name,
    );
  return [...choicesOf(plan.entries[0].body)].reduce((sum, c) => sum + given(c).length, 0);
}
