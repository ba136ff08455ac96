/**
 * Candidates from all over the space, built and run: each gives what the interpreter gives. LUMC_TEST_EFFORT=long
 * runs more of them and records how many in tests/search/last-long-run.json.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { elaborate } from "../../src/lower/elaborate/elaborate.ts";
import { hlirFromText } from "../emit/from-text.ts";
import { Bundle } from "../emit/run-kernels.ts";
import { recordLongRun, tries } from "../long-run.ts";
import { compare, type Lowered } from "../random/batch.ts";
import { randomProgram } from "../random/programs.ts";
import { differenceFrom, exampleHlir, examples, references } from "./legality/examples.ts";
import { candidatesOf, type Sampled } from "./legality/sample.ts";

const perExample = tries(2, 16);
const programs = tries(24, 200);
const perProgram = tries(1, 2);
const seed = Number(process.env.LUMC_TEST_SEED ?? 5);
/** Candidates in one translation unit; unoptimized ones compile several times as fast. */
const perUnit = { example: 8, program: 25 };
const level = "-O0";

const ran = new Map<string, number>();
/** Candidates with a kernel of each family. */
const families = new Map<string, number>();

function note(name: string, list: readonly { readonly families: ReadonlySet<string> }[]): void {
  ran.set(name, list.length);
  for (const c of list) for (const f of c.families) families.set(f, (families.get(f) ?? 0) + 1);
}

test.each(examples.map((e) => [e.name, e] as const))("candidates of %s", async (name, e) => {
  const hlir = exampleHlir(e);
  const candidates = await candidatesOf(hlir, perExample, seed);
  const wanted = references(e, hlir);
  const wrong: string[] = [];
  for (let at = 0; at < candidates.length; at += perUnit.example) {
    const bundle = new Bundle();
    try {
      const part = candidates.slice(at, at + perUnit.example);
      for (const [i, c] of part.entries()) bundle.add(String(i), c.llir);
      bundle.compile({ level });
      for (const [i, c] of part.entries()) {
        const difference = differenceFrom(e, hlir, wanted, bundle, String(i));
        if (difference !== undefined) wrong.push(`${difference} after ${c.steps.join("; ")}`);
      }
    } finally {
      bundle.remove();
    }
  }
  expect(wrong).toEqual([]);
  expect(candidates.length).toBeGreaterThanOrEqual(Math.min(perExample, 2));
  note(name, candidates);
});

test(`candidates of ${programs} random programs`, async () => {
  const all: (Lowered & Pick<Sampled, "steps" | "families">)[] = [];
  const wrong: string[] = [];
  for (const [i, program] of fc.sample(randomProgram, { numRuns: programs, seed }).entries()) {
    const { hlir } = elaborate({ path: "random.lum", text: program.text });
    if (hlir === undefined) throw new Error(`not a program:\n${program.text}`);
    for (const c of await candidatesOf(hlir, perProgram, 1000 * seed + i)) all.push({ ...c, program, hlir });
  }
  for (let at = 0; at < all.length; at += perUnit.program) {
    const part = all.slice(at, at + perUnit.program);
    for (const f of compare(part, level)) {
      const steps = part.filter((c) => c.program === f.program).map((c) => c.steps.join("; "));
      wrong.push(`${f.stage}: ${f.message}\n${f.program.text}\n${steps.join("\nor ")}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(all.length).toBeGreaterThan(programs * perProgram * 0.5);
  note("random programs", all);
});

test.each([
  "g = c[0..6]\nc[i] := x[i]\no0[i in 0..6] = g[5 - i] * 2.0\noutput o = o0",
  "g = c\nc[i] := x[i]\noutput o[i in 0..6] = g[5 - i]\noutput p[i] = g[i] * 1.0",
  "g = c[0..6]\nh = -(-g)\nc[i] := x[i]\noutput o[i in 0..6] = h[5 - i]\noutput s = sum(k) (h[k] / x[0]) * g[k]",
])("no candidate reads a state after it has been overwritten: %s", async (body) => {
  const hlir = hlirFromText({ name: "state", body: `state c: f32[6]\ninput x: f32[6]\n${body}` });
  for (let walk = 0; walk < 12; walk++) await candidatesOf(hlir, 4, walk);
});

recordLongRun("candidates for the CPU", () => ({
  seed,
  programs,
  candidates: Object.fromEntries(ran),
  total: [...ran.values()].reduce((a, b) => a + b, 0),
  families: Object.fromEntries([...families].sort()),
}));
