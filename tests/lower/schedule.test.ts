/** Memory plans, sharing of kernels, and what the checker of Llir refuses. */
import { expect, test } from "vitest";
import type { LEntry, Program, Step } from "../../src/ir/llir.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import { printLlir } from "../../src/ir/llir-print.ts";
import { plan } from "../../src/lower/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import { hlirFromText } from "../emit/from-text.ts";

function programOf(body: string, head?: string): Program {
  const program = schedule(plan(hlirFromText({ name: "t", body, head }), { search: "direct" }));
  checkLlir(program, "schedule");
  return program;
}

const temporaries = (p: Program): Record<string, number> =>
  Object.fromEntries(p.entries[0].temporaries.map((t) => [t.name, t.bytes]));

const callsOf = (steps: readonly Step[]): string[] =>
  steps.flatMap((s) => (s.kind === "call" ? [s.kernel] : callsOf(s.steps)));

const chain = "input x: f32[64, 64], w: f32[64, 64]\na = x @ w\nb = a @ w\nc = b @ w\noutput o = c @ w";

test("tensors whose lives do not meet share memory", () => {
  const p = programOf(chain);
  expect(temporaries(p)).toEqual({ a: 16384, b: 16384, c: 16384 });
  expect(p.arenaBytes).toBe(2 * 16384);
});

test("equal kernels are made once", () => {
  const p = programOf(chain);
  expect(p.kernels.map((k) => k.name)).toEqual(["a"]);
  expect(callsOf(p.entries[0].steps)).toEqual(["a", "a", "a", "a"]);
});

test("sizes are those at the upper ends of the dims, also of products of dims that bound each other", () => {
  const p = programOf(
    "dim s in 1..8\ndim pos in 0..32 - s\ninput x: f32[s, 4]\nstate k: f32[32, 4]\nk[pos + i, j] := x[i, j]\na[i, j] = exp(sum(d) x[i, d] * k[0..pos + s][j, d])\noutput o[i, e] = sum(j) a[i, j] * k[0..pos + s][j, e]",
  );
  expect(temporaries(p)).toEqual({ a: 8 * 32 * 4 });
});

test("a loop's carried value keeps one place, and its layers one set of calls", () => {
  const p = programOf(
    'input x: f32[4, 8]\nh = x\nfor l in 0..6 {\n  weight w: f32[8, 8] from "w.{l}"\n  a = tanh(h @ w)\n  h = h + a @ w\n}\noutput o = h',
  );
  expect(printLlir(p)).toContain(`  loop l in 0..6 {
    a(output o, weight w, temporary a)
    h(temporary a, weight w, output o)
  }`);
  expect(p.weights[0].loops).toEqual([{ variable: "l", low: 0, high: 6 }]);
});

test("what a loop body uses from outside stays untouched through all iterations", () => {
  const p = programOf(
    "input x: f32[64, 64]\na = exp(tanh(x))\nb = exp(a @ x)\nh = x * 2.0\nfor l in 0..3 {\n  t = h @ b\n  u = t @ x\n  h = u @ a\n}\noutput o = h @ x",
  );
  const [entry] = p.entries;
  const place = new Map(entry.temporaries.map((t) => [t.name, t]));
  for (const kept of ["a", "b", "h"])
    for (const other of ["t", "u"]) {
      const [k, o] = [place.get(kept), place.get(other)];
      if (k !== undefined && o !== undefined)
        expect(k.offset + k.bytes <= o.offset || o.offset + o.bytes <= k.offset).toBe(true);
    }
});

const simple = programOf("input x: f32[64, 64], w: f32[64, 64]\na = x @ w\nb = a @ w\noutput o = a + b @ w");

const withEntry =
  (change: (e: LEntry) => LEntry): (() => void) =>
  () =>
    checkLlir({ ...simple, entries: [change(simple.entries[0])] }, "a test");

test("a wrong memory plan or order is refused", () => {
  expect(withEntry((e) => e)).not.toThrow();
  expect(withEntry((e) => ({ ...e, steps: [...e.steps].reverse() }))).toThrow(/before it is written/);
  expect(withEntry((e) => ({ ...e, steps: e.steps.slice(0, -1) }))).toThrow(/output o is never written/);
  expect(withEntry((e) => ({ ...e, temporaries: e.temporaries.map((t) => ({ ...t, offset: 0 })) }))).toThrow(
    /overlap|overwritten/,
  );
  expect(withEntry((e) => ({ ...e, temporaries: e.temporaries.map((t) => ({ ...t, bytes: 64 })) }))).toThrow(
    /needs 16384/,
  );
  expect(
    withEntry((e) => ({ ...e, temporaries: e.temporaries.map((t) => ({ ...t, offset: t.offset + 4 })) })),
  ).toThrow(/aligned/);
  expect(
    withEntry((e) => ({ ...e, temporaries: e.temporaries.map((t) => ({ ...t, offset: 1 << 20 })) })),
  ).toThrow(/beyond the arena/);
});

test("the same model gives the same text", () => {
  expect(printLlir(programOf(chain))).toBe(printLlir(programOf(chain)));
});
