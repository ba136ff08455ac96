import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as P from "../../src/ir/poly.ts";
import { type Environment, environments, expressions, naiveValue, toPoly, valueIn } from "./poly-samples.ts";

const evaluated = (p: P.Poly, env: Environment) => P.evaluate(p, valueIn(env));

describe("the normal form", () => {
  test("keeps the value of every expression", () => {
    fc.assert(
      fc.property(expressions, environments, (e, env) => {
        const expected = naiveValue(e, env);
        fc.pre(Number.isSafeInteger(expected));
        expect(evaluated(toPoly(e), env)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("is the same whatever the order of the operands", () => {
    fc.assert(
      fc.property(expressions, expressions, expressions, (a, b, c) => {
        const [x, y, z] = [toPoly(a), toPoly(b), toPoly(c)];
        expect(P.add(x, P.add(y, z)).key).toBe(P.add(P.add(z, y), x).key);
        expect(P.multiply(x, y).key).toBe(P.multiply(y, x).key);
        expect(P.multiply(x, P.add(y, z)).key).toBe(P.add(P.multiply(z, x), P.multiply(x, y)).key);
        expect(P.subtract(P.add(x, y), y).key).toBe(x.key);
      }),
      { numRuns: 500 },
    );
  });

  test("substitution and evaluation commute", () => {
    fc.assert(
      fc.property(expressions, expressions, environments, (outer, inner, env) => {
        const [p, q] = [toPoly(outer), toPoly(inner)];
        const replaced = P.substitute(p, (a) => (a.kind === "dim" && a.name === "s" ? q : undefined));
        const s = evaluated(q, env);
        const expected = evaluated(p, { ...env, s });
        fc.pre(Number.isSafeInteger(s) && Number.isSafeInteger(expected));
        expect(evaluated(replaced, env)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("splits a polynomial into coefficient and rest of a linear atom", () => {
    fc.assert(
      fc.property(expressions, (e) => {
        const p = toPoly(e);
        for (const a of P.atomsOf(p)) {
          const parts = P.linearIn(p, a);
          if (parts === undefined) continue;
          expect(P.add(P.multiply(parts.coefficient, P.atom(a)), parts.rest).key).toBe(p.key);
          expect(P.mentions(parts.rest, (x) => P.sameAtom(x, a))).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("text", () => {
  const [s, n] = [P.dim("s"), P.dim("n")];
  const cases: readonly [P.Poly, string][] = [
    [P.add(P.scale(P.axis(0), 2), P.axis(1), P.int(-1)), "2 * a0 + a1 - 1"],
    [P.negate(s), "-s"],
    [P.negate(P.zero), "0"],
    [P.floorDiv(P.add(s, P.one), P.scale(n, 2)), "floor((s + 1) / (2 * n))"],
    [P.floorDiv(P.add(P.scale(s, 6), P.int(7)), P.int(3)), "2 * s + 2"],
    [P.modulo(P.add(P.scale(s, 6), n), P.int(3)), "mod(n, 3)"],
    [P.floorDiv(P.floorDiv(s, P.int(3)), P.int(2)), "floor(s / 6)"],
    [P.floorDiv(P.multiply(s, n), s), "n"],
    [P.floorDiv(P.add(P.multiply(s, n), P.scale(s, 3), n), s), "floor(n / s) + n + 3"],
    [P.modulo(P.add(P.multiply(s, n), n, P.one), s), "mod(n + 1, s)"],
    [P.floorDiv(P.multiply(s, n, P.int(6)), P.scale(s, 3)), "2 * n"],
    [P.minimum(s, P.add(s, P.one)), "s"],
    [P.maximum(n, s), "max(n, s)"],
    [P.add(P.scale(P.floorDiv(s, P.int(4)), 4), P.modulo(s, P.int(4))), "s"],
    [P.add(P.multiply(P.floorDiv(s, n), n), P.modulo(s, n), P.one), "s + 1"],
  ];
  for (const [p, text] of cases) test(text, () => expect(P.printPoly(p)).toBe(text));

  test("a dim called a0 is no axis", () => {
    expect(P.equal(P.dim("a0"), P.axis(0))).toBe(false);
    expect(P.add(P.dim("a0"), P.axis(0)).terms).toHaveLength(2);
  });

  test("atoms can be spelled otherwise, inside of others too", () => {
    const p = P.add(P.floorDiv(P.add(P.axis(0), P.one), P.int(2)), s);
    expect(P.printPoly(p, (a) => (a.kind === "axis" ? "row" : undefined))).toBe("floor((row + 1) / 2) + s");
  });
});
