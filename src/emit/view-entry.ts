/** One entry: its arguments, its place in memory, and its forward pass as lines of C++. */
import { type Bounds, highest, lowest, type Range } from "../ir/bounds.ts";
import { type Bucket, bucketSuffix } from "../ir/bucket.ts";
import type { DType } from "../ir/dtype.ts";
import type { Dim, Shape } from "../ir/hlir.ts";
import { type LEntry, type Program, type Routine, routinesOf } from "../ir/llir.ts";
import { atomsOf, int, type Poly, printPoly } from "../ir/poly.ts";
import { abiType, cppSpelling, cppType, expression, tsSpelling } from "./cpp.ts";
import { Names } from "./names.ts";
import { type StateView, type TensorView, viewTensor } from "./view.ts";
import type { KernelView } from "./view-kernels.ts";
import { type Body, writeSteps } from "./view-steps.ts";
import type { WeightsView } from "./view-weights.ts";

export type DimView = {
  /** As written. */
  readonly name: string;
  /** C identifier. */
  readonly id: string;
  /** `0..max_len - s`, both ends inclusive. */
  readonly range: string;
  /** C++ over the dims before it, as locals and as `dims[i]`. */
  readonly low: string;
  readonly high: string;
  readonly lowFromArray: string;
  readonly highFromArray: string;
  /** Whether the ends mention other dims. */
  readonly depends: boolean;
  /** TypeScript over `d.<dim>`. */
  readonly tsLow: string;
  readonly tsHigh: string;
};

export type ArgumentView = TensorView & {
  /** C identifier. */
  readonly id: string;
  /** Statements that fill `shape[]` from `dims[]`. */
  readonly sizes: readonly string[];
  /** TypeScript over `d.<dim>`: `[d.s, 64]`. */
  readonly tsShape: string;
  readonly usesDims: boolean;
};

export type TapView = ArgumentView & { readonly offset: number };

export type TemporaryView = TensorView & { readonly id: string; readonly offset: number };

export type EntryView = {
  /** As written, `forward`. */
  readonly name: string;
  /** `llama_forward` */
  readonly function: string;
  /** `run_forward`, inside the project. */
  readonly inner: string;
  /** Prefix of its tables. */
  readonly id: string;
  readonly dims: readonly DimView[];
  readonly inputs: readonly ArgumentView[];
  readonly outputs: readonly ArgumentView[];
  readonly taps: readonly TapView[];
  /** Those for buckets first, then the general one, which calls them. */
  readonly routines: readonly RoutineView[];
  /** Parameters in the C interface, after the model. */
  readonly abiParameters: readonly string[];
  readonly innerParameters: string;
  readonly innerArguments: string;
  /** `{"s", s}, {"pos", pos}` */
  readonly namedDims: string;
  /** Arguments of its function taken from the arrays of the generic one. */
  readonly genericArguments: string;
  /** Its tables' names, `nullptr` for an empty one. */
  readonly tables: { readonly [K in "dims" | "inputs" | "outputs" | "taps"]: string };
};

/** A forward pass: the general one, or that of a bucket. */
export type RoutineView = {
  /** `run_forward`, `run_forward_s1` */
  readonly inner: string;
  readonly parameters: string;
  /** `s = 1`; undefined for the general one. */
  readonly when: string | undefined;
  readonly temporaries: readonly TemporaryView[];
  readonly taps: readonly TapView[];
  readonly usesWeights: boolean;
  readonly usesArena: boolean;
  /** Dims, inputs and outputs that its lines name, by their names in the model. */
  readonly mentions: { readonly dims: readonly string[]; readonly places: ReadonlySet<string> };
  /** Lines that hand calls in buckets over to their routines. */
  readonly dispatch: readonly string[];
  readonly lines: readonly string[];
};

type Context = {
  readonly program: Program;
  readonly id: string;
  readonly weights: WeightsView;
  readonly states: readonly StateView[];
  readonly kernels: readonly KernelView[];
  readonly placeTap: (bytes: number) => number;
};

/** Functions and types of the C interface that an entry's function may not be named like. */
const interfaceNames =
  "create destroy error run entry entries find_entry read_state write_state reset_state read_tap timings reset_timings options model tensor dim timing api h";

