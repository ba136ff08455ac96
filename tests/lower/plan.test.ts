/** Which kernels small programs become under the direct plan, and what the checker of plans refuses. */
import { expect, test } from "vitest";
import type { Choice, Plan, PlanStep, Region } from "../../src/ir/plan.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { printPlan } from "../../src/ir/plan-print.ts";
import { plan } from "../../src/lower/plan.ts";
import { hlirFromText } from "../emit/from-text.ts";

const planOf = (body: string, head?: string): Plan =>
  plan(hlirFromText({ name: "t", body, head }), { search: "direct" });

const regionText = (region: Region): string[] =>
  region.map((s) =>
    s.kind === "kernel" ? s.choice.implementation.family : `loop(${regionText(s.body).join(" ")})`,
  );

/** Families of the kernels in order, loops in brackets. */
function kernelsOf(body: string, head?: string): string {
  const p = planOf(body, head);
  checkPlan(p, "plan");
  return regionText(p.entries[0].body).join(" ");
}

const inputs = "input x: f32[6, 8], y: f32[6, 8], w: f32[8, 8], b: f32[8]";
const nn = 'import { softmax, layer_norm, rms_norm, gelu, silu, attention, conv2d } from "std/nn"';

test.each([
  ["a chain", "output o = tanh(exp(x) + 1.0) * 2.0", "elementwise"],
  ["a binary tree", "output o = exp(x) * sigmoid(y) + x", "elementwise"],
  ["a diamond", "a = exp(x)\noutput o = a * 2.0 + tanh(a)", "elementwise"],
  ["a turned read", "output o[j, i] = exp(x[i, j])", "elementwise"],
  [
    "cheap work for two results",
    "a = x + 1.0\noutput o = a * 2.0\noutput p = a * y",
    "elementwise elementwise",
  ],
  [
    "costly work for two results",
    "a = tanh(exp(x))\noutput o = a * 2.0\noutput p = a * y",
    "elementwise elementwise elementwise",
  ],
  ["a chain into a sum", "output o[i] = sum(j) exp(x[i, j])", "reduction"],
  ["a chain behind a sum", "output o[i] = exp(sum(j) x[i, j])", "reduction"],
  ["mean and variance", "m[i] = mean(j) x[i, j]\noutput o[i] = mean(j) (x[i, j] - m[i]) ^ 2", "reduction"],
  ["softmax", "output o = softmax(x)", "reduction"],
  ["layer norm", "output o = layer_norm(x, b, b)", "reduction"],
  [
    "rows and columns",
    "output o[i, j] = x[i, j] - mean(x, axis = 1)[i] - mean(x, axis = 0)[j]",
    "reduction reduction",
  ],
  ["bias and activation", "output o[i, j] = gelu(sum(k) x[i, k] * w[k, j] + b[j])", "contraction"],
  ["residual", "output o = y + x @ w", "contraction"],
  ["rows picked one by one", "output o = x[[3, 1, 1, 0]] @ w", "elementwise contraction"],
  ["cast before a product", "output o[i, j] = sum(k) (x[i, k] as f16) * w[k, j]", "contraction"],
  ["norm into a product", "output o = layer_norm(x, b, b) @ w", "reduction contraction"],
  ["norm behind a product", "output o = rms_norm(x @ w + y, b)", "contraction reduction"],
  ["two products gated", "output o = silu(x @ w) * (y @ w)", "contraction contraction"],
  ["product into product", "output o = (x @ w) @ w", "contraction contraction"],
  ["a sum of squares", "output o[i] = sum(j) x[i, j] * x[i, j]", "reduction"],
  [
    "attention",
    "output o = attention(reshape(x, [6, 2, 4]), reshape(x, [6, 2, 4]), reshape(y, [6, 2, 4]), causal_from = 0)",
    "contraction reduction contraction",
  ],
  [
    "convolution of an activation",
    "c = reshape(x, [1, 2, 4, 6])\nk = reshape(w, [8, 2, 2, 2])\noutput o = conv2d(c * 2.0 + 1.0, k)",
    "elementwise contraction",
  ],
  ["top-k of a product", "v, i = top_k(x @ w, 2)\noutput o = v", "contraction topk elementwise"],
  [
    "an invariant of a loop",
    "a = exp(tanh(b))\nh = x\nfor l in 0..3 {\n  h = h * a\n}\noutput o = h",
    "elementwise loop(elementwise)",
  ],
] as const)("%s", (_, body, kernels) => {
  expect(kernelsOf(`${inputs}\n${body}`, nn)).toBe(kernels);
});

