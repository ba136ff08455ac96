/** Products of one left factor in one kernel: which may, what is refused, and what the kernel gives. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hlir } from "../../src/ir/hlir.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import type { Choice, Plan, Region } from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { directPlan } from "../../src/lower/direct/direct.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { kernelsOfRegion } from "../../src/lower/merged.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { allNodes } from "../../src/search/encode.ts";
import { createDecoder, direct, type Genome } from "../../src/search/genome.ts";
import { mergeMoves } from "../../src/search/merge-moves.ts";
import { saturate } from "../../src/search/saturate.ts";
import { search } from "../../src/search/search.ts";
import { spaceOf } from "../../src/search/space.ts";
import { h200 } from "../../src/targets/gpu-machines.ts";
import { genericCpu } from "../../src/targets/machines.ts";
import { expectClose } from "../cuda/emit/close.ts";
import { hlirFromText } from "../emit/from-text.ts";
import { type MergedCase, mergedCases, mergedPlan as mergedPlanOf } from "../emit/merged-cases.ts";
import { randomInputs, randomWeights } from "../emit/random-tensors.ts";
import { Bundle } from "../emit/run-kernels.ts";
import { differenceFrom, type Example, exampleHlir, references } from "./legality/examples.ts";

type Decoder = ReturnType<typeof createDecoder>;

async function decoderOf(hlir: Hlir): Promise<Decoder> {
  const nodes = allNodes(hlir);
  return createDecoder(hlir, nodes, spaceOf(nodes, await saturate(nodes, hlir.bounds)));
}

/** The plan with everything in one kernel that can be, and what else differs from the direct plan. */
function mergedPlan(decoder: Decoder, start: Genome = direct): Plan {
  const first = decoder.decode(start)!;
  const merged = new Set(mergeMoves(first).flatMap((m) => [...m.apply(direct).merged]));
  return decoder.decode({ ...start, merged })!.plan;
}

const nameOf = ({ root }: Choice): string => root.name ?? root.cell ?? root.op.kind;

/** Names of what each kernel of several products stores. */
function groupsOf(region: Region): string[] {
  return kernelsOfRegion(region).flatMap((steps) => {
    const [first] = steps;
    if (first.kind === "loop") return groupsOf(first.body);
    const names = steps.flatMap((s) => (s.kind === "kernel" ? [nameOf(s.choice)] : []));
    return names.length < 2 ? [] : [names.join(" ")];
  });
}

const planOf = async (body: string): Promise<Plan> =>
  mergedPlan(await decoderOf(hlirFromText({ name: "products", body })));

const groups = async (body: string): Promise<string[]> => groupsOf((await planOf(body)).entries[0].body);

const inputs = "input x: f32[20, 96], y: f32[20, 96]\nweight u: f32[96, 40], v: f32[24, 96], w: f32[96, 96]";

