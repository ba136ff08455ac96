/**
 * Kernels that several calls share are made for the sizes of the first of them. What a GPU's kernels have a fixed number
 * of, blocks, parts of a row and room for them, must do for all: their bounds become those of every call.
 */
import { type Bounds, highest, lowest } from "../../ir/bounds.ts";
import type { Kernel } from "../../ir/kernel.ts";
import { type Program, routinesOf, type Step } from "../../ir/llir.ts";
import { dim, int, loopVar } from "../../ir/poly.ts";

type Span = { readonly low: number; readonly high: number };
export type Call = Step & { readonly kind: "call" };

/** The kernels of the program with bounds that hold in all of its calls. */
export function withCallBounds(program: Program): Kernel[] {
  const kernels = new Map(program.kernels.map((k) => [k.name, k]));
  const spans = new Map<string, Map<string, Span>>();
  for (const entry of program.entries)
    for (const { bounds, steps } of routinesOf(entry, program))
      for (const call of callsIn(steps)) note(kernels.get(call.kernel)!, call, bounds, spans);
  return program.kernels.map((k) => ({ ...k, bounds: widened(k.bounds, spans.get(k.name) ?? new Map()) }));
}

export function* callsIn(steps: readonly Step[]): Generator<Call> {
  for (const s of steps)
    if (s.kind === "call") yield s;
    else yield* callsIn(s.steps);
}

function note(kernel: Kernel, call: Call, bounds: Bounds, spans: Map<string, Map<string, Span>>): void {
  const names = kernel.params.flatMap((p) => (p.kind === "size" ? [p.name] : []));
  const given = call.args.flatMap((a) => (a.kind === "size" ? [a.value] : []));
  const own = spans.get(kernel.name) ?? new Map<string, Span>();
  spans.set(kernel.name, own);
  for (const [i, name] of names.entries()) {
    const [low, high] = [lowest(given[i], bounds), highest(given[i], bounds)];
    if (low === undefined || high === undefined) continue;
    const before = own.get(name) ?? { low, high };
    own.set(name, { low: Math.min(low, before.low), high: Math.max(high, before.high) });
  }
}

/** As they are where they hold already: they may say how sizes are related. */
function widened(bounds: Bounds, spans: ReadonlyMap<string, Span>): Bounds {
  const [dims, loops] = [new Map(bounds.dims), new Map(bounds.loops)];
  for (const [name, { low, high }] of spans) {
    const isLoop = loops.has(name);
    const atom = isLoop ? loopVar(name) : dim(name);
    const [least, most] = [lowest(atom, bounds), highest(atom, bounds)];
    if (least !== undefined && most !== undefined && least <= low && high <= most) continue;
    const range = {
      low: int(Math.min(low, least ?? low)),
      high: int(Math.max(high, most ?? high)),
    };
    (isLoop ? loops : dims).set(name, range);
  }
  return { ...bounds, dims, loops };
}