test("an update reads the version before it, in place where it is the same element", () => {
  expect(kernelsOf("state c: f32[6]\ninput x: f32[6]\nc[i] := c[i] * 0.5 + x[i]\noutput o = c[0..6]")).toBe(
    "elementwise elementwise",
  );
  expect(kernelsOf("state c: f32[6, 6]\nc[i, j] := c[j, i] * 0.5\noutput o = c[0..6]")).toBe(
    "elementwise elementwise elementwise",
  );
});

test.each([
  ["a part, read behind the write", "g = c[0..3]\nc[i in 0..6] := 1.0\noutput o = g * 2.0"],
  ["the whole, read behind the write", "g = c\nc[i in 0..6] := g[5 - i]\noutput o = g"],
  [
    "a part, written in turn",
    "g = c[0..2]\nc[i in 0..6] := g[i % 2]\nc[i in 0..3] := g[1] * 2.0\noutput o = g",
  ],
  ["rows picked by data", "input t: i32[6]\ng = c[0..6]\nc[t[i]] := 1.0\noutput o = g + c"],
  [
    "in a loop that overwrites it",
    "g = c\nfor l in 0..5 {\n  c[i in 0..6] := g[(i + l) % 6] + c[i]\n}\noutput o = g",
  ],
  ["in an iteration", "for l in 0..5 {\n  g = c\n  c[l] := 2.0\n  c[i in 0..6] := g[5 - i]\n}\noutput o = c"],
  ["in one of two states", "state d: f32[6]\nfor l in 0..5 {\n  g = c[l]\n  d[l] := g\n}\noutput o = d"],
] as const)("what a state held is kept under a name: %s", (_, body) => {
  expect(() => kernelsOf(`state c: f32[6]\n${body}`)).not.toThrow();
});

test("reads of a state that come after what overwrites it are refused", () => {
  const p = planOf("state c: f32[6]\ng = c[0..3]\nc[i in 0..6] := 1.0\noutput o = g * 2.0");
  const [entry] = p.entries;
  const [keep, write, read] = entry.body;
  const check = (body: Region) => () => checkPlan({ ...p, entries: [{ ...entry, body }] }, "a test");
  expect(check([keep, write, read])).not.toThrow();
  expect(check([write, keep, read])).toThrow(/has been overwritten/);
  if (keep.kind !== "kernel") throw new Error("a kernel was expected");
  const inside = changed(read, (c) => ({ ...c, inlined: [keep.choice.root, ...c.inlined] }));
  expect(check([write, inside])).toThrow(/has been overwritten/);
  expect(check([inside, write])).not.toThrow();
});

test("a loop that reads what a state held before it, while overwriting it, is refused", () => {
  const text = "state c: f32[6]\ng = c\nfor l in 0..5 {\n  c[i in 0..6] := g[(i + l) % 6]\n}\noutput o = c";
  const p = planOf(text);
  const [entry] = p.entries;
  const [keep, loop, ...rest] = entry.body;
  if (keep.kind !== "kernel" || loop.kind !== "loop") throw new Error("a kernel and a loop were expected");
  const body = loop.body.map((s) => changed(s, (c) => ({ ...c, inlined: [keep.choice.root, ...c.inlined] })));
  const broken = { ...p, entries: [{ ...entry, body: [{ ...loop, body }, ...rest] }] };
  expect(() => checkPlan(p, "a test")).not.toThrow();
  expect(() => checkPlan(broken, "a test")).toThrow(/has been overwritten/);
});

