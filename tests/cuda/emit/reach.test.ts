/** What an index's text comes to on the way, against what is claimed of it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { indexText } from "../../../src/emit/kernels/indices.ts";
import { reach } from "../../../src/lower/schedule-cuda/index-types.ts";
import {
  type Environment,
  environments,
  expressions,
  naiveValue,
  sampleBounds,
  toPoly,
} from "../../ir/poly-samples.ts";

/** The value of C++ text over integers, and the number furthest from 0 that comes up in it. */
function computed(text: string, env: Environment): { readonly value: number; readonly furthest: number } {
  const tokens = text.match(/\d+|lum::\w+<i64>|\w+|[-+*/%(),]/g) ?? [];
  let at = 0;
  let furthest = 0;
  const noted = (value: number): number => {
    furthest = Math.max(furthest, Math.abs(value));
    return value + 0;
  };
  const skip = (token: string): void => {
    if (tokens[at++] !== token) throw new Error(`${token} expected in ${text}`);
  };
  const primary = (): number => {
    const token = tokens[at++];
    if (token === "-") return noted(-primary());
    if (token === "(") {
      const value = sum();
      skip(")");
      return value;
    }
    const called = /^lum::(\w+)</.exec(token)?.[1];
    if (called !== undefined) {
      skip("(");
      const left = sum();
      skip(",");
      const right = sum();
      skip(")");
      return noted(functions[called](left, right));
    }
    return noted(/^\d/.test(token) ? Number(token) : env[token as keyof Environment]);
  };
  const product = (): number => {
    let value = primary();
    while (["*", "/", "%"].includes(tokens[at])) {
      const operator = tokens[at++];
      const right = primary();
      if (operator === "*") value = noted(value * right);
      else value = noted(operator === "/" ? Math.trunc(value / right) : value % right);
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (["+", "-"].includes(tokens[at])) {
      const operator = tokens[at++];
      const right = product();
      value = noted(operator === "+" ? value + right : value - right);
    }
    return value;
  };
  const value = sum();
  if (at !== tokens.length) throw new Error(`${text} goes on after ${tokens.slice(0, at).join("")}`);
  return { value, furthest };
}

const functions: Readonly<Record<string, (a: number, b: number) => number>> = {
  min: Math.min,
  max: Math.max,
  floor_div: (a, b) => Math.floor(a / b),
  floor_mod: (a, b) => a - b * Math.floor(a / b),
};

const ix = {
  variables: ["a0", "a1"].map((name, i) => ({ name, size: sampleBounds.axes[i] })),
  bounds: sampleBounds,
};

test("nothing that comes up in an index's text is further from 0 than it is said to reach", () => {
  let exact = 0;
  fc.assert(
    fc.property(expressions, environments, (e, env) => {
      const p = toPoly(e);
      const { value, furthest } = computed(indexText(p, ix), env);
      fc.pre(Number.isSafeInteger(furthest));
      expect(value).toBe(naiveValue(e, env));
      const said = reach(p, sampleBounds);
      if (said === undefined) return;
      expect(furthest).toBeLessThanOrEqual(said);
      if (furthest > said / 4) exact++;
    }),
    { numRuns: 5000 },
  );
  // It isn't true because everything is said to reach far.
  expect(exact).toBeGreaterThan(500);
});
