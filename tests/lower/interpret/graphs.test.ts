// Random graphs: the interpreter, which streams and skips what it can, against the definitions element by element.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Builder } from "../../../src/ir/builder.ts";
import type { Node } from "../../../src/ir/hlir.ts";
import { checkHlir } from "../../../src/ir/hlir-check.ts";
import { printNodes } from "../../../src/ir/hlir-print.ts";
import { add, axis, floorDiv, int, modulo, type Poly, scale, subtract } from "../../../src/ir/poly.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { tensor } from "../../../src/lower/tensor.ts";
import { freshBuilder, modelOf, nowhere } from "../../ir/graphs.ts";
import { evaluateByDefinition, sizesOf } from "./by-definition.ts";

const x = { name: "x", shape: [int(3), int(4)], dtype: "f32" as const, span: nowhere };
const k = { name: "k", shape: [int(4)], dtype: "i32" as const, span: nowhere };

/** One decision of the generator: which operand, and numbers to choose the rest with. */
type Step = {
  readonly kind: number;
  readonly of: number;
  readonly other: number;
  readonly a: number;
  readonly b: number;
};

const steps = fc.array(
  fc.record({ kind: fc.nat(9), of: fc.nat(20), other: fc.nat(20), a: fc.nat(11), b: fc.nat(11) }),
  { minLength: 1, maxLength: 9 },
);

const identity = (n: Node): Poly[] => n.shape.map((_, i) => axis(i));

/** Adds a node to those made so far; some choices do not apply and give nothing. */
function grow(b: Builder, made: readonly Node[], s: Step): Node | undefined {
  const n = made[s.of % made.length];
  const rank = n.shape.length;
  const sizes = sizesOf(n);
  const along = rank === 0 ? 0 : s.a % rank;
  switch (s.kind) {
    case 0:
      return n.dtype === "f32"
        ? b.unary(["exp", "neg", "floor", "tanh"][s.a % 4], b.view(n, n.shape, identity(n)))
        : undefined;
    case 1: {
      const same = made.filter((m) => m.dtype === n.dtype && sizesOf(m).join() === sizes.join());
      return n.dtype === "bool"
        ? undefined
        : b.binary(["add", "mul", "max", "sub"][s.a % 4], n, same[s.other % same.length]);
    }
    case 2:
      return rank === 0
        ? undefined
        : b.reduce((["sum", "max", "argmax", "min"] as const)[s.b % 4], n, [along]);
    case 3: // broadcast along a new axis
      return rank > 2
        ? undefined
        : b.view(
            n,
            [int(1 + (s.b % 3)), ...n.shape],
            n.shape.map((_, i) => axis(i + 1)),
          );
    case 4: {
      // shifted, with a fill outside
      if (rank === 0) return undefined;
      const map = identity(n).map((p, i) =>
        i === along ? add(scale(p, s.b % 2 === 0 ? 1 : 2), int((s.other % 5) - 2)) : p,
      );
      return b.view(n, n.shape, map, s.b % 3);
    }
    case 5: // reversed
      return rank === 0
        ? undefined
        : b.view(
            n,
            n.shape,
            identity(n).map((p, i) => (i === along ? subtract(int(sizes[i] - 1), p) : p)),
          );
    case 6: {
      // every element twice or thrice
      if (rank === 0) return undefined;
      const by = int(2 + (s.b % 2));
      const shape = n.shape.map((p, i) => (i === along ? int(sizes[i] * (2 + (s.b % 2))) : p));
      const quotient =
        s.other % 2 === 0 ? floorDiv(axis(along), by) : modulo(axis(along), int(Math.max(sizes[along], 1)));
      return sizes[along] === 0
        ? undefined
        : b.view(
            n,
            shape,
            identity(n).map((p, i) => (i === along ? quotient : p)),
          );
    }
    case 7: {
      // gather rows by computed indices, some outside
      if (rank === 0) return undefined;
      const index = b.iota(add(scale(axis(along), 3), int((s.b % 5) - 2)), n.shape);
      const map = identity(n).map((p, i) => (i === along ? { operand: 0 } : p));
      return b.gather(n, [index], n.shape, map, 7);
    }
    case 8:
      return n.dtype === "f32"
        ? b.cast(b.cast(n, (["f16", "bf16", "i32"] as const)[s.a % 3]), "f32")
        : b.cast(n, "f32");
    default:
      return rank === 0 || n.dtype === "bool"
        ? undefined
        : b.cumulate(s.b % 2 === 0 ? "sum" : "prod", n, along);
  }
}

test("random graphs mean what their definitions say", () => {
  const values = fc.array(
    fc.integer({ min: -8, max: 8 }).map((v) => v / 4),
    { minLength: 12, maxLength: 12 },
  );
  let compared = 0;
  fc.assert(
    fc.property(steps, values, (choices, data) => {
      const b = freshBuilder();
      const made = [b.input("x", x.shape, "f32"), b.input("k", k.shape, "i32")];
      for (const s of choices) {
        const next = grow(b, made, s);
        if (next !== undefined && sizesOf(next).reduce((p, q) => p * q, 1) <= 300) made.push(next);
      }
      const inputs = { x: tensor("f32", [3, 4], data), k: tensor("i32", [4], [3, -1, 0, 2]) };
      const roots = made.slice(-2);
      const outputs = Object.fromEntries(roots.map((n, i) => [`y${i}`, n]));
      const h = modelOf({ inputs: [x, k], outputs });
      checkHlir(h, "test");
      const answer = interpret(h, "forward", { inputs });
      roots.forEach((n, i) => {
        const found = Array.from(answer.outputs[`y${i}`].data, (v) => v + 0); // -0 is as good as 0
        const wanted = evaluateByDefinition(n, inputs).map((v) => v + 0);
        expect(found, printNodes([n])).toEqual(wanted);
        compared++;
      });
    }),
    { numRuns: 400 },
  );
  expect(compared).toBe(800);
});

test("domains longer than one piece, with rows that cross its end", () => {
  const b = freshBuilder();
  const [rows, columns] = [int(37), int(151)];
  const z = b.input("z", [rows, columns], "f64");
  const shifted = b.view(z, [columns, rows], [axis(1), subtract(axis(0), int(2))], -1);
  const sum = b.reduce("sum", b.binary("mul", shifted, b.view(z, [columns, rows], [axis(1), axis(0)])), [0]);
  const total = b.reduce("max", shifted, [0, 1]);
  const flat = b.view(z, [int(37 * 151)], [floorDiv(axis(0), columns), modulo(axis(0), columns)]);
  const outputs = { shifted, sum, total, flat };
  const inputs = {
    z: tensor(
      "f64",
      [37, 151],
      Array.from({ length: 37 * 151 }, (_, i) => ((i * 7919) % 101) - 50),
    ),
  };
  const h = modelOf({
    inputs: [{ name: "z", shape: [rows, columns], dtype: "f64", span: nowhere }],
    outputs,
  });
  const answer = interpret(h, "forward", { inputs });
  for (const name of ["shifted", "total", "flat"] as const)
    expect(Array.from(answer.outputs[name].data)).toEqual(evaluateByDefinition(outputs[name], inputs));
  const at = (r: number, c: number) => inputs.z.data[r * 151 + c];
  const expected = Array.from({ length: 37 }, (_, r) =>
    Array.from({ length: 151 }, (_, c) => (c < 2 ? -1 : at(r, c - 2)) * at(r, c)).reduce((p, q) => p + q),
  );
  expect(Array.from(answer.outputs.sum.data)).toEqual(expected);
});
