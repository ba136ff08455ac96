import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DType, isFloat } from "../../src/ir/dtype.ts";
import { binaryOps, unaryOps } from "../../src/ops/index.ts";
import { accepts } from "../../src/ops/op.ts";
import { argFolds, folds } from "../../src/ops/reductions.ts";
import { accumulationTypes, valuesOf } from "./samples.ts";

const unary = (name: string, t: DType = "f64") => unaryOps.get(name)!.interpret(t);
const binary = (name: string, t: DType = "f64") => binaryOps.get(name)!.interpret(t);
const near = (x: number) => expect.closeTo(x, 13);

describe("the registry", () => {
  test.each([...unaryOps, ...binaryOps])("%s says what it is", (name, op) => {
    expect(op.name).toBe(name);
    expect(op.cost).toBeGreaterThan(0);
    expect(op.docs).not.toBe("");
    expect(accumulationTypes.some((t) => accepts(op.accepts, t))).toBe(true);
  });

  test("results of integer and bool operations stay in their type", () => {
    for (const t of ["i32", "bool"] as const)
      for (const op of binaryOps.values()) {
        if (!accepts(op.accepts, t)) continue;
        const f = op.interpret(t);
        fc.assert(
          fc.property(valuesOf(t), valuesOf(t), (a, b) => {
            const value = f(a, b);
            if (op.result === "bool" || t === "bool") expect([0, 1]).toContain(value);
            else expect(value).toBe(value | 0);
          }),
          { numRuns: 60 },
        );
      }
  });
});

describe("floats against Math", () => {
  const same: readonly [string, (x: number) => number][] = [
    ["exp", Math.exp],
    ["log", Math.log],
    ["sqrt", Math.sqrt],
    ["sin", Math.sin],
    ["tanh", Math.tanh],
    ["expm1", Math.expm1],
    ["log1p", Math.log1p],
    ["floor", Math.floor],
    ["abs", Math.abs],
    ["exp2", (x) => 2 ** x],
    ["neg", (x) => 0 - x],
    ["recip", (x) => 1 / x],
    ["rsqrt", (x) => 1 / Math.sqrt(x)],
  ];
  test.each(same)("%s", (name, f) => {
    const op = unary(name);
    fc.assert(
      fc.property(valuesOf("f64"), (x) => {
        expect(op(x) + 0).toEqual(f(x) + 0);
      }),
    );
  });

  test("erf at tabulated points (Abramowitz and Stegun, table 7.1)", () => {
    const table = [
      [0, 0],
      [0.5, 0.5204998778],
      [1, 0.8427007929],
      [1.5, 0.9661051465],
      [2, 0.995322265],
    ];
    for (const [x, y] of table) {
      expect(unary("erf")(x)).toBeCloseTo(y, 9);
      expect(unary("erf")(-x)).toBeCloseTo(-y, 9);
    }
    expect(unary("erf")(Infinity)).toBe(1);
    expect(unary("erf")(Number.NaN)).toBeNaN();
  });

  test("erf has the slope 2/sqrt(pi) exp(-x^2), across the change of method too", () => {
    const erf = unary("erf");
    fc.assert(
      fc.property(fc.double({ min: -7, max: 7, noNaN: true }), (x) => {
        const h = 1e-4;
        const slope = (erf(x + h) - erf(x - h)) / (2 * h);
        expect(slope).toBeCloseTo((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x), 7);
      }),
    );
    expect(erf(3 - 1e-12)).toBeCloseTo(erf(3 + 1e-12), 12);
  });

  test("sigmoid is (1 + tanh(x/2)) / 2 and does not overflow", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        expect(unary("sigmoid")(x)).toEqual(near((1 + Math.tanh(x / 2)) / 2));
      }),
    );
    expect(unary("sigmoid")(-700)).toBeGreaterThan(0);
    expect(unary("sigmoid")(Infinity)).toBe(1);
  });

  test("round takes halves to the even integer", () => {
    const cases = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, 7.5, 2 ** 53, -0.2];
    expect(cases.map((x) => unary("round")(x) + 0)).toEqual([-2, -2, 0, 0, 2, 2, 2, 8, 2 ** 53, 0]);
  });

  test("min and max give NaN if either side is NaN", () => {
    for (const name of ["min", "max"]) {
      expect(binary(name)(Number.NaN, 1)).toBeNaN();
      expect(binary(name)(1, Number.NaN)).toBeNaN();
    }
  });

  test("mod has the sign of the divisor", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.constantFrom(-7, -2.5, -1, 0.75, 3),
        (a, b) => {
          const rest = binary("mod")(a, b);
          expect(rest === 0 || Math.sign(rest) === Math.sign(b)).toBe(true);
          expect(Math.abs(rest)).toBeLessThanOrEqual(Math.abs(b));
          const quotient = (a - rest) / b;
          expect(quotient).toBeCloseTo(Math.round(quotient), 9);
        },
      ),
    );
    expect(binary("mod")(1, 0)).toBeNaN();
  });
});

