/**
 * The project as a typed document: everything that the templates print is decided here and in the files
 * beside this one, as text. Templates only loop and branch.
 */

import { placeOf } from "../diagnostics.ts";
import { upperBound } from "../ir/bounds.ts";
import { byteSize, type DType, isFloat } from "../ir/dtype.ts";
import type { Shape } from "../ir/hlir.ts";
import type { Program } from "../ir/llir.ts";
import { multiply, one } from "../ir/poly.ts";
import { abiType, arrayType, bytesText, cppType, shapeText, tensorText } from "./cpp.ts";
import { modelId, Names, pascalCase } from "./names.ts";
import { type EntryView, viewEntry } from "./view-entry.ts";
import { type KernelView, takes, viewKernels } from "./view-kernels.ts";
import { viewWeights, type WeightsView } from "./view-weights.ts";

export type ModelView = {
  /** `Llama` */
  readonly title: string;
  /** `llama`: prefix of the C interface, name of library and program. */
  readonly id: string;
  /** `LLAMA` */
  readonly macro: string;
  readonly source: string;
};

export type TensorView = {
  /** As written. */
  readonly name: string;
  readonly dtype: DType;
  /** `f32[s, 64]` */
  readonly text: string;
  /** `[s, 64]` */
  readonly shape: string;
  readonly rank: number;
  readonly elementBytes: number;
  /** Bytes at the largest values of the dims. */
  readonly bytes: number;
  readonly size: string;
  /** Element types: in the project, in the C interface, in TypeScript. */
  readonly cpp: string;
  readonly abi: string;
  readonly array: string;
};

export type StateView = TensorView & {
  /** C identifier. */
  readonly id: string;
  readonly offset: number;
  /** The initial value in C++. */
  readonly init: string;
  readonly isZero: boolean;
};

export type MemoryView = {
  readonly arenaBytes: number;
  readonly stateBytes: number;
  readonly tapBytes: number;
  readonly weightBytes: number;
  readonly usesWorkspace: boolean;
  readonly checksIndices: boolean;
  readonly arena: string;
  readonly state: string;
  readonly weights: string;
};

export type ProjectView = {
  readonly model: ModelView;
  readonly entries: readonly EntryView[];
  readonly weights: WeightsView;
  readonly states: readonly StateView[];
  readonly kernels: readonly KernelView[];
  readonly memory: MemoryView;
  /** The most dims that an entry has, at least 1. */
  readonly mostDims: number;
  /** Whether sizes are divided that may be negative. */
  readonly usesFloor: boolean;
};

export function elementsAtMost(shape: Shape, program: Program): number {
  const elements = upperBound(multiply(one, ...shape), program.bounds);
  if (elements === undefined) throw new Error(`${shapeText(shape)} is not bounded`);
  return elements;
}

export function viewTensor(t: { name: string; dtype: DType; shape: Shape }, program: Program): TensorView {
  const bytes = elementsAtMost(t.shape, program) * byteSize(t.dtype);
  return {
    name: t.name,
    dtype: t.dtype,
    text: tensorText(t),
    shape: shapeText(t.shape),
    rank: t.shape.length,
    elementBytes: byteSize(t.dtype),
    bytes,
    size: bytesText(bytes),
    cpp: cppType(t.dtype),
    abi: abiType(t.dtype),
    array: arrayType(t.dtype),
  };
}

/** Offsets are multiples of this, a cache line and the widest vector. */
export const alignment = 64;

export const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

function viewStates(program: Program): StateView[] {
  const names = new Names();
  let offset = 0;
  return program.states.map((s) => {
    const tensor = viewTensor(s, program);
    const at = offset;
    offset += aligned(tensor.bytes);
    return {
      ...tensor,
      id: names.give(s.name, s.name),
      offset: at,
      init: literal(s.init, s.dtype),
      isZero: Object.is(s.init, 0),
    };
  });
}

/** A number as a C++ expression of an element type. */
function literal(value: number, t: DType): string {
  if (t === "bool") return value === 0 ? "false" : "true";
  if (!isFloat(t)) return String(value);
  const text = floatText(value);
  return t === "f64" || t === "f32"
    ? `static_cast<${cppType(t)}>(${text})`
    : `lum::from_float<${cppType(t)}>(${text})`;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "std::numeric_limits<float>::quiet_NaN()";
  if (!Number.isFinite(value)) return `${value < 0 ? "-" : ""}std::numeric_limits<float>::infinity()`;
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

export function viewProject(program: Program, extension?: string): ProjectView {
  const id = modelId(program.name);
  const weights = viewWeights(program, { statesDType: extension === "cu" });
  const kernels = viewKernels(program, extension);
  const states = viewStates(program);
  let tapOffset = 0;
  const placeTap = (bytes: number): number => {
    const at = tapOffset;
    tapOffset += aligned(bytes);
    return at;
  };
  const entries = program.entries.map((e) =>
    viewEntry(e, { program, id, weights, states, kernels, placeTap }),
  );
  const stateBytes = states.reduce((sum, s) => sum + aligned(s.bytes), 0);
  return {
    model: { title: pascalCase(program.name), id, macro: id.toUpperCase(), source: sourceOf(program) },
    entries,
    weights,
    states,
    kernels,
    memory: {
      arenaBytes: program.arenaBytes,
      stateBytes,
      tapBytes: tapOffset,
      weightBytes: weights.bytes,
      usesWorkspace: takes(program, "workspace"),
      checksIndices: takes(program, "check"),
      arena: bytesText(program.arenaBytes),
      state: bytesText(stateBytes),
      weights: bytesText(weights.bytes),
    },
    mostDims: Math.max(1, ...entries.map((e) => e.dims.length)),
    usesFloor: JSON.stringify(entries).includes("lum::floor_"),
  };
}

/** The `.lum` file that most of it comes from, by name only: the project may be moved anywhere. */
function sourceOf(program: Program): string {
  const span = program.kernels[0]?.span ?? program.weights[0]?.span ?? program.states[0]?.span;
  return span === undefined ? program.name : (placeOf(span).split("/").at(-1)!.split(":")[0] ?? program.name);
}
