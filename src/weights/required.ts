/** The tensors of a checkpoint that a model needs: one per iteration of the loops around a declaration. */
import { valueAt } from "../ir/bounds.ts";
import type { Hlir, Weight } from "../ir/hlir.ts";
import { constantOf } from "../ir/poly.ts";
import type { RequiredTensor } from "./match.ts";

export function requiredTensors(h: Hlir): RequiredTensor[] {
  return h.weights.flatMap((w) =>
    iterations(h, w.loops).map((values) => ({
      name: nameAt(w, values),
      shape: w.shape.map((p) => constantOf(p) ?? 0),
      dtype: w.dtype as RequiredTensor["dtype"],
      span: w.span,
      acceptsConversion: true,
    })),
  );
}

const nameAt = (w: Weight, values: ReadonlyMap<string, number>): string =>
  w.source.map((part) => (typeof part === "string" ? part : valueAt(part, values))).join("");

/** Every combination of values of the loop variables. */
function iterations(h: Hlir, loops: readonly string[]): Map<string, number>[] {
  return loops.reduce<Map<string, number>[]>(
    (sofar, name) => {
      const range = h.bounds.loops.get(name)!;
      const [low, high] = [constantOf(range.low)!, constantOf(range.high)!];
      const values = Array.from({ length: high - low + 1 }, (_, i) => low + i);
      return sofar.flatMap((before) => values.map((v) => new Map([...before, [name, v]])));
    },
    [new Map()],
  );
}
