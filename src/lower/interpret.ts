/**
 * The reference interpreter: what an Hlir means. Slow and obvious. Floats are computed in f64 whatever their
 * type and rounded where a `cast` says so; integers wrap. Every target is compared with it.
 */
import { CompileError, Diagnostics, diagnostic } from "../diagnostics.ts";
import { type Entry, type Hlir, type Node, reachable, rootsOf, type State } from "../ir/hlir.ts";
import { spanText } from "../ir/source.ts";
import { checked, checkInputs, dimValues } from "./interpret/arguments.ts";
import { type Frame, heldValue, shapeIn } from "./interpret/frame.ts";
import { type Sizes, sizeIn } from "./interpret/index-function.ts";
import { type Leaves, runRegion } from "./interpret/region.ts";
import { chooseStored } from "./interpret/stored.ts";
import { filled, type Tensor } from "./tensor.ts";

/** Finds a weight; `loops` has the values of the loop variables that it is declared in. */
export type WeightSource = (name: string, loops: Readonly<Record<string, number>>) => Tensor;

export type Call = {
  /** Dims that are the size of an input's axis may be left out. */
  readonly dims?: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly weights?: WeightSource;
  /** By name, as `initialStates` makes them. A call replaces those that it writes. */
  readonly states?: Map<string, Tensor>;
};

export type Answer = {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly taps: Readonly<Record<string, Tensor>>;
};

/** States as they are at create. */
export function initialStates(h: Hlir): Map<string, Tensor> {
  const sizes: Sizes = new Map();
  const make = (s: State) =>
    filled(
      s.dtype,
      s.shape.map((p) => sizeIn(p, sizes)),
      s.init,
    );
  return new Map(h.states.map((s) => [s.name, make(s)]));
}

/**
 * Finds weights by their names in a checkpoint: `find` is asked for "model.layers.3.q_proj.weight" where the
 * declaration says "model.layers.{l}.q_proj.weight".
 */
export function weightsByName(h: Hlir, find: (checkpointName: string) => Tensor): WeightSource {
  const declared = new Map(h.weights.map((w) => [w.name, w]));
  return (name, loops) => {
    const sizes: Sizes = new Map(Object.entries(loops));
    const parts = declared.get(name)?.source ?? [name];
    return find(parts.map((p) => (typeof p === "string" ? p : sizeIn(p, sizes))).join(""));
  };
}

/**
 * Runs an entry. States that it writes are replaced in `call.states`, only if nothing failed.
 * Throws a CompileError with LUM60xx for arguments that do not fit and for an index from data out of range.
 */
export function interpret(h: Hlir, entryName: string, call: Call): Answer {
  const entry = h.entries.find((e) => e.name === entryName);
  if (entry === undefined) {
    const known = h.entries.map((e) => e.name).join(", ");
    throw new CompileError([
      diagnostic("LUM6004", undefined, { call: h.name, name: `entry ${entryName}`, known }),
    ]);
  }
  const sizes = acceptArguments(h, entry, call);
  const roots = rootsOf(entry);
  const choice = chooseStored(roots);
  const frame: Frame = {
    sizes,
    values: new Map(),
    carried: new Map(),
    outer: undefined,
    choice,
    outOfRange: (n, index, size) =>
      diagnostic("LUM6007", n.span, {
        call: entry.name,
        kernel: choice.definitionOf(n),
        read: spanText(n.span),
        index: String(index),
        last: String(size - 1),
      }),
  };
  runRegion(reachable(roots), frame, leavesOf(h, entry, call));
  return collectAnswer(entry, frame, call);
}

function acceptArguments(h: Hlir, entry: Entry, call: Call): Sizes {
  const problems = new Diagnostics();
  const report = problems.add.bind(problems);
  const sizes = dimValues(h, entry, call.dims ?? {}, call.inputs, report);
  const complete = !problems.hasErrors;
  checkInputs(
    entry,
    call.inputs,
    (shape) => (complete ? shape.map((p) => sizeIn(p, sizes)) : undefined),
    report,
  );
  problems.throwIfErrors();
  return sizes;
}

/** Inputs have been checked; weights and states are when they are asked for. */
function leavesOf(h: Hlir, entry: Entry, call: Call): Leaves {
  const accept = (
    name: string,
    n: Node,
    shape: readonly number[],
    found: Tensor | undefined,
  ): Float64Array => {
    const type = `${n.dtype}[${shape.join(", ")}]`;
    if (found === undefined)
      throw new CompileError([diagnostic("LUM6009", n.span, { call: entry.name, name, type })]);
    const problem = checked(entry.name, name, found, n.dtype, shape);
    if (problem !== undefined) throw new CompileError([problem]);
    return found.data;
  };
  const loopsOf = new Map(h.weights.map((w) => [w.name, w.loops]));
  return {
    input: (_, name) => call.inputs[name].data,
    weight(n, name, shape, frame) {
      const loops = (loopsOf.get(name) ?? []).map((l) => [l, frame.sizes.get(l) ?? 0]);
      return accept(`weight ${name}`, n, shape, call.weights?.(name, Object.fromEntries(loops)));
    },
    state: (n, name, shape) => accept(`state ${name}`, n, shape, call.states?.get(name)),
  };
}

function collectAnswer(entry: Entry, frame: Frame, call: Call): Answer {
  const tensorOf = (n: Node): Tensor => ({
    dtype: n.dtype,
    shape: shapeIn(n, frame),
    data: Float64Array.from(heldValue(n, frame)),
  });
  const byName = (values: Entry["outputs"]) =>
    Object.fromEntries(values.map((o) => [o.name, tensorOf(o.value)]));
  const answer = { outputs: byName(entry.outputs), taps: byName(entry.taps) };
  for (const { cell, value } of entry.states) call.states?.set(cell, tensorOf(value));
  return answer;
}