describe("what shares a kernel", () => {
  const table: Readonly<Record<string, readonly [body: string, groups: readonly string[]]>> = {
    "products of one left factor": ["output o = x @ u\noutput p = x @ w", ["o p"]],
    "weights that lie the other way round": [
      "output o = x @ u\noutput p[i, j] = sum(k) x[i, k] * v[j, k]",
      ["o p"],
    ],
    "columns with two axes": [
      "output o = x @ u\noutput p[i, h in 0..8, d in 0..12] = sum(k) x[i, k] * w[k, 12 * h + d]",
      ["o p"],
    ],
    "each its own ending": ["output o = tanh(x @ u)\noutput p = y + x @ w", ["o p"]],
    "a left factor that is computed": [
      "a = exp(x) * 0.5\noutput o[i, j] = sum(k) a[i, k] * u[k, j]\noutput p[i, j] = sum(k) a[i, k] * w[k, j]",
      ["o p"],
    ],
    "other left factors": ["output o = x @ u\noutput p = y @ w", []],
    "another part of the left factor": [
      "output o = x @ u\noutput p[i in 0..20, j] = sum(k) x[19 - i, k] * w[k, j]",
      [],
    ],
    "one that reads the other's result where it is": [
      "weight g: f32[96, 40]\noutput o = x @ u\noutput p[i, j] = o[i, j] * sum(k) x[i, k] * g[k, j]",
      ["o p"],
    ],
    "one that reads the other's result elsewhere": [
      "weight g: f32[96, 40]\noutput o = x @ u\noutput p[i, j] = o[19 - i, j] * sum(k) x[i, k] * g[k, j]",
      [],
    ],
    "one that reads the other's result, with weights that lie otherwise": [
      "weight g: f32[40, 96]\noutput o = x @ u\noutput p[i, j] = o[i, j] * sum(k) x[i, k] * g[j, k]",
      [],
    ],
    "one that goes on from another, which goes on from a third": [
      "weight g: f32[96, 40], h: f32[96, 40]\noutput o = x @ u\noutput p[i, j] = o[i, j] * sum(k) x[i, k] * g[k, j]\noutput q[i, j] = p[i, j] * sum(k) x[i, k] * h[k, j]",
      ["o p"],
    ],
    "both that read a result": [
      "weight g: f32[96, 40], h: f32[96, 40]\noutput o = x @ u\noutput p[i, j] = o[i, j] * sum(k) x[i, k] * g[k, j]\noutput q[i, j] = o[i, j] + sum(k) x[i, k] * h[k, j]",
      ["o p q"],
    ],
    "a batch of products": [
      "input z: f32[3, 20, 96]\noutput o[b, i, j] = sum(k) z[b, i, k] * w[k, j]\noutput p[b, i, j] = sum(k) z[b, i, k] * u[k, j]",
      ["o p"],
    ],
    "products that each have a left factor of their own in a batch": [
      "input z: f32[3, 96, 96]\noutput o[b, i, j] = sum(k) x[i, k] * z[b, k, j]\noutput p[b, i, j] = sum(k) x[i, k] * z[b, k, j] * 2.0",
      [],
    ],
    "a reader between that must stay behind": [
      "o = x @ u\nr = tanh(exp(o))\noutput s[j] = sum(i) r[i, j]\noutput p = x @ w",
      ["r p"],
    ],
    "a product whose ending reads what is computed between": [
      "weight g: f32[96, 40]\no = x @ u\ns[j] = sum(i) exp(o[i, j])\noutput t = s\noutput p[i, j] = s[j] * sum(k) x[i, k] * g[k, j]\noutput q = o",
      [],
    ],
  };
  test.each(Object.entries(table))("%s", async (_, [body, expected]) => {
    expect(await groups(`${inputs}\n${body}`)).toEqual(expected);
  });

  test("what a loop carries keeps a kernel of its own", async () => {
    const body =
      "weight g: f32[96, 96]\nh = x\nfor l in 0..3 {\n  a = h @ w\n  h = h @ g + a * 0.5\n}\noutput o = h";
    expect(await groups(`${inputs}\n${body}`)).toEqual([]);
  });

  test("both versions of a state keep their order", async () => {
    const body =
      "state c: f32[20, 40]\nc[i, j] := sum(k) x[i, k] * u[k, j]\noutput o = c\nweight g: f32[96, 40]\nc[i, j] := sum(k) x[i, k] * g[k, j]\noutput p = c";
    expect(await groups(`${inputs}\n${body}`)).toEqual([]);
  });
});

const llama: Example = {
  name: "llama",
  set: {
    vocab: 61,
    hidden: 44,
    layers: 2,
    heads: 4,
    kv_heads: 2,
    head_dim: 12,
    ffn: 51,
    max_len: 24,
    T: "f32",
  },
  calls: [
    { s: 9, pos: 0 },
    { s: 1, pos: 9 },
    { s: 3, pos: 10 },
    { s: 5, pos: 13 },
  ],
  tolerance: 1e-4,
};
const bert: Example = {
  name: "bert",
  set: { vocab: 61, hidden: 44, layers: 2, heads: 4, ffn: 51, max_len: 24 },
  calls: [
    { batch: 3, s: 11 },
    { batch: 2, s: 4 },
  ],
  tolerance: 1e-4,
};

test.each([
  ["llama", llama, [3, 2]],
  ["llama in bf16", { ...llama, set: { ...llama.set, T: "bf16" }, tolerance: 0.03 }, [3, 2]],
  ["bert", bert, [3]],
] as const)("%s gives the same with merged products", async (_, e, counts) => {
  const hlir = exampleHlir(e);
  const plan = mergedPlan(await decoderOf(hlir));
  expect(groupsOf(plan.entries[0].body).map((names) => names.split(" ").length)).toEqual(counts);
  checkPlan(plan, "merging");
  const llir = schedule(plan);
  checkLlir(llir, "merging");
  const bundle = new Bundle();
  try {
    bundle.add("merged", llir);
    bundle.compile({ level: "-O1" });
    expect(differenceFrom(e, hlir, references(e, hlir), bundle, "merged")).toBeUndefined();
  } finally {
    bundle.remove();
  }
});

