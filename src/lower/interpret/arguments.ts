/** Checks what a call is given against the entry's declarations. Every complaint is a LUM60xx diagnostic. */
import { type Diagnostic, diagnostic } from "../../diagnostics.ts";
import { highest, lowest, noBounds } from "../../ir/bounds.ts";
import {
  bodyNodes,
  type Coordinate,
  type Entry,
  type Hlir,
  isPoly,
  type Node,
  reachable,
  rootsOf,
} from "../../ir/hlir.ts";
import { atomsOf, evaluate, type Poly } from "../../ir/poly.ts";
import type { Tensor } from "../tensor.ts";

export type Inputs = Readonly<Record<string, Tensor>>;

/** Values of the dims: those given, and those that an input's shape tells. */
export function dimValues(
  h: Hlir,
  entry: Entry,
  given: Readonly<Record<string, number>>,
  inputs: Inputs,
  report: (d: Diagnostic) => void,
): Map<string, number> {
  const call = entry.name;
  const known = h.dims.map((d) => d.name).join(", ");
  for (const name of Object.keys(given))
    if (!h.dims.some((d) => d.name === name))
      report(diagnostic("LUM6004", entry.span, { call, name: `dim ${name}`, known }));
  const values = new Map<string, number>();
  const needed = dimsOf(entry);
  const bounds = { ...noBounds, dims: new Map(h.dims.map((d) => [d.name, d])) };
  for (const d of h.dims) {
    const value = given[d.name] ?? sizeFromInputs(d.name, entry, inputs);
    if (value === undefined) {
      if (needed.has(d.name)) report(diagnostic("LUM6010", d.span, { call, dim: d.name }));
      continue;
    }
    values.set(d.name, value);
    // `pos in 0..max_len - s` where the call has no s: it holds for some s.
    const low = valueIfKnown(d.low, values) ?? lowest(d.low, bounds) ?? 0;
    const high = valueIfKnown(d.high, values) ?? highest(d.high, bounds) ?? Number.MAX_SAFE_INTEGER;
    if (Number.isSafeInteger(value) && value >= low && value <= high) continue;
    const [written, means] = [`${d.low.key}..${d.high.key}`, `${low}..${high}`];
    const range = written === means ? means : `${means} (${written})`;
    report(diagnostic("LUM6002", d.span, { call, dim: d.name, value: String(value), range }));
  }
  return values;
}

function sizeFromInputs(dim: string, entry: Entry, inputs: Inputs): number | undefined {
  for (const input of entry.inputs)
    for (const [i, p] of input.shape.entries()) {
      const size = inputs[input.name]?.shape[i];
      if (p.key === dim && size !== undefined) return size;
    }
  return undefined;
}

function valueIfKnown(p: Poly, values: ReadonlyMap<string, number>): number | undefined {
  const missing = atomsOf(p).some((a) => a.kind === "dim" && !values.has(a.name));
  return missing ? undefined : evaluate(p, (a) => (a.kind === "dim" ? values.get(a.name)! : Number.NaN));
}

/** The dims that the value of an entry depends on. */
function dimsOf(entry: Entry): Set<string> {
  const found = new Set<string>();
  const add = (p: Poly) => {
    for (const a of atomsOf(p)) if (a.kind === "dim") found.add(a.name);
  };
  const visit = (nodes: readonly Node[]): void => {
    for (const n of nodes) {
      for (const p of [...n.shape, ...polynomialsOf(n)]) add(p);
      if (n.op.kind === "loop") visit(bodyNodes(n.op.loop));
    }
  };
  visit(reachable(rootsOf(entry)));
  for (const input of entry.inputs) input.shape.forEach(add);
  return found;
}

function polynomialsOf(n: Node): Poly[] {
  const { op } = n;
  if (op.kind === "iota") return [op.value];
  if (op.kind === "loop") return [op.loop.low, op.loop.high];
  if (op.kind === "view" || op.kind === "gather" || op.kind === "update")
    return (op.map as readonly Coordinate[]).filter(isPoly);
  return [];
}

const typeOf = (dtype: string, shape: readonly number[]): string => `${dtype}[${shape.join(", ")}]`;

/** The tensor, if it has the dtype and the shape that are wanted and as many elements as its shape takes. */
export function checked(
  call: string,
  name: string,
  found: Tensor,
  dtype: string,
  shape: readonly number[],
): Diagnostic | undefined {
  const [is, expected] = [typeOf(found.dtype, found.shape), typeOf(dtype, shape)];
  if (is !== expected) return diagnostic("LUM6003", undefined, { call, name, found: is, expected });
  const count = shape.reduce((a, b) => a * b, 1);
  if (found.data.length === count) return undefined;
  const elements = `${found.data.length} elements`;
  return diagnostic("LUM6003", undefined, { call, name, found: elements, expected: `${count} elements` });
}

export function checkInputs(
  entry: Entry,
  inputs: Inputs,
  shapeOf: (shape: readonly Poly[]) => readonly number[] | undefined,
  report: (d: Diagnostic) => void,
): void {
  const call = entry.name;
  const known = entry.inputs.map((x) => x.name).join(", ");
  for (const name of Object.keys(inputs))
    if (!entry.inputs.some((x) => x.name === name))
      report(diagnostic("LUM6004", entry.span, { call, name: `input ${name}`, known }));
  for (const input of entry.inputs) {
    const found = inputs[input.name];
    const type = `${input.dtype}[${input.shape.map((p) => p.key).join(", ")}]`;
    if (found === undefined) {
      report(diagnostic("LUM6009", input.span, { call, name: input.name, type }));
      continue;
    }
    const shape = shapeOf(input.shape);
    const problem = shape && checked(call, `input ${input.name}`, found, input.dtype, shape);
    if (problem !== undefined) report({ ...problem, span: input.span });
  }
}
