/** Values of a kernel as a graph: equal ones are one, so that whatever is needed twice can be named once. */
import type { DType } from "../../ir/dtype.ts";
import type { RangeCheck } from "../../ir/kernel.ts";
import type { Poly } from "../../ir/poly.ts";
import { axesIn } from "../plan-contraction.ts";
import { conversion } from "../tensor.ts";

export type ValueOp =
  | { readonly kind: "number"; readonly value: number }
  /** An accumulator, or what a contraction hands to its epilogue. */
  | { readonly kind: "local"; readonly name: string }
  | { readonly kind: "index"; readonly value: Poly }
  | { readonly kind: "load"; readonly from: string; readonly at: Poly }
  /** A load of type `stored`, cast, made only where the condition (first operand) holds; else the second operand. */
  | { readonly kind: "guarded"; readonly from: string; readonly at: Poly; readonly stored: DType }
  | { readonly kind: "unary"; readonly fn: string }
  | { readonly kind: "binary"; readonly fn: string }
  | { readonly kind: "select" }
  | { readonly kind: "cast" }
  | { readonly kind: "bitcast" }
  | { readonly kind: "inside"; readonly checks: readonly RangeCheck[] }
  | { readonly kind: "checked"; readonly size: Poly; readonly what: string | undefined };

export type Value = {
  readonly id: number;
  readonly op: ValueOp;
  readonly args: readonly Value[];
  readonly dtype: DType;
  /** Variables in its own polynomials. */
  readonly axes: readonly number[];
  /** How often other values and statements mention it. */
  mentions: number;
  /** What to call it, if it gets a name. */
  hint: string | undefined;
};

export type Values = ReturnType<typeof createValues>;

export function createValues() {
  const shared = new Map<string, Value>();

  function make(op: ValueOp, dtype: DType, args: readonly Value[] = [], key = ""): Value {
    const full = `${op.kind}:${dtype}:${key}(${args.map((a) => a.id).join()})`;
    const known = shared.get(full);
    if (known !== undefined) return known;
    const value: Value = {
      id: shared.size,
      op,
      args,
      dtype,
      axes: [...axesIn(polysOf(op))],
      mentions: 0,
      hint: undefined,
    };
    for (const a of args) a.mentions++;
    shared.set(full, value);
    return value;
  }

  function guarded(condition: Value, from: string, at: Poly, otherwise: Value, stored: DType): Value {
    const op: ValueOp = { kind: "guarded", from, at, stored };
    return make(op, otherwise.dtype, [condition, otherwise], `${stored}:${from}@${at.key}`);
  }

  return {
    all: () => [...shared.values()],
    number: (value: number, dtype: DType) => make({ kind: "number", value }, dtype, [], keyOf(value)),
    local: (name: string, dtype: DType) => make({ kind: "local", name }, dtype, [], name),
    index: (value: Poly, dtype: DType) => make({ kind: "index", value }, dtype, [], value.key),
    load: (from: string, at: Poly, dtype: DType) =>
      make({ kind: "load", from, at }, dtype, [], `${from}@${at.key}`),
    guarded,
    unary: (fn: string, x: Value, dtype: DType) => make({ kind: "unary", fn }, dtype, [x], fn),
    binary: (fn: string, a: Value, b: Value, dtype: DType) => make({ kind: "binary", fn }, dtype, [a, b], fn),
    select(condition: Value, a: Value, b: Value): Value {
      if (condition.op.kind === "number") return condition.op.value !== 0 ? a : b;
      return a === b ? a : make({ kind: "select" }, a.dtype, [condition, a, b]);
    },
    cast(x: Value, dtype: DType): Value {
      if (x.dtype === dtype) return x;
      const { op } = x;
      if (op.kind === "guarded" && x.dtype === op.stored && x.args[1].op.kind === "number") {
        const own = conversion("f64", x.dtype)(x.args[1].op.value);
        const value = conversion(x.dtype, dtype)(own);
        const otherwise = make({ kind: "number", value }, dtype, [], keyOf(value));
        return guarded(x.args[0], op.from, op.at, otherwise, op.stored);
      }
      return make({ kind: "cast" }, dtype, [x]);
    },
    bitcast: (x: Value, dtype: DType) => (x.dtype === dtype ? x : make({ kind: "bitcast" }, dtype, [x])),
    inside: (checks: readonly RangeCheck[]) =>
      make(
        { kind: "inside", checks },
        "bool",
        [],
        checks.map((c) => `${c.low}${c.value.key}<${c.below?.key}`).join(),
      ),
    checked: (x: Value, size: Poly, what: string | undefined) =>
      make({ kind: "checked", size, what }, "i64", [x], `${size.key}:${what}`),
  };
}

const keyOf = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

export function polysOf(op: ValueOp): Poly[] {
  switch (op.kind) {
    case "index":
      return [op.value];
    case "load":
    case "guarded":
      return [op.at];
    case "inside":
      return op.checks.flatMap((c) => (c.below === undefined ? [c.value] : [c.value, c.below]));
    case "checked":
      return [op.size];
    default:
      return [];
  }
}