export function viewEntry(entry: LEntry, context: Context): EntryView {
  const { program } = context;
  const functions = new Names(interfaceNames.split(" ").map((name) => `${context.id}_${name}`));
  const dims = argumentDims(entry, program);
  const names = argumentNames(entry, dims, program);

  const spellDims = cppSpelling((a) => names.of(`${a.kind} ${a.name}`));
  const spellArray = cppSpelling((a) => `dims[${dims.findIndex((d) => d.name === a.name)}]`);
  const spellTs = tsSpelling((a) => `d.${a.name}`);

  const argument = (t: { name: string; dtype: DType; shape: Shape }, id: string): ArgumentView => ({
    ...viewTensor(t, program),
    id,
    sizes: t.shape.map((p, i) => `shape[${i}] = ${expression(p, program.bounds, spellArray)};`),
    tsShape: `[${t.shape.map((p) => expression(p, program.bounds, spellTs)).join(", ")}]`,
    usesDims: t.shape.some((p) => atomsOf(p).length > 0),
  });
  const inputs = entry.inputs.map((t) => argument(t, names.of(`input ${t.name}`)));
  const outputs = entry.outputs.map((t) => argument(t, names.of(`output ${t.name}`)));
  const taps = entry.taps.map((t) => {
    const view = argument(t, names.of(`tap ${t.name}`));
    return { ...view, offset: context.placeTap(view.bytes) };
  });

  const [general, ...variants] = routinesOf(entry, program).map((r) => writeRoutine(entry, r, context));
  const used = (r: Written) => ({
    dims: dims.filter((d) => r.body.dims.has(d.name)),
    inputs: inputs.filter((t) => r.body.places.has(`input ${t.name}`)),
    outputs: outputs.filter((t) => r.body.places.has(`output ${t.name}`)),
    taps: taps.filter((t) => r.body.places.has(`tap ${t.name}`)),
  });
  const parameters = (u: Pick<ReturnType<typeof used>, "dims" | "inputs" | "outputs">) => [
    ...u.dims.map((d) => ({ type: "int64_t ", id: names.of(`dim ${d.name}`), cast: undefined })),
    ...u.inputs.map((t) => ({ type: `const ${t.cpp}* `, id: t.id, cast: castTo(t, "const ") })),
    ...u.outputs.map((t) => ({ type: `${t.cpp}* `, id: t.id, cast: castTo(t, "") })),
  ];
  const inner = `run_${entry.name}`;
  const variantViews = variants.map((r) => {
    const u = used(r);
    const bucket = r.routine.bucket!;
    const p = parameters(u);
    const id = `${inner}_${bucketSuffix(bucket)}`;
    const condition = conditionOf(bucket, dims, (d) => names.of(`dim ${d}`));
    const dispatch = `if (${condition}) return ${id}(model${p.map((x) => `, ${x.id}`).join("")});`;
    return { r, u, dispatch, view: routineView(r, id, p, u.taps, condition) };
  });
  const passed = [used(general), ...variantViews.map((v) => v.u)];
  const tested = new Set(variants.flatMap((r) => [...r.routine.bucket!.keys()]));
  const all = parameters({
    dims: dims.filter((d) => tested.has(d.name) || passed.some((u) => u.dims.includes(d))),
    inputs: inputs.filter((t) => passed.some((u) => u.inputs.includes(t))),
    outputs: outputs.filter((t) => passed.some((u) => u.outputs.includes(t))),
  });
  const usedTaps = used(general).taps;
  const main = routineView(general, inner, all, usedTaps, undefined);
  const table = (kind: string, of: readonly unknown[]): string =>
    of.length > 0 ? `${entry.name}_${kind}` : "nullptr";
  return {
    name: entry.name,
    function: functions.give(entry.name, `${context.id}_${entry.name}`),
    inner,
    id: entry.name,
    dims: dims.map((d) =>
      viewDim(d, { dims, program, id: names.of(`dim ${d.name}`), spellDims, spellArray, spellTs }),
    ),
    inputs,
    outputs,
    taps: usedTaps,
    routines: [
      ...variantViews.map((v) => v.view),
      { ...main, dispatch: variantViews.map((v) => v.dispatch) },
    ],
    abiParameters: [
      ...dims.map((d) => `int64_t ${names.of(`dim ${d.name}`)}`),
      ...inputs.map((t) => `const ${t.abi}* ${t.id}`),
      ...outputs.map((t) => `${t.abi}* ${t.id}`),
    ],
    innerParameters: main.parameters,
    innerArguments: all
      .map((p) => `, ${p.cast === undefined ? p.id : `reinterpret_cast<${p.cast}>(${p.id})`}`)
      .join(""),
    namedDims: dims.map((d) => `{"${d.name}", ${names.of(`dim ${d.name}`)}}`).join(", "),
    genericArguments: [
      "model",
      ...dims.map((_, i) => `dims[${i}]`),
      ...inputs.map((t, i) => `static_cast<const ${t.abi}*>(inputs[${i}])`),
      ...outputs.map((t, i) => `static_cast<${t.abi}*>(outputs[${i}])`),
    ].join(", "),
    tables: {
      dims: table("dims", dims),
      inputs: table("inputs", inputs),
      outputs: table("outputs", outputs),
      taps: table("taps", usedTaps),
    },
  };
}

