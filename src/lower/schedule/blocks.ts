/**
 * Elementwise kernels that read across what they write, as `y[i, j] = x[j, i]` does: loops over blocks of both axes, so
 * that a line of memory that one iteration has brought into the cache is still there when the next ones need it.
 */
import { upperBound } from "../../ir/bounds.ts";
import { byteSize } from "../../ir/dtype.ts";
import type { LoopBlock } from "../../ir/kernel.ts";
import { type Choice, domainOf } from "../../ir/plan.ts";
import { add, constantOf, floorDiv, int, type Poly } from "../../ir/poly.ts";
import { cpu } from "../../targets/cpu.ts";
import type { KernelDraft } from "./build.ts";
import { strideIn, trialOf } from "./merge.ts";

export type NestedLoop = {
  readonly variable: number;
  readonly size: Poly;
  readonly block?: LoopBlock;
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
  const hint = (axis: number): number => upperBound(domain[axis], k.bounds) ?? 1024;
  const { values } = trialOf(k, choice);
  const { fewest, jump, reach } = cpu.block;
  const inner = axes[axes.length - 1];
  if (axes.length < 2 || hint(inner) < fewest) return undefined;
  for (const { op, dtype } of values) {
    if (op.kind !== "load" && op.kind !== "guarded") continue;
    const step = strideIn(op.at, inner);
    if (step === undefined || step.key === "0") continue;
    const bytes = Math.abs(constantOf(step) ?? jump) * byteSize(op.kind === "load" ? dtype : op.stored);
    const found = axes.findIndex((a) => a !== inner && strideIn(op.at, a)?.key === "1");
    if (bytes < jump || found < 0 || hint(axes[found]) < fewest) continue;
    // What is read between two uses of a line: where that is little, the line is still there.
    const between = axes.slice(found + 1).reduce((n, a) => n * hint(a), 1);
    if (between >= reach) return found;
  }
  return undefined;
}