describe("against the interpreter", () => {
  const bundle = new Bundle();
  const models = new Map(mergedCases.map((c) => [c.name, hlirFromText(c)] as const));
  beforeAll(() => {
    for (const [name, h] of models) {
      const plan = mergedPlanOf(h);
      checkPlan(plan, "merging");
      const llir = schedule(plan);
      checkLlir(llir, "merging");
      bundle.add(name, llir);
    }
    bundle.compile({ flags: ["-fopenmp"] });
  }, 600_000);
  afterAll(() => bundle.remove());

  test.each(mergedCases.map((c): [string, MergedCase] => [c.name, c]))("%s", (name, c) => {
    const h = models.get(name)!;
    const { dims } = c;
    const [entry] = h.entries;
    const weights = randomWeights(h, dims);
    const [wanted, got] = [initialStates(h), initialStates(h)];
    const inputs = randomInputs(entry, dims, { seed: 5, below: 4 });
    const reference = interpret(h, entry.name, { dims, inputs, weights, states: wanted });
    const answer = bundle.run(name, entry.name, { dims, inputs, weights, states: got });
    for (const [o, value] of Object.entries(reference.outputs))
      expectClose(o, answer.outputs[o], value, c.tolerance ?? 1e-4);
    for (const [s, value] of wanted) expectClose(s, got.get(s)!, value, c.tolerance ?? 1e-4);
  });
});

describe("the checker refuses", () => {
  const join = (plan: Plan, change: (region: Region) => Region): Plan => ({
    ...plan,
    entries: plan.entries.map((e) => ({ ...e, body: change(e.body) })),
  });
  const joined = (region: Region, first: number, member: number): Region => {
    const [a, b] = [region[first], region[member]];
    if (a.kind !== "kernel" || b.kind !== "kernel") throw new Error("no kernels");
    return region.map((s) => (s === b ? { ...b, choice: { ...b.choice, joined: a.choice.root } } : s));
  };
  const refused = (body: string, change: (region: Region) => Region): string => {
    const plan = join(directPlan(hlirFromText({ name: "wrong", body: `${inputs}\n${body}` })), change);
    try {
      checkPlan(plan, "a change");
    } catch (e) {
      return e instanceof Error ? e.message : String(e);
    }
    return "nothing";
  };

  test("nothing of two products of one left factor", () => {
    expect(refused("output o = x @ u\noutput p = x @ w", (r) => joined(r, 0, 1))).toBe("nothing");
  });
  test("another left factor", () => {
    expect(refused("output o = x @ u\noutput p = y @ w", (r) => joined(r, 0, 1))).toMatch(
      /another left factor/,
    );
  });
  test("what is no product", () => {
    expect(refused("output o = x @ u\noutput p = tanh(exp(x))", (r) => joined(r, 0, 1))).toMatch(
      /no plain product/,
    );
  });
  test("a product of what the kernel computes", () => {
    const body =
      "weight g: f32[96, 96]\noutput o = x @ w\noutput p[i, j] = o[19 - i, j] * sum(k) x[i, k] * g[k, j]";
    expect(refused(body, (r) => joined(r, 0, 1))).toMatch(/reads or overwrites/);
  });
  test("a kernel between", () => {
    const body = "output o = x @ u\noutput q = tanh(exp(y))\noutput p = x @ w";
    expect(refused(body, (r) => joined(r, 0, 2))).toMatch(/does not stand behind it/);
  });
  test("what the loop carries", () => {
    const body =
      "weight g: f32[96, 96]\nh = x\nfor l in 0..3 {\n  a = h @ w\n  h = tanh(h @ g) + exp(a)\n}\noutput o = h";
    const inLoop = (r: Region): Region =>
      r.map((s) => (s.kind === "loop" ? { ...s, body: joined(s.body, 0, 1) } : s));
    expect(refused(body, inLoop)).toMatch(/may be stored over|reads or overwrites/);
  });
});

test("on a GPU, where kernels cost more to start than these products take, the search merges them", async () => {
  const body =
    "input t: f32[4, 96]\nweight u: f32[96, 64], v: f32[96, 64], w: f32[96, 64]\noutput o = t @ u\noutput p = t @ v\noutput q = t @ w";
  const found = await search(hlirFromText({ name: "gpu", body }), { machine: h200, evaluations: 60 });
  expect(groupsOf(found.plan.entries[0].body)).toEqual(["o p q"]);
  expect(found.share).toBeLessThan(0.5);
});

test("on a CPU no step merges anything", async () => {
  const decoder = await decoderOf(
    hlirFromText({ name: "cpu", body: `${inputs}\noutput o = x @ u\noutput p = x @ w` }),
  );
  const start = decoder.decode(direct)!;
  expect(mergeMoves(start, h200)).toHaveLength(1);
  expect(mergeMoves(start, genericCpu)).toEqual([]);
});
