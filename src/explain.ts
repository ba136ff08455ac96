/** What each kernel of a plan computes, what was fused into it, and what it has to move and compute. */
import { placeOf } from "./diagnostics.ts";
import { upperBound } from "./ir/bounds.ts";
import { byteSize } from "./ir/dtype.ts";
import type { Hlir, Node } from "./ir/hlir.ts";
import { type Choice, choicesOf, domainOf, type Plan } from "./ir/plan.ts";
import { multiply, one, type Poly } from "./ir/poly.ts";
import { spanText } from "./ir/source.ts";

export type Explanation = {
  /** file:line:column of the definition. */
  readonly place: string;
  /** Its text. */
  readonly source: string;
  readonly entry: string;
  readonly computes: string;
  readonly family: string;
  /** Other definitions that are computed inside. */
  readonly fused: readonly string[];
  /** At the largest values of the dims. */
  readonly bytes: number | undefined;
  readonly operations: number | undefined;
  /** The two as a sentence. */
  readonly work: string;
};

export function explainPlan(plan: Plan): Explanation[] {
  return plan.entries.flatMap((e) =>
    [...choicesOf(e.body)].map((c) => explainChoice(c, e.entry.name, plan.hlir)),
  );
}

function explainChoice(c: Choice, entry: string, h: Hlir): Explanation {
  const { root } = c;
  const inside = new Set<Node>([root, ...c.inlined]);
  const bytes = bytesOf(c, inside, h);
  const operations = operationsOf(c, h);
  const fused = c.inlined.flatMap((n) => (n.name === undefined || n.name === root.name ? [] : [n.name]));
  return {
    place: placeOf(root.span),
    source: spanText(root.span),
    entry,
    computes: root.name ?? root.op.kind,
    family: c.implementation.family,
    fused: [...new Set(fused)],
    bytes,
    operations,
    work: workText(bytes, operations),
  };
}

const size = (shape: readonly Poly[], h: Hlir): number | undefined =>
  upperBound(multiply(one, ...shape), h.bounds);

/** Each tensor from memory once, and the result. */
function bytesOf(c: Choice, inside: ReadonlySet<Node>, h: Hlir): number | undefined {
  const read = new Set([...inside].flatMap((n) => n.inputs.filter((i) => !inside.has(i))));
  const tensors = [...read].map((n) => [n.shape, n.dtype] as const);
  const all = [...tensors, [domainOf(c.root), c.root.dtype] as const].map(([shape, dtype]) => {
    const count = size(shape, h);
    return count === undefined ? undefined : count * byteSize(dtype);
  });
  return all.reduce(
    (sum, b) => (sum === undefined || b === undefined ? undefined : sum + b),
    0 as number | undefined,
  );
}

/** One per element of every arithmetic node. */
function operationsOf(c: Choice, h: Hlir): number | undefined {
  const counted = [c.root, ...c.inlined].flatMap((n) => {
    if (n.op.kind === "unary" || n.op.kind === "binary" || n.op.kind === "select") return [size(n.shape, h)];
    return n.op.kind === "reduce" ? [size(n.inputs[0].shape, h)] : [];
  });
  return counted.reduce(
    (sum, n) => (sum === undefined || n === undefined ? undefined : sum + n),
    0 as number | undefined,
  );
}

function workText(bytes: number | undefined, operations: number | undefined): string {
  if (bytes === undefined || operations === undefined) return "work depends on sizes without bounds";
  const intensity = bytes === 0 ? 0 : operations / bytes;
  return `at most ${scaled(bytes, "B")} moved, ${scaled(operations, "op")}; ${intensity.toPrecision(3)} operations per byte`;
}

function scaled(x: number, unit: string): string {
  const power = x < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(x) / 3));
  return `${(x / 1000 ** power).toPrecision(3)} ${["", "k", "M", "G", "T"][power]}${unit}`;
}
