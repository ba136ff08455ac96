/**
 * Elementwise kernels that read across what they write, as `y[i, j] = x[j, i]` does: loops over blocks of both axes, so
 * that a line of memory that one iteration has brought into the cache is still there when the next ones need it.
 */
import { upperBound } from "../../ir/bounds.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { LoopBlock, LoopGap } from "../../ir/kernel.ts";
import { type Choice, domainOf } from "../../ir/plan.ts";
import { add, constantOf, floorDiv, int, type Poly } from "../../ir/poly.ts";
import { cpu } from "../../targets/cpu.ts";
import type { KernelDraft } from "./build.ts";
import { strideIn, trialOf } from "./merge.ts";

export type NestedLoop = {
  readonly variable: number;
  readonly size: Poly;
  readonly block?: LoopBlock;
  readonly except?: LoopGap;
};

/** The kernel's loops, those of the two axes in blocks; undefined where nothing is read across. `axes`: each loop's. */
export function inBlocks(
  k: KernelDraft,
  choice: Choice,
  loops: readonly NestedLoop[],
  axes: readonly number[],
): NestedLoop[] | undefined {
  const across = k.engine === undefined ? axisReadAcross(k, choice, axes) : undefined;
  if (across === undefined) return undefined;
  const last = loops.length - 1;
  const { along, against } = cpu.block;
  const cut = (l: NestedLoop, length: number): { count: NestedLoop; inner: NestedLoop } => {
    const size = floorDiv(add(l.size, int(length - 1)), int(length));
    const { name } = k.ev.variables[l.variable];
    k.ev.variable(`${name}_block`, size, `block ${l.variable}`);
    const number = k.ev.variables.length - 1;
    return { count: { variable: number, size }, inner: { ...l, block: { number, length } } };
  };
  const [read, written] = [cut(loops[across], against), cut(loops[last], along)];
  k.note(`Reads across what it writes, so it goes through blocks of ${against} by ${along}.`);
  return [
    ...loops.slice(0, across),
    read.count,
    ...loops.slice(across + 1, last),
    written.count,
    read.inner,
    written.inner,
  ];
}

/** The loop along which something is read from one element to the next, while the innermost loop jumps in it. */
function axisReadAcross(k: KernelDraft, choice: Choice, axes: readonly number[]): number | undefined {
  const domain = domainOf(choice.root);
  const sizeOf = (axis: number): number => upperBound(domain[axis], k.bounds) ?? 1024;
  for (const { op, dtype } of trialOf(k, choice).values) {
    if (op.kind !== "load" && op.kind !== "guarded") continue;
    const found = acrossIn(op.at, op.kind === "load" ? dtype : op.stored, axes, sizeOf);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where in `axes`, outermost first, is the one along which a read of elements `at` is worth blocks, if any is? */
export function acrossIn(
  at: Poly,
  dtype: DType,
  axes: readonly number[],
  sizeOf: (axis: number) => number,
): number | undefined {
  const { fewest, jump, reach } = cpu.block;
  const inner = axes[axes.length - 1];
  if (axes.length < 2 || sizeOf(inner) < fewest) return undefined;
  const step = strideIn(at, inner);
  if (step === undefined || step.key === "0") return undefined;
  if (Math.abs(constantOf(step) ?? jump) * byteSize(dtype) < jump) return undefined;
  const found = axes.findIndex((a) => a !== inner && strideIn(at, a)?.key === "1");
  if (found < 0 || sizeOf(axes[found]) < fewest) return undefined;
  // What is read between two uses of a line: where that is little, the line is still there.
  const between = axes.slice(found + 1).reduce((n, a) => n * sizeOf(a), 1);
  return between >= reach ? found : undefined;
}
