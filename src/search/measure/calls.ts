/** The kernel calls of a program at given sizes, each as what a timing depends on: its text, its sizes, its buffers. */
import { kernelSource } from "../../emit/kernels/source.ts";
import { sha256 } from "../../emit/object-cache.ts";
import { runtimeFiles } from "../../emit/runtime-files.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Shape } from "../../ir/hlir.ts";
import type { Kernel } from "../../ir/kernel.ts";
import { type Argument, type Place, type Program, routinesOf, type Step } from "../../ir/llir.ts";
import { evaluate, type Poly } from "../../ir/poly.ts";

export type CallBuffer = {
  readonly dtype: DType;
  readonly bytes: number;
  /** Different memory in turn: a weight is as cold as the model leaves it, other tensors were just written. */
  readonly copies: number;
  readonly mutable: boolean;
  /** Number of an earlier buffer of the call in the same place. */
  readonly same: number | undefined;
};

export type KernelCall = {
  /** Its name is of its text and what it includes: equal kernels of any model have one. */
  readonly kernel: Kernel;
  readonly source: string;
  readonly hash: string;
  readonly sizes: readonly number[];
  readonly buffers: readonly CallBuffer[];
  /** Text of sizes and buffers. */
  readonly form: string;
  /** Calls in one call of each entry. */
  readonly runs: number;
  /** The step of the program that it is. */
  readonly step?: Step;
};

/** Beyond the last cache of any machine that models are measured on: more copies make nothing colder. */
const coldBytes = 64 << 20;
const mostCopies = 256;

/** A kernel under a name made of its text. */
export type NamedKernel = Pick<KernelCall, "kernel" | "source" | "hash">;

/** `nameOf` writes kernels for another target than the CPU. */
export function callsOf(
  program: Program,
  dims: ReadonlyMap<string, number>,
  nameOf: (k: Kernel) => NamedKernel = namedByText,
): KernelCall[] {
  const named = new Map(program.kernels.map((k) => [k.name, nameOf(k)]));
  const slots = new Map(program.weights.map((w) => [w.name, w]));
  return program.entries.flatMap((entry) => {
    const routine = routinesOf(entry, program)[0];
    const found: KernelCall[] = [];
    const loops = new Map<string, number>();
    const at = (p: Poly): number =>
      evaluate(p, (a) => ("name" in a ? (dims.get(a.name) ?? loops.get(a.name) ?? 0) : 0));
    const bytesOf = (t: { shape: Shape; dtype: DType }): number =>
      t.shape.reduce((n, p) => n * Math.max(0, at(p)), byteSize(t.dtype));
    const turnsOf = (name: string): number =>
      slots.get(name)!.loops.reduce((n, l) => n * (l.high - l.low), 1);
    const placeBytes = (place: Place): number => {
      switch (place.kind) {
        case "scratch":
          return place.bytes;
        case "weight":
          return weightBytes(slots.get(place.name)!, at);
        case "temporary":
          return bytesOf(routine.temporaries.find((t) => t.name === place.name)!);
        default: {
          const lists = {
            input: entry.inputs,
            output: entry.outputs,
            tap: entry.taps,
            state: program.states,
          };
          return bytesOf(lists[place.kind].find((t) => t.name === place.name)!);
        }
      }
    };
    const weights = new Set(placesOf(routine.steps).flatMap((p) => (p.kind === "weight" ? [p.name] : [])));
    const allWeights = [...weights].reduce(
      (n, name) => n + turnsOf(name) * weightBytes(slots.get(name)!, at),
      0,
    );

    const bufferOf = (place: Place, dtype: DType, mutable: boolean, same: number | undefined): CallBuffer => {
      const bytes = Math.max(64, placeBytes(place));
      const wanted = place.kind === "weight" ? Math.ceil(Math.min(allWeights, coldBytes) / bytes) : 2;
      const copies = mutable ? 1 : Math.max(1, Math.min(mostCopies, wanted));
      return { dtype, bytes, copies, mutable, same };
    };
    const visit = (steps: readonly Step[], runs: number): void => {
      for (const s of steps) {
        if (s.kind === "loop") {
          const turns = Math.max(0, at(s.high) - at(s.low));
          loops.set(s.variable, at(s.low) + Math.floor(turns / 2));
          visit(s.steps, runs * turns);
          loops.delete(s.variable);
        } else if (runs > 0)
          found.push({ ...argumentsOf(named.get(s.kernel)!, s.args, at, bufferOf), runs, step: s });
      }
    };
    visit(routine.steps, 1);
    return found;
  });
}

function argumentsOf(
  named: NamedKernel,
  args: readonly Argument[],
  at: (p: Poly) => number,
  bufferOf: (place: Place, dtype: DType, mutable: boolean, same: number | undefined) => CallBuffer,
): Omit<KernelCall, "runs"> {
  const sizes: number[] = [];
  const buffers: CallBuffer[] = [];
  const places: string[] = [];
  let next = 0;
  for (const p of named.kernel.params) {
    if (p.kind !== "pointer" && p.kind !== "size") continue;
    const a = args[next++];
    if (a.kind === "size") sizes.push(at(a.value));
    else {
      const key = JSON.stringify(a.place);
      const before = places.indexOf(key);
      const [dtype, mutable] = p.kind === "pointer" ? [p.dtype, p.mutable] : ["u8" as const, true];
      buffers.push(bufferOf(a.place, dtype, mutable, before < 0 ? undefined : before));
      places.push(key);
    }
  }
  const form = [
    sizes.join(" "),
    ...buffers.map((b) => `${b.dtype}:${b.bytes}x${b.copies}${b.mutable ? "w" : ""}${b.same ?? ""}`),
  ].join(" ");
  return { ...named, sizes, buffers, form };
}

/**
 * The kernel under a name made of its text, without the comment that says where it comes from, and of the runtime's
 * headers that it includes.
 */
function namedByText(kernel: Kernel): NamedKernel {
  const bare = (name: string): string =>
    kernelSource({ ...kernel, name })
      .replace(/^(\/\/.*\n)*/, "")
      .replace(/[ \t]+\/\/ \[.*$/gm, "");
  const text = bare("measured");
  const hash = sha256([text, ...runtimeFiles(["cpu"], [text]).values()].join("\n"));
  const name = `k${sha256(text).slice(0, 16)}`;
  return { kernel: { ...kernel, name }, source: bare(name), hash };
}

function* stepPlaces(steps: readonly Step[]): Generator<Place> {
  for (const s of steps)
    if (s.kind === "loop") yield* stepPlaces(s.steps);
    else for (const a of s.args) if (a.kind === "place") yield a.place;
}

const placesOf = (steps: readonly Step[]): Place[] => [...stepPlaces(steps)];

/** Rows and columns that no panel is wider than. */
const panel = 64;

/** Bytes of one iteration's tensor in its layout, or a little more. */
function weightBytes(w: Program["weights"][number], at: (p: Poly) => number): number {
  const { layout } = w;
  if (layout.kind === "packed")
    return Math.ceil(at(layout.n) / panel) * panel * at(layout.k) * byteSize(w.dtype);
  if (layout.kind === "filters")
    return 16 * Math.ceil(layout.outputs / panel) * panel * layout.channels * byteSize("f32");
  return w.shape.reduce((n, p) => n * at(p), byteSize(w.dtype));
}
