/** What the evaluation of a region (an entry, or one iteration of a loop) has at hand. */
import type { Diagnostic } from "../../diagnostics.ts";
import type { Node } from "../../ir/hlir.ts";
import { type Sizes, sizeIn } from "./index-function.ts";
import type { Choice } from "./stored.ts";

export type Frame = {
  readonly sizes: Sizes;
  readonly values: Map<Node, Float64Array>;
  /** Carried values of the loops that have run in it, after their last iteration. */
  readonly carried: Map<Node, readonly Float64Array[]>;
  /** The region around it. */
  readonly outer: Frame | undefined;
  readonly choice: Choice;
  /** An index out of range: the diagnostic to throw. */
  readonly outOfRange: (n: Node, index: number, size: number) => Diagnostic;
};

export const shapeIn = (n: Node, frame: Frame): number[] => n.shape.map((p) => sizeIn(p, frame.sizes));

/** The value of a stored node, in this region or around it. */
export function findValue(n: Node, frame: Frame): Float64Array | undefined {
  for (let f: Frame | undefined = frame; f !== undefined; f = f.outer) {
    const value = f.values.get(n);
    if (value !== undefined) return value;
  }
  return undefined;
}

export function heldValue(n: Node, frame: Frame): Float64Array {
  const value = findValue(n, frame);
  if (value === undefined) throw new Error(`the value of a ${n.op.kind} is not there yet`);
  return value;
}
