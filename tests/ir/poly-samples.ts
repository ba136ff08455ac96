/** Random index arithmetic, with a second evaluation that knows nothing of the normal form. */
import fc from "fast-check";
import type { Bounds } from "../../src/ir/bounds.ts";
import * as P from "../../src/ir/poly.ts";

export type Expression =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "atom"; readonly name: AtomName }
  | {
      readonly kind: "add" | "sub" | "mul" | "min" | "max";
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "div" | "mod"; readonly left: Expression; readonly by: number }
  /** By `by * s + plus`, which is at least 1. */
  | {
      readonly kind: "divSize" | "modSize";
      readonly left: Expression;
      readonly by: number;
      readonly plus: number;
    };

const atoms = {
  s: P.dim("s"),
  pos: P.dim("pos"),
  l: P.loopVar("l"),
  a0: P.axis(0),
  a1: P.axis(1),
};
export type AtomName = keyof typeof atoms;
export type Environment = Readonly<Record<AtomName, number>>;

/** s in 1..16, pos in 0..16 - s, l in 0..3, a0 < s, a1 < s + pos */
export const sampleBounds: Bounds = {
  dims: new Map([
    ["s", { low: P.one, high: P.int(16) }],
    ["pos", { low: P.zero, high: P.subtract(P.int(16), atoms.s) }],
  ]),
  loops: new Map([["l", { low: P.zero, high: P.int(3) }]]),
  axes: [atoms.s, P.add(atoms.s, atoms.pos)],
};

/** Values within `sampleBounds`. */
export const environments: fc.Arbitrary<Environment> = fc
  .record({ s: fc.integer({ min: 1, max: 16 }), l: fc.integer({ min: 0, max: 3 }) })
  .chain(({ s, l }) =>
    fc.record({ s: fc.constant(s), l: fc.constant(l), pos: fc.integer({ min: 0, max: 16 - s }) }),
  )
  .chain(({ s, l, pos }) =>
    fc.record({
      s: fc.constant(s),
      l: fc.constant(l),
      pos: fc.constant(pos),
      a0: fc.integer({ min: 0, max: s - 1 }),
      a1: fc.integer({ min: 0, max: s + pos - 1 }),
    }),
  );

export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ e: Expression }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant("int" as const), value: fc.integer({ min: -4, max: 6 }) }),
    fc.record({
      kind: fc.constant("atom" as const),
      name: fc.constantFrom<AtomName>("s", "pos", "l", "a0", "a1"),
    }),
    fc.record({
      kind: fc.constantFrom("add" as const, "sub" as const, "mul" as const, "min" as const, "max" as const),
      left: tie("e"),
      right: tie("e"),
    }),
    fc.record({
      kind: fc.constantFrom("div" as const, "mod" as const),
      left: tie("e"),
      by: fc.constantFrom(1, 2, 3, 4, 7),
    }),
    fc.record({
      kind: fc.constantFrom("divSize" as const, "modSize" as const),
      left: tie("e"),
      by: fc.constantFrom(1, 2, 3),
      plus: fc.constantFrom(0, 0, 1, 5),
    }),
  ),
})).e;

export function toPoly(e: Expression): P.Poly {
  switch (e.kind) {
    case "int":
      return P.int(e.value);
    case "atom":
      return atoms[e.name];
    case "add":
      return P.add(toPoly(e.left), toPoly(e.right));
    case "sub":
      return P.subtract(toPoly(e.left), toPoly(e.right));
    case "mul":
      return P.multiply(toPoly(e.left), toPoly(e.right));
    case "min":
      return P.minimum(toPoly(e.left), toPoly(e.right));
    case "max":
      return P.maximum(toPoly(e.left), toPoly(e.right));
    case "div":
      return P.floorDiv(toPoly(e.left), P.int(e.by));
    case "mod":
      return P.modulo(toPoly(e.left), P.int(e.by));
    case "divSize":
      return P.floorDiv(toPoly(e.left), sizeOf(e));
    case "modSize":
      return P.modulo(toPoly(e.left), sizeOf(e));
  }
}

const sizeOf = (e: Expression & { kind: "divSize" | "modSize" }): P.Poly =>
  P.add(P.scale(atoms.s, e.by), P.int(e.plus));

export function naiveValue(e: Expression, env: Environment): number {
  if (e.kind === "int") return e.value;
  if (e.kind === "atom") return env[e.name];
  const left = naiveValue(e.left, env);
  if ("by" in e) {
    const by = "plus" in e ? e.by * env.s + e.plus : e.by;
    const quotient = Math.floor(left / by);
    return (e.kind === "div" || e.kind === "divSize" ? quotient : left - by * quotient) + 0;
  }
  const right = naiveValue(e.right, env);
  if (e.kind === "add") return left + right;
  if (e.kind === "sub") return left - right;
  if (e.kind === "mul") return left * right + 0;
  return e.kind === "min" ? Math.min(left, right) : Math.max(left, right);
}

export const valueIn =
  (env: Environment) =>
  (a: P.Atom): number => {
    if (a.kind === "axis") return a.axis === 0 ? env.a0 : env.a1;
    if (a.kind === "dim" || a.kind === "loop") return env[a.name as AtomName];
    throw new Error("only variables are asked for");
  };
