/** The call that a command was asked for: its entry, dims and inputs, held against the program before it is compiled. */
import { CompileError, diagnostic } from "../src/diagnostics.ts";
import type { LEntry, Program } from "../src/ir/llir.ts";
import type { EntrySpec, TypedArray } from "../src/loader/native.ts";
import { modelSpec } from "../src/loader/spec.ts";
import type { NpyArray } from "../src/npy.ts";
import { dimValues } from "./dims.ts";
import { pairs } from "./model.ts";
import { asInput, loadNpy } from "./tensors.ts";

export type CallArguments = {
  readonly entry?: string;
  readonly input?: readonly string[];
  readonly dim?: readonly string[];
};

export type Call = {
  readonly entry: EntrySpec;
  readonly dims: Record<string, number>;
  readonly inputs: { readonly [name: string]: TypedArray };
};

/** Throws a CompileError where an input is missing or doesn't fit, or a dim has no value or one out of its range. */
export function callOf(program: Program, args: CallArguments): Call {
  const entry = pickEntry(program, args.entry);
  const given = readInputs(entry, pairs("input", args.input));
  const shapes = new Map([...given].map(([name, a]) => [name, a.shape]));
  const lows = new Map(program.dims.map((d) => [d.name, d.low]));
  const dims = dimValues(entry, statedDims(entry, args.dim), shapes, lows);
  const spec = modelSpec(program).entries.find((e) => e.name === entry.name)!;
  checkRanges(spec, dims);
  checkShapes(spec, dims, given);
  const inputs = Object.fromEntries(spec.inputs.map((t) => [t.name, asInput(t, given.get(t.name)!)]));
  return { entry: spec, dims, inputs };
}

export function pickEntry(program: Program, name: string | undefined): LEntry {
  const found = name === undefined ? program.entries[0] : program.entries.find((e) => e.name === name);
  if (found !== undefined) return found;
  const known = program.entries.map((e) => e.name).join(", ");
  throw new CompileError([
    diagnostic("LUM6004", undefined, { call: program.name, name: `entry ${name}`, known }),
  ]);
}

export function statedDims(entry: LEntry, given: readonly string[] | undefined): Map<string, number> {
  return new Map(
    [...pairs("dim", given)].map(([name, text]) => {
      if (!entry.dims.includes(name)) {
        const known = entry.dims.join(", ") || "none";
        throw new CompileError([
          diagnostic("LUM6004", undefined, { call: entry.name, name: `dim ${name}`, known }),
        ]);
      }
      const value = Number(text);
      if (!Number.isSafeInteger(value) || text.trim() === "")
        throw new CompileError([
          diagnostic("LUM5104", undefined, { option: "dim", text: `${name}=${text}`, form: "name=integer" }),
        ]);
      return [name, value];
    }),
  );
}

function readInputs(entry: LEntry, files: ReadonlyMap<string, string>): Map<string, NpyArray> {
  const known = entry.inputs.map((i) => i.name);
  for (const name of files.keys())
    if (!known.includes(name))
      throw new CompileError([diagnostic("LUM6201", undefined, { name, known: known.join(", ") || "none" })]);
  return new Map(
    entry.inputs.map((i) => {
      const path = files.get(i.name);
      if (path === undefined) throw new CompileError([diagnostic("LUM6202", undefined, { name: i.name })]);
      return [i.name, loadNpy(path)];
    }),
  );
}

export function checkRanges(entry: EntrySpec, dims: Readonly<Record<string, number>>): void {
  for (const d of entry.dims) {
    const [value, low, high] = [dims[d.name], d.low(dims), d.high(dims)];
    if (value >= low && value <= high) continue;
    const ends = `${low}..${high}`;
    const range = `${d.range}${ends === d.range ? "" : `, here ${ends}`}`;
    throw new CompileError([
      diagnostic("LUM6002", undefined, { call: entry.name, dim: d.name, value: String(value), range }),
    ]);
  }
}

function checkShapes(
  entry: EntrySpec,
  dims: Readonly<Record<string, number>>,
  given: ReadonlyMap<string, NpyArray>,
): void {
  for (const t of entry.inputs) {
    const [found, expected] = [given.get(t.name)!.shape, t.shape(dims)].map((s) => `[${s.join(", ")}]`);
    if (found !== expected)
      throw new CompileError([diagnostic("LUM6203", undefined, { name: t.name, found, expected })]);
  }
}