describe("integers against big integers", () => {
  const floor = (a: bigint, b: bigint): bigint =>
    b === 0n ? 0n : a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n);
  const rules: readonly [string, (a: bigint, b: bigint, bits: bigint) => bigint][] = [
    ["add", (a, b) => a + b],
    ["sub", (a, b) => a - b],
    ["mul", (a, b) => a * b],
    ["idiv", floor],
    ["mod", (a, b) => a - b * floor(a, b)],
    ["bitand", (a, b) => a & b],
    ["bitor", (a, b) => a | b],
    ["bitxor", (a, b) => a ^ b],
    ["shl", (a, b, bits) => (b < 0n || b >= bits ? 0n : a << b)],
    ["shr", (a, b, bits) => (b < 0n || b >= bits ? (a < 0n ? -1n : 0n) : a >> b)],
    ["min", (a, b) => [a, b].toSorted((x, y) => Number(x - y))[0]],
    ["max", (a, b) => [a, b].toSorted((x, y) => Number(x - y))[1]],
  ];
  for (const [name, rule] of rules)
    for (const [t, bits] of [
      ["i32", 32],
      ["i64", 64],
    ] as const)
      test(`${name} of ${t}`, () => {
        const f = binary(name, t);
        fc.assert(
          fc.property(valuesOf(t), valuesOf(t), (a, b) => {
            const exact = BigInt.asIntN(bits, rule(BigInt(a), BigInt(b), BigInt(bits)));
            expect(f(a, b) + 0).toBe(Number(exact));
          }),
          { numRuns: 300 },
        );
      });

  test("pow", () => {
    expect(binary("pow", "i32")(3, 4)).toBe(81);
    expect(binary("pow", "i32")(-2, 31)).toBe(-(2 ** 31));
    expect(binary("pow", "i32")(2, 32)).toBe(0);
    expect(binary("pow", "i32")(5, -1)).toBe(0);
    expect(binary("pow", "i64")(-1, -3)).toBe(-1);
    expect(binary("pow", "i64")(7, 0)).toBe(1);
  });

  test("the least integer is its own negative and absolute value", () => {
    expect(unary("neg", "i32")(-(2 ** 31))).toBe(-(2 ** 31));
    expect(unary("abs", "i32")(-(2 ** 31))).toBe(-(2 ** 31));
    expect(unary("bitnot", "i32")(5)).toBe(-6);
  });
});

describe("reductions", () => {
  test("the neutral element changes nothing, and the order of operands does not matter", () => {
    for (const fold of Object.values(folds))
      for (const t of accumulationTypes) {
        if (!accepts(fold.accepts, t)) continue;
        const f = fold.combine.interpret(t);
        fc.assert(
          fc.property(valuesOf(t), valuesOf(t), (a, b) => {
            expect(f(fold.neutral(t), a) + 0).toBe(a + 0);
            expect(f(a, b) + 0).toBe(f(b, a) + 0);
          }),
          { numRuns: 60 },
        );
      }
  });

  test("sums and products of integers may be grouped in any way", () => {
    for (const fold of [folds.sum, folds.prod]) {
      const f = fold.combine.interpret("i32");
      const three = [valuesOf("i32"), valuesOf("i32"), valuesOf("i32")] as const;
      fc.assert(
        fc.property(...three, (a, b, c) => {
          expect(f(f(a, b), c)).toBe(f(a, f(b, c)));
        }),
      );
    }
  });

  test("NaN ranks first, an equal value never takes the place", () => {
    for (const { better } of Object.values(argFolds)) {
      expect(better(Number.NaN, 1)).toBe(true);
      expect(better(1, Number.NaN)).toBe(false);
      expect(better(Number.NaN, Number.NaN)).toBe(false);
      expect(better(1, 1)).toBe(false);
    }
    expect(argFolds.argmax.better(2, 1)).toBe(true);
    expect(argFolds.argmin.better(2, 1)).toBe(false);
  });

  test("floats only have infinities as neutral elements", () => {
    for (const t of accumulationTypes) expect(Number.isFinite(folds.max.neutral(t))).toBe(!isFloat(t));
  });
});
