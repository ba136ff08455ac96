/** How many of its keys an attention looks at, by the comparisons of indices that its mask is made of. */
import { type Bounds, highest } from "../ir/bounds.ts";
import type { Node } from "../ir/hlir.ts";
import type { AttentionForm } from "../ir/plan.ts";
import { add, axis, constantOf, int, type Poly, substituteAxes, subtract, zero } from "../ir/poly.ts";
import { axisCoordinates, throughView } from "./plan-contraction.ts";
import { strideIn } from "./schedule/merge.ts";

/** Rows that stand for all. */
const samples = 8;

/** The mean share of the keys that a row can have a score above -infinity for, at the sizes of the bounds. */
export function seenShare({ score, greatest }: AttentionForm, bounds: Bounds): number {
  if (greatest.op.kind !== "reduce") return 1;
  const [key] = greatest.op.axes;
  const size = (a: number) => highest(score.shape[a], bounds) ?? 1024;
  const keys = size(key);
  const conditions = holding(score, key);
  if (conditions.length === 0 || keys < 1) return 1;
  let sum = 0;
  for (let i = 0; i < samples; i++) {
    const row = score.shape.map((_, a) =>
      a === key ? axis(a) : int(Math.floor(((i + 0.5) / samples) * size(a))),
    );
    let [begin, end] = [0, keys];
    for (const p of conditions) {
      const at = substituteAxes(p, row);
      const stride = constantOf(strideIn(at, key) ?? zero);
      const rest = highest(stride === 1 ? subtract(at, axis(key)) : add(at, axis(key)), bounds);
      if (rest === undefined) continue;
      if (stride === 1) begin = Math.max(begin, -rest);
      if (stride === -1) end = Math.min(end, rest + 1);
    }
    sum += Math.max(0, end - begin) / keys;
  }
  return sum / samples;
}

/** Polynomials over the axes of the scores that are not negative wherever a score is other than -infinity. */
function holding(score: Node, key: number): Poly[] {
  const { op } = score;
  if (op.kind !== "select") return [];
  const [condition, yes, no] = score.inputs;
  if (!isMinusInfinity(no)) return isMinusInfinity(yes) ? holding(no, key) : [];
  const own = comparisons(condition, axisCoordinates(score.shape.length)).filter((p) => {
    const stride = constantOf(strideIn(p, key) ?? zero);
    return stride === 1 || stride === -1;
  });
  return [...own, ...holding(yes, key)];
}

function isMinusInfinity(n: Node): boolean {
  if (n.op.kind === "view") return isMinusInfinity(n.inputs[0]);
  return n.op.kind === "constant" && n.op.value === -Infinity;
}

function comparisons(n: Node, coords: readonly Poly[]): Poly[] {
  if (n.op.kind === "view" && n.op.fill === undefined)
    return comparisons(n.inputs[0], throughView(n.op.map, coords));
  if (n.op.kind !== "binary") return [];
  if (n.op.fn === "and") return n.inputs.flatMap((x) => comparisons(x, coords));
  const [a, b] = n.inputs.map((x) => indexOf(x, coords));
  if (a === undefined || b === undefined) return [];
  if (n.op.fn === "le") return [subtract(b, a)];
  if (n.op.fn === "lt") return [subtract(subtract(b, a), int(1))];
  if (n.op.fn === "ge") return [subtract(a, b)];
  return n.op.fn === "gt" ? [subtract(subtract(a, b), int(1))] : [];
}

function indexOf(n: Node, coords: readonly Poly[]): Poly | undefined {
  if (n.op.kind === "view" && n.op.fill === undefined)
    return indexOf(n.inputs[0], throughView(n.op.map, coords));
  if (n.op.kind === "iota") return throughView([n.op.value], coords)[0];
  return n.op.kind === "constant" && Number.isInteger(n.op.value) ? int(n.op.value) : undefined;
}