/** The names of what a call is given, the same in all routines of an entry. */
function argumentNames(entry: LEntry, dims: readonly Dim[], program: Program): Names {
  const names = new Names(["model", "weights", "arena", "call", "code", "CALL", ...perLoopNames(program)]);
  for (const e of program.entries) names.give(`entry ${e.name}`, `run_${e.name}`);
  for (const d of dims) names.give(`dim ${d.name}`, d.name);
  for (const t of entry.inputs) names.give(`input ${t.name}`, t.name);
  for (const t of entry.outputs) names.give(`output ${t.name}`, t.name);
  for (const t of entry.taps) names.give(`tap ${t.name}`, `tap_${t.name}`);
  return names;
}

type Written = { readonly routine: Routine; readonly body: Body; readonly temporaries: TemporaryView[] };

function writeRoutine(entry: LEntry, routine: Routine, context: Context): Written {
  const program = { ...context.program, bounds: routine.bounds };
  const names = argumentNames(entry, argumentDims(entry, program), program);
  const spelling = cppSpelling((a) => names.give(`${a.kind} ${a.name}`, a.name));
  const text = (p: Poly): string => expression(p, program.bounds, spelling);
  const body = writeSteps(routine, { ...context, name: entry.name, names, text });
  const temporaries = routine.temporaries
    .filter((t) => body.places.has(`temporary ${t.name}`))
    .map((t) => ({ ...viewTensor(t, program), id: names.of(`temporary ${t.name}`), offset: t.offset }));
  return { routine, body, temporaries };
}

const routineView = (
  { body, temporaries }: Written,
  inner: string,
  parameters: readonly { type: string; id: string }[],
  taps: readonly TapView[],
  when: string | undefined,
): RoutineView => ({
  inner,
  parameters: parameters.map((p) => `, ${p.type}${p.id}`).join(""),
  when,
  temporaries,
  taps,
  usesWeights: body.usesWeights,
  usesArena: body.usesArena,
  mentions: { dims: [...body.dims], places: body.places },
  dispatch: [],
  lines: body.lines,
});

/** `s == 1`, `s >= 2 && s <= 16`, of the dims that are arguments. */
function conditionOf(bucket: Bucket, dims: readonly Dim[], id: (dim: string) => string): string {
  return [...bucket]
    .filter(([name]) => dims.some((d) => d.name === name))
    .map(([name, { low, high }]) =>
      low === high ? `${id(name)} == ${low}` : `${id(name)} >= ${low} && ${id(name)} <= ${high}`,
    )
    .join(" && ");
}

/** `per_l`, the names that the weights of an iteration go by. */
const perLoopNames = (program: Program): string[] =>
  program.weights.flatMap((w) => w.loops.map((l) => `per_${l.variable}`));

/** The type to cast to where C interface and project spell an element type differently. */
function castTo(t: TensorView, constness: string): string | undefined {
  return abiType(t.dtype) ===
    cppType(t.dtype)
      .replace(/^lum::i(\d+)$/, "int$1_t")
      .replace("lum::u8", "uint8_t")
    ? undefined
    : `${constness}${cppType(t.dtype)}*`;
}

/** The dims that are arguments, in declaration order. */
function argumentDims(entry: LEntry, program: Program): Dim[] {
  return program.dims.filter((d) => entry.dims.includes(d.name));
}

/**
 * The range of a dim among the arguments of an entry. A bound that speaks of a dim which is no argument holds for
 * some value of that dim: the widest is taken.
 */
export function argumentRange(d: Dim, args: readonly Dim[], bounds: Bounds): Range {
  const isKnown = (p: Poly): boolean =>
    atomsOf(p).every((a) => a.kind !== "dim" || args.some((other) => other.name === a.name));
  return {
    low: isKnown(d.low) ? d.low : int(lowest(d.low, bounds)!),
    high: isKnown(d.high) ? d.high : int(highest(d.high, bounds)!),
  };
}

function viewDim(
  d: Dim,
  c: {
    dims: readonly Dim[];
    program: Program;
    id: string;
    spellDims: Parameters<typeof expression>[2];
    spellArray: Parameters<typeof expression>[2];
    spellTs: Parameters<typeof expression>[2];
  },
): DimView {
  const { bounds } = c.program;
  const { low, high } = argumentRange(d, c.dims, bounds);
  return {
    name: d.name,
    id: c.id,
    range: `${printPoly(low)}..${printPoly(high)}`,
    low: expression(low, bounds, c.spellDims),
    high: expression(high, bounds, c.spellDims),
    lowFromArray: expression(low, bounds, c.spellArray),
    highFromArray: expression(high, bounds, c.spellArray),
    depends: atomsOf(low).length + atomsOf(high).length > 0,
    tsLow: expression(low, bounds, c.spellTs),
    tsHigh: expression(high, bounds, c.spellTs),
  };
}
