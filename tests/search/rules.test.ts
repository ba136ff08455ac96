/**
 * Each rule on random graphs: whatever the e-graph then says of a tensor is true by the interpreter. And each
 * premise counts: without it, some graph gets a wrong answer, or the engine or a checker refuses the result.
 * LUMC_TEST_EFFORT=long tries more graphs.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { recordLongRun, tries } from "../long-run.ts";
import { type Verdict, verdictOn } from "./rules/check.ts";
import { hasInstances, instanceOf, kindOf, looseness } from "./rules/instances.ts";
import { everyRule, headOf, type Rule, weakerForms } from "./rules/text.ts";

const graphs = tries(24, 400);
/** Graphs on which a weaker rule may go wrong. */
const attempts = tries(160, 800);

/** Relations that only say where rules look: without them there is more to find, and all of it true. */
const guides = new Set(["factor", "summed"]);

/** What may be dropped without a wrong answer, and why it is there. */
const forProfit = new Map([
  ["reciprocal-of-row: (!= (varies a) (& (varies a) (varies b)))", "one division for many is what it is for"],
  ['reciprocal-of-row: (= "f32" (dtype a))', "f64 keeps its last bit"],
  ['reciprocal-of-root: (= "f32" (dtype x))', "f64 keeps its last bit"],
  ['quotient-by-root: (= "f32" (dtype x))', "f64 keeps its last bit"],
  ['sigmoid: (= "f32" (dtype x))', "f64 keeps its last bit"],
  ["scale-outwards: (= 0 (& (varies b) k))", "products may be taken in any order; few are worth a term"],
  ["scale-outwards: (= 1 (lessens (shape p) (varies q) k))", "as above"],
  ["scale-outwards: 1 in (= 1 (lessens (shape p) (varies q) k))", "as above"],
  ["scale-outwards: (!= 0 (& (varies a) k))", "as above"],
  ["scale-outwards: (!= 0 (& (varies c) k))", "as above"],
  [
    'one-pass: (= o (Binary "div" w y))',
    "the sum rescales in any case; a quotient by the total is what is wanted",
  ],
  ['one-pass: "div" in (= o (Binary "div" w y))', "as above"],
  [
    'split-columns: "sum" in (= s (Reduce "sum" p k))',
    "any fold may be done for each group of columns; a sum becomes a product of matrices",
  ],
  ["cast-at-once: (!= t u)", "widen-and-back has that case, without a term"],
]);

const rules = everyRule();

/** Weaker forms of rules that some graph went wrong with. */
let refuted = 0;

test("every rule has a name of its own and graphs to be tried on", () => {
  const names = rules.map((r) => r.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((n) => !hasInstances(n))).toEqual([]);
  expect(rules.length).toBeGreaterThan(40);
});

describe.each([...Map.groupBy(rules, (r) => kindOf(r.name))])("%s", (_, list) => {
  const verdicts: Verdict[] = [];
  beforeAll(async () => {
    for (let seed = 1; seed <= graphs; seed++)
      verdicts.push(await verdictOn(instanceOf(list[0].name, seed), undefined, looseness(list[0].name)));
  });

  test("everything found is true", () => {
    expect(
      verdicts.flatMap(({ wrong }, i) => (wrong === undefined ? [] : [`graph ${i + 1}: ${wrong}`])),
    ).toEqual([]);
  });

  test.each(list.map((r) => r.name))("%s fires", (name) => {
    expect(verdicts.filter((v) => (v.matches.get(name) ?? 0) > 0).length).toBeGreaterThanOrEqual(3);
  });

  test.each(list.map((r) => [r.name, r] as const))("%s needs its premises", async (_name, r) => {
    const spared: string[] = [];
    for (const w of weakerForms(r)) {
      const name = `${r.name}: ${w.without}`;
      if (isExcused(r, name)) continue;
      if (await goesWrong(r, w.rules)) refuted++;
      else spared.push(name);
    }
    expect(spared).toEqual([]);
  });
});

async function goesWrong(r: Rule, weaker: string): Promise<boolean> {
  for (let seed = 1; seed <= attempts; seed++)
    if ((await verdictOn(instanceOf(r.name, seed), weaker, looseness(r.name))).wrong !== undefined)
      return true;
  return false;
}

/** Questions and guides: a wrong one costs time and no more, since the rule that uses it has its own premises. */
const claimsNothing = (r: Rule): boolean =>
  r.actions.every((a) => headOf(a).startsWith("asks-") || guides.has(headOf(a)));

const isExcused = (r: Rule, spared: string): boolean =>
  claimsNothing(r) ||
  forProfit.has(spared) ||
  [...guides].some((g) => spared.startsWith(`${r.name}: (${g} `));

recordLongRun("rules", () => ({ rules: rules.length, graphs, attempts, refuted }));