test("a result that a state must still hold at the end is refused where it is overwritten", () => {
  const p = planOf("state c: f32[6]\ng = c\nc[i in 0..6] := 1.0\noutput o = g");
  const [plan0] = p.entries;
  const [o] = plan0.entry.outputs;
  const entry = { ...plan0.entry, outputs: [{ ...o, value: o.value.inputs[0] }] };
  expect(() => checkPlan({ ...p, entries: [{ ...plan0, entry }] }, "a test")).toThrow(
    /overwritten by the end/,
  );
});

test("the number of kernels does not grow with the number of layers", () => {
  const text = (n: number) =>
    `${inputs}\nh = x\nfor l in 0..${n} {\n  weight v: f32[8, 8] from "v.{l}"\n  h = h + tanh(h @ v)\n}\noutput o = h`;
  expect(kernelsOf(text(80))).toBe(kernelsOf(text(2)));
});

test("a plan prints what each kernel computes", () => {
  const text = printPlan(planOf(`${inputs}\nh[i, j] = sum(k) x[i, k] * w[k, j]\noutput o = h + 1.0`));
  expect(text).toContain("kernel o: f32[6, 8] = contraction around %5, batch [], m [a0], n [a1], k [a2]");
  expect(text).toContain("mul");
});

const body = `${inputs}\na = tanh(exp(x))\nh[i, j] = sum(k) a[i, k] * w[k, j]\noutput o = a + h\noutput p = rms_norm(h, b)`;

function broken(change: (steps: PlanStep[]) => PlanStep[]): () => void {
  const p = planOf(body, nn);
  const [entry] = p.entries;
  return () => checkPlan({ ...p, entries: [{ ...entry, body: change([...entry.body]) }] }, "a test");
}

const changed = (s: PlanStep, change: (c: Choice) => Choice): PlanStep =>
  s.kind === "kernel" ? { ...s, choice: change(s.choice) } : s;

test("a plan that leaves out, doubles or turns round kernels is refused", () => {
  expect(broken((steps) => steps)).not.toThrow();
  expect(broken((steps) => steps.slice(1))).toThrow(/neither stored nor computed/);
  expect(broken((steps) => steps.slice(0, -1))).toThrow(/is a result and not stored/);
  expect(broken((steps) => [...steps, steps[0]])).toThrow(/two kernels/);
  expect(broken((steps) => [...steps].reverse())).toThrow(/before it is stored/);
});

test("an update that reads elsewhere what it overwrites is refused", () => {
  const p = planOf("state c: f32[6, 6]\nc[i, j] := c[j, i] * 0.5\noutput o = c[0..6] * 1.0");
  const [entry] = p.entries;
  const [first, ...rest] = entry.body;
  if (first.kind !== "kernel") throw new Error("a kernel was expected");
  const { root, inlined } = first.choice;
  const body = rest.map((s, i) =>
    i === 0 ? changed(s, (c) => ({ ...c, inlined: [...inlined, root, ...c.inlined] })) : s,
  );
  expect(() => checkPlan(p, "a test")).not.toThrow();
  expect(() => checkPlan({ ...p, entries: [{ ...entry, body }] }, "a test")).toThrow(/out of step/);
});

test("a plan that claims what a kernel is not is refused", () => {
  expect(broken((steps) => steps.map((s) => changed(s, (c) => ({ ...c, inlined: [] }))))).toThrow(
    /neither stored nor computed/,
  );
  expect(
    broken((steps) =>
      steps.map((s) =>
        changed(s, (c) =>
          c.implementation.family === "contraction"
            ? {
                ...c,
                implementation: {
                  ...c.implementation,
                  form: { ...c.implementation.form, k: [], batch: [2] },
                },
              }
            : c,
        ),
      ),
    ),
  ).toThrow(/no such contraction/);
  expect(
    broken((steps) =>
      steps.map((s) => changed(s, (c) => ({ ...c, implementation: { family: "elementwise" } }))),
    ),
  ).toThrow(/neither stored nor computed/);
});
