/** The numerical self-check: a compiled model against the reference interpreter, on equal arguments. */

import { CompileError } from "./diagnostics.ts";
import { generator } from "./generate/sampler.ts";
import { isFloat } from "./ir/dtype.ts";
import type { Entry, Hlir, Node } from "./ir/hlir.ts";
import { bodyNodes, reachable, rootsOf } from "./ir/hlir.ts";
import { constantOf } from "./ir/poly.ts";
import { isNarrowFloat } from "./lower/float-formats.ts";
import { initialStates, interpret, type WeightSource, weightsByName } from "./lower/interpret.ts";
import { conversion, elementCount, fromBytes, type Tensor } from "./lower/tensor.ts";
import { openCheckpoint } from "./weights/checkpoint.ts";
import { matchWeights } from "./weights/match.ts";
import { requiredTensors } from "./weights/required.ts";
import { readTensorBytes } from "./weights/tensor-data.ts";

/**
 * Whether something on the way is rounded to less than f32. Where sums are taken in another order, such a rounding may
 * go the other way, and an output of f32 differs by as much.
 */
export function roundsBelowF32(entry: Entry): boolean {
  const inside = (roots: readonly Node[]): boolean =>
    reachable(roots).some(
      (n) =>
        (n.op.kind === "cast" && isNarrowFloat(n.dtype)) ||
        (n.op.kind === "loop" && inside(bodyNodes(n.op.loop))),
    );
  return inside(rootsOf(entry));
}

/** Indices that an input's values must stay below, since they select rows of a tensor: tokens below the vocabulary. */
export function indexLimits(entry: Entry): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  const visit = (roots: readonly Node[]): void => {
    for (const n of reachable(roots)) {
      if (n.op.kind === "loop") visit(n.op.loop.results);
      if (n.op.kind !== "gather") continue;
      n.op.map.forEach((c, axis) => {
        const name = "operand" in c ? inputBehind(n.inputs[1 + c.operand]) : undefined;
        const size = constantOf(n.inputs[0].shape[axis]);
        if (name !== undefined && size !== undefined)
          limits.set(name, Math.min(size, limits.get(name) ?? size));
      });
    }
  };
  visit(rootsOf(entry));
  return limits;
}

function inputBehind(n: Node): string | undefined {
  if (n.op.kind === "input") return n.op.name;
  return n.op.kind === "view" || n.op.kind === "cast" ? inputBehind(n.inputs[0]) : undefined;
}

/** Values from -1 to 1, or indices below the input's limit; the same for equal seeds. */
export function randomInput(
  dtype: Tensor["dtype"],
  shape: readonly number[],
  limit: number | undefined,
  seed: number,
): Tensor {
  const next = generator(seed);
  const round = conversion("f64", dtype);
  const value = isFloat(dtype)
    ? () => round(2 * next() - 1)
    : dtype === "bool"
      ? () => Math.floor(2 * next())
      : () => Math.floor((limit ?? 2) * next());
  return { dtype, shape, data: Float64Array.from({ length: elementCount(shape) }, value) };
}

/** The checkpoint's tensors as the model declares them; prefixes and conversions as at load. */
export function weightSource(h: Hlir, location: string): WeightSource {
  const checkpoint = openCheckpoint(location);
  if (!checkpoint.ok) throw new CompileError([checkpoint.problem]);
  const { found, problems } = matchWeights(requiredTensors(h), checkpoint.value);
  if (problems.length > 0) throw new CompileError(problems);
  const byName = weightsByName(h, (name) => {
    const entry = found.get(name);
    if (entry === undefined) throw new Error(`no tensor ${name}`);
    const bytes = readTensorBytes(entry);
    if (!bytes.ok) throw new CompileError([bytes.problem]);
    return fromBytes(entry.dtype as Tensor["dtype"], entry.shape, bytes.value);
  });
  const declared = new Map(h.weights.map((w) => [w.name, w.dtype]));
  return (name, loops) => {
    const stored = byName(name, loops);
    const dtype = declared.get(name) ?? stored.dtype;
    return dtype === stored.dtype
      ? stored
      : { ...stored, dtype, data: stored.data.map(conversion(stored.dtype, dtype)) };
  };
}

export type Reference = (
  inputs: Readonly<Record<string, Tensor>>,
  dims: Readonly<Record<string, number>>,
) => Readonly<Record<string, Tensor>>;

/** Calls the interpreter; states go from one call to the next. */
export function createReference(h: Hlir, entry: string, weights: WeightSource | undefined): Reference {
  const states = initialStates(h);
  return (inputs, dims) => interpret(h, entry, { inputs, dims, weights, states }).outputs;
}

export type Comparison = { readonly maxAbsolute: number; readonly maxRelative: number };

/** Errors against the largest expected value; equal infinities agree. */
export function compareValues(actual: ArrayLike<number>, expected: ArrayLike<number>): Comparison {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) {
      if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]));
      continue;
    }
    const error = Math.abs(actual[i] - expected[i]);
    worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
    if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]));
  }
  return { maxAbsolute: worst, maxRelative: worst === 0 ? 0 : worst / Math.max(largest, Number.MIN_VALUE) };
}
