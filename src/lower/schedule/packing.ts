/**
 * Which weights are laid out in panels ahead of time: those that nothing but contractions reads, as a whole
 * matrix, with enough rows on the other side that the engine would otherwise pack them again in every call.
 */
import { upperBound } from "../../ir/bounds.ts";
import { byteSize } from "../../ir/dtype.ts";
import type { Node } from "../../ir/hlir.ts";
import type { Contraction, Kernel } from "../../ir/kernel.ts";
import type { Layout } from "../../ir/llir.ts";
import { type Choice, choicesOf, type EntryPlan, type Plan } from "../../ir/plan.ts";
import { constantOf, equal, multiply, one, type Poly } from "../../ir/poly.ts";
import { cpu } from "../../targets/cpu.ts";
import { readsOf } from "../plan-reads.ts";
import { buildKernel, type Surroundings } from "./build.ts";

type Matrix = {
  readonly n: Poly;
  readonly k: Poly;
  readonly kContiguous: boolean;
  /** Whether the reader has rows enough to gain by it. */
  readonly worthwhile: boolean;
};

/** An entry, or one bucket of it. */
export type Reader = { readonly plan: Plan; readonly entry: EntryPlan; readonly around: Surroundings };

/** Layouts by the name of the weight; weights that stay as stored are absent. */
export function packedWeights(readers: readonly Reader[]): ReadonlyMap<string, Layout> {
  const found = new Map<string, Matrix>();
  const refused = new Set<string>();
  for (const { entry, around } of readers) {
    for (const choice of choicesOf(entry.body))
      for (const weight of weightsRead(choice, around)) {
        const name = weight.op.kind === "weight" ? weight.op.name : "";
        const matrix = refused.has(name) ? undefined : matrixOf(weight, choice, around);
        const before = found.get(name);
        if (matrix === undefined || (before !== undefined && !sameMatrix(before, matrix))) refused.add(name);
        else found.set(name, { ...matrix, worthwhile: matrix.worthwhile || before?.worthwhile === true });
      }
  }
  const { hlir } = readers[0].plan;
  const bytes = hlir.weights.reduce(
    (sum, w) => sum + (upperBound(multiply(one, ...w.shape), hlir.bounds) ?? 0) * byteSize(w.dtype),
    0,
  );
  if (bytes > cpu.largestPacked) return new Map();
  return new Map(
    [...found]
      .filter(([name, m]) => m.worthwhile && !refused.has(name))
      .map(([name, { n, k, kContiguous }]) => [name, { kind: "packed", n, k, kContiguous }]),
  );
}

const weightsRead = (choice: Choice, around: Surroundings): Set<Node> =>
  new Set(readsOf(choice, around.isStored).flatMap((r) => (r.node.op.kind === "weight" ? [r.node] : [])));

const sameMatrix = (a: Matrix, b: Matrix): boolean =>
  equal(a.n, b.n) && equal(a.k, b.k) && a.kContiguous === b.kContiguous;

/** The weight as the right factor of the choice's contraction, if that is all that it is in it. */
function matrixOf(weight: Node, choice: Choice, around: Surroundings): Matrix | undefined {
  const { implementation: i } = choice;
  if (i.family !== "contraction" || i.schedule === "in place" || weight.dtype !== "f32") return undefined;
  const reads = readsOf(choice, around.isStored).filter((r) => r.node === weight);
  if (!reads.every((r) => r.use.side === "b")) return undefined;
  const slot = around.slotOf(weight);
  const { kernel } = buildKernel(choice, around);
  const product = kernel.body.find((s) => s.kind === "contraction");
  if (product?.kind !== "contraction" || slot === undefined || product.a.form.kind === "packed")
    return undefined;
  return wholeMatrix(weight, product, kernel);
}

function wholeMatrix(weight: Node, product: Contraction, kernel: Kernel): Matrix | undefined {
  const { form } = product.b;
  if (
    form.kind !== "strided" ||
    form.offset.key !== "0" ||
    product.k === undefined ||
    product.n === undefined
  )
    return undefined;
  const rows = product.m === undefined ? 1 : upperBound(kernel.variables[product.m].size, kernel.bounds);
  const worthwhile = rows === undefined || rows > cpu.streamedRows;
  const [n, k] = [kernel.variables[product.n].size, kernel.variables[product.k].size];
  const all = multiply(one, ...weight.shape);
  if (constantOf(all) === undefined || !equal(all, multiply(n, k))) return undefined;
  const kContiguous = constantOf(form.kStride) === 1 && equal(form.outerStride, k);
  const nContiguous = constantOf(form.outerStride) === 1 && equal(form.kStride, n);
  return kContiguous || nContiguous ? { n, k, kContiguous, worthwhile } : undefined;
}
