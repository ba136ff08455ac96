/** Evaluates the nodes of an entry or of one iteration of a loop, in order. */
import { bodyNodes, type Loop, type Node } from "../../ir/hlir.ts";
import { roundFloat } from "../float-formats.ts";
import { elementCount } from "../tensor.ts";
import { type Frame, heldValue, shapeIn } from "./frame.ts";
import { sizeIn } from "./index-function.ts";
import { reduce } from "./reduce.ts";
import { pieceSize, streamOf } from "./stream.ts";
import { cumulate, topk, update } from "./whole.ts";

/** Values from outside of the graph. */
export type Leaves = {
  readonly input: (n: Node, name: string, shape: readonly number[]) => Float64Array;
  readonly weight: (n: Node, name: string, shape: readonly number[], frame: Frame) => Float64Array;
  readonly state: (n: Node, name: string, shape: readonly number[]) => Float64Array;
};

export function runRegion(nodes: readonly Node[], frame: Frame, leaves: Leaves): void {
  for (const n of nodes) {
    if (n.op.kind === "loop") runLoop(n, n.op.loop, frame, leaves);
    else if (n.op.kind !== "param" && frame.choice.isStored(n))
      frame.values.set(n, compute(n, frame, leaves));
  }
}

function runLoop(n: Node, loop: Loop, frame: Frame, leaves: Leaves): void {
  const [low, high] = [sizeIn(loop.low, frame.sizes), sizeIn(loop.high, frame.sizes)];
  let carried = n.inputs.map((x) => heldValue(x, frame));
  for (let i = low; i < high; i++) {
    const iteration: Frame = {
      ...frame,
      sizes: new Map(frame.sizes).set(loop.variable, i),
      values: new Map(loop.params.map((p, k) => [p, carried[k]])),
      carried: new Map(),
      outer: frame,
    };
    runRegion(bodyNodes(loop), iteration, leaves);
    carried = loop.results.map((r) => heldValue(r, iteration));
  }
  frame.carried.set(n, carried);
}

function compute(n: Node, frame: Frame, leaves: Leaves): Float64Array {
  const { op } = n;
  switch (op.kind) {
    case "input":
      return leaves.input(n, op.name, shapeIn(n, frame));
    case "weight":
      return leaves.weight(n, op.name, shapeIn(n, frame), frame);
    case "state":
      return leaves.state(n, op.name, shapeIn(n, frame));
    case "constant":
      return Float64Array.of(roundFloat(op.value, n.dtype));
    case "data":
      return Float64Array.from(op.values, (x) => roundFloat(x, n.dtype));
    case "reduce":
      return reduce(n, op, frame);
    case "topk":
      return topk(n, frame);
    case "cumulate":
      return cumulate(n, op, frame);
    case "update":
      return update(n, op, frame);
    case "result":
      return frame.carried.get(n.inputs[0])![op.index];
    case "custom":
      return heldValue(n.inputs[n.inputs.length - 1], frame);
    default:
      return collect(n, frame);
  }
}

function collect(n: Node, frame: Frame): Float64Array {
  const total = elementCount(shapeIn(n, frame));
  const result = new Float64Array(total);
  const stream = streamOf(n, frame);
  for (let start = 0; start < total; start += pieceSize) {
    const count = Math.min(pieceSize, total - start);
    result.set(stream(start, count), start);
  }
  return result;
}
