/** The same description of a model that an emitted `index.ts` holds, made from the program at hand. */
import { shapeText } from "../emit/cpp.ts";
import { viewProject } from "../emit/view.ts";
import { argumentRange } from "../emit/view-entry.ts";
import { valueAt } from "../ir/bounds.ts";
import type { DType } from "../ir/dtype.ts";
import type { Shape } from "../ir/hlir.ts";
import type { Program } from "../ir/llir.ts";
import type { Poly } from "../ir/poly.ts";
import type { DimSpec, Dims, EntrySpec, ModelSpec, TensorSpec } from "./native.ts";

const at = (p: Poly, dims: Dims): number => valueAt(p, new Map(Object.entries(dims)));

const tensorSpec = (t: {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}): TensorSpec => ({
  name: t.name,
  dtype: t.dtype,
  text: shapeText(t.shape),
  shape: (dims) => t.shape.map((p) => at(p, dims)),
});

export function modelSpec(program: Program): ModelSpec {
  const view = viewProject(program);
  const dimSpec = (name: string, _: number, names: readonly string[]): DimSpec => {
    const d = program.dims.find((x) => x.name === name);
    if (d === undefined) throw new Error(`no dim ${name}`);
    const { low, high } = argumentRange(
      d,
      program.dims.filter((x) => names.includes(x.name)),
      program.bounds,
    );
    const range = `${low.key}..${high.key}`;
    return { name, range, low: (dims) => at(low, dims), high: (dims) => at(high, dims) };
  };
  const entries = program.entries.map(
    (e, i): EntrySpec => ({
      name: e.name,
      function: view.entries[i].function,
      dims: e.dims.map(dimSpec),
      inputs: e.inputs.map(tensorSpec),
      outputs: e.outputs.map(tensorSpec),
      taps: e.taps.map(tensorSpec),
    }),
  );
  return { name: program.name, prefix: view.model.id, entries, states: program.states.map(tensorSpec) };
}
