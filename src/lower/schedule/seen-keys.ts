/** Which keys of a row can have a score other than -infinity, as far as the score's own text says. */
import {
  add,
  axis,
  constantOf,
  int,
  maximum,
  mentions,
  minimum,
  negate,
  type Poly,
  subtract,
  zero,
} from "../../ir/poly.ts";
import { strideIn } from "./merge.ts";
import type { Value } from "./values.ts";

/** Keys begin <= key < end, not held within what there is. */
export type SeenKeys = { readonly begin: Poly; readonly end: Poly };

/** `fromData`: variables whose values are read from memory; a bound by them is left out. */
export function seenKeys(
  score: Value,
  key: number,
  fromData: ReadonlySet<number>,
  size: Poly,
): SeenKeys | undefined {
  let [begin, end]: [Poly | undefined, Poly | undefined] = [undefined, undefined];
  for (const p of conditionsOf(score)) {
    const stride = constantOf(strideIn(p, key) ?? zero);
    if (stride !== 1 && stride !== -1) continue;
    const rest = stride === 1 ? subtract(p, axis(key)) : add(p, axis(key));
    if (mentions(rest, (a) => a.kind === "axis" && (a.axis === key || fromData.has(a.axis)))) continue;
    if (stride === 1) begin = begin === undefined ? negate(rest) : maximum(begin, negate(rest));
    else end = end === undefined ? add(rest, int(1)) : minimum(end, add(rest, int(1)));
  }
  if (begin === undefined && end === undefined) return undefined;
  return { begin: begin ?? zero, end: end ?? size };
}

/** Polynomials that are not negative wherever the value is other than -infinity. */
function conditionsOf(v: Value): Poly[] {
  if (v.op.kind !== "select") return [];
  const [condition, yes, no] = v.args;
  if (isMinusInfinity(no)) return [...holding(condition), ...conditionsOf(yes)];
  return isMinusInfinity(yes) ? conditionsOf(no) : [];
}

const isMinusInfinity = (v: Value): boolean => v.op.kind === "number" && v.op.value === -Infinity;

/** Polynomials that are not negative where the condition holds. */
function holding(v: Value): Poly[] {
  if (v.op.kind === "inside")
    return v.op.checks.flatMap((c) => [
      ...(c.low ? [c.value] : []),
      ...(c.below === undefined ? [] : [subtract(subtract(c.below, c.value), int(1))]),
    ]);
  if (v.op.kind !== "binary") return [];
  if (v.op.fn === "and") return v.args.flatMap(holding);
  const [a, b] = v.args.map(indexPoly);
  if (a === undefined || b === undefined) return [];
  switch (v.op.fn) {
    case "le":
      return [subtract(b, a)];
    case "lt":
      return [subtract(subtract(b, a), int(1))];
    case "ge":
      return [subtract(a, b)];
    case "gt":
      return [subtract(subtract(a, b), int(1))];
    default:
      return [];
  }
}

const indexPoly = (v: Value): Poly | undefined => {
  if (v.op.kind === "index") return v.op.value;
  return v.op.kind === "number" && (v.dtype === "i32" || v.dtype === "i64") ? int(v.op.value) : undefined;
};
