/** Plan → Llir: memory for every stored tensor, a kernel for every choice, equal kernels once. */
import { noBounds } from "../ir/bounds.ts";
import { type Bucket, bucketSuffix } from "../ir/bucket.ts";
import type { Hlir, Node } from "../ir/hlir.ts";
import type { Layout, LEntry, Program, Routine, Step, Variant, WeightSlot } from "../ir/llir.ts";
import {
  type BucketPlan,
  choicesOf,
  type EntryPlan,
  isGiven,
  type Plan,
  type Region,
  winogradTiles,
} from "../ir/plan.ts";
import { atomsOf, type Poly } from "../ir/poly.ts";
import type { Span } from "../ir/source.ts";
import type { Engine } from "../targets/engine.ts";
import { kernelsOfRegion } from "./merged.ts";
import { type Built, buildCopy, buildKernel, type Surroundings } from "./schedule/build.ts";
import { KernelTable } from "./schedule/kernel-table.ts";
import { planMemory } from "./schedule/memory.ts";
import { packedWeights } from "./schedule/packing.ts";
import { type Copy, type Storage, storageOf } from "./schedule/storage.ts";
import { filtersName } from "./schedule/winograd.ts";

export function schedule(plan: Plan, buckets: readonly BucketPlan[] = [], engine?: Engine): Program {
  const { hlir } = plan;
  const table = new KernelTable();
  const prepared = preparedEntries(plan, undefined, engine);
  const narrow = buckets.map((b) => preparedEntries(b.plan, b.bucket, engine));
  const layouts: ReadonlyMap<string, Layout> =
    engine?.panels === false ? new Map() : packedWeights([...prepared, ...narrow.flat()]);
  let arenaBytes = 0;
  const routine = (p: Prepared): Routine => {
    const { bytes, ...made } = scheduleRoutine(p, layouts, table);
    arenaBytes = Math.max(arenaBytes, bytes);
    return { ...made, bucket: p.bucket };
  };
  const general = prepared.map(routine);
  const entries = prepared.map(({ entry }, i) => {
    const dims = mentionedDims(entry, general[i].steps, hlir);
    const variants = narrow.flatMap((list): Variant[] => {
      const { bucket } = list[i];
      return bucket !== undefined && [...bucket.keys()].some((name) => dims.includes(name))
        ? [{ ...routine(list[i]), bucket }]
        : [];
    });
    return entryOf(entry, dims, general[i], variants);
  });
  return {
    name: hlir.name,
    dims: hlir.dims,
    bounds: hlir.bounds ?? noBounds,
    weights: weightSlots(hlir, entries, layouts),
    states: hlir.states,
    entries,
    kernels: table.kernels,
    arenaBytes,
  };
}

/** An entry, or one bucket of it, with its tensors' memory; all weights as stored. */
export type Prepared = {
  readonly plan: Plan;
  readonly bucket: Bucket | undefined;
  readonly entry: EntryPlan;
  readonly storage: Storage;
  readonly around: Surroundings;
};

function preparedEntries(plan: Plan, bucket: Bucket | undefined, engine: Engine | undefined): Prepared[] {
  const { hlir } = plan;
  return plan.entries.map((entry) => {
    const storage = storageOf(entry, hlir, engine === undefined);
    const stored = new Set<Node>([...choicesOf(entry.body)].map((c) => c.root));
    const around: Surroundings = {
      bounds: hlir.bounds,
      slotOf: (n) => storage.slots.get(n),
      isStored: (n) => stored.has(n) || isGiven(n),
      isPacked: () => false,
      engine,
    };
    return { plan, bucket, entry, storage, around };
  });
}

function scheduleRoutine(
  { plan, bucket, entry, storage, around: bare }: Prepared,
  layouts: ReadonlyMap<string, Layout>,
  table: KernelTable,
): Omit<Routine, "bucket"> & { bytes: number } {
  const around: Surroundings = { ...bare, isPacked: (name) => layouts.has(name) };
  const named: Named = { table, suffix: bucket === undefined ? "" : `_${bucketSuffix(bucket)}` };
  const steps = [
    ...regionSteps(entry.body, storage, around, named),
    ...copySteps(storage.ends, around, named),
  ];
  const { temporaries, bytes } = planMemory(storage.temporaries, steps, plan.hlir.bounds);
  return { bounds: plan.hlir.bounds, temporaries, steps, bytes };
}

/** Dims that a call must state, in declaration order. */
function mentionedDims({ entry }: EntryPlan, steps: readonly Step[], hlir: Hlir): string[] {
  const shapes = [entry.inputs, entry.outputs.map((o) => o.value), entry.taps.map((o) => o.value)].flat();
  const mentioned = new Set(
    [...stepPolys(steps), ...shapes.flatMap((t) => t.shape)].flatMap((p) =>
      atomsOf(p).flatMap((a) => (a.kind === "dim" ? [a.name] : [])),
    ),
  );
  return hlir.dims.map((d) => d.name).filter((name) => mentioned.has(name));
}

function entryOf(
  { entry }: EntryPlan,
  dims: readonly string[],
  { temporaries, steps }: Routine,
  variants: readonly Variant[],
): LEntry {
  const named = (list: readonly { name: string; value: Node }[]) =>
    list.map((o) => ({ name: o.name, shape: o.value.shape, dtype: o.value.dtype }));
  const { name, inputs } = entry;
  return {
    name,
    inputs,
    outputs: named(entry.outputs),
    taps: named(entry.taps),
    dims,
    temporaries,
    steps,
    variants,
  };
}

/** The kernels so far, and what names of new ones end in. */
type Named = { readonly table: KernelTable; readonly suffix: string };

function regionSteps(region: Region, storage: Storage, around: Surroundings, table: Named): Step[] {
  return kernelsOfRegion(region).flatMap(([step, ...others]): Step[] => {
    if (step.kind === "kernel") {
      const joined = others.flatMap((s) => (s.kind === "kernel" ? [s.choice] : []));
      const built = buildKernel(step.choice, around, joined);
      // A concatenation whose parts all lie where they belong.
      if (built.kernel.body.length === 0) return [];
      const { root } = step.choice;
      return [{ ...call(built, table, built.kernel.computes, root.span), root: root.id }];
    }
    const { node, body } = step;
    if (node.op.kind !== "loop") throw new Error("a loop step without a loop");
    const { variable, low, high } = node.op.loop;
    const steps = [
      ...regionSteps(body, storage, around, table),
      ...copySteps(storage.turns.get(node) ?? [], around, table),
    ];
    const starts = copySteps(storage.starts.get(node) ?? [], around, table);
    return [...starts, { kind: "loop", variable, low, high, steps }];
  });
}

const copySteps = (copies: readonly Copy[], around: Surroundings, table: Named): Step[] =>
  copies
    .filter((c) => c.from.key !== c.to.key)
    .map((c) => call(buildCopy(c, around.bounds), table, c.to.name, c.span));

function call(built: Built, { table, suffix }: Named, computes: string, span: Span): Step & { kind: "call" } {
  const { kernel, args } = table.add(built, suffix);
  return { kind: "call", kernel: kernel.name, args, computes: computes || kernel.name, span };
}

function* stepPolys(steps: readonly Step[]): Generator<Poly> {
  for (const s of steps) {
    if (s.kind === "call") for (const a of s.args) if (a.kind === "size") yield a.value;
    if (s.kind === "loop") {
      yield s.low;
      yield s.high;
      yield* stepPolys(s.steps);
    }
  }
}

/** Weights that some kernel reads, in declaration order. */
function weightSlots(
  hlir: Hlir,
  entries: readonly LEntry[],
  layouts: ReadonlyMap<string, Layout>,
): WeightSlot[] {
  const used = new Set<string>();
  const visit = (steps: readonly Step[]): void => {
    for (const s of steps) {
      if (s.kind === "loop") visit(s.steps);
      else
        for (const a of s.args) if (a.kind === "place" && a.place.kind === "weight") used.add(a.place.name);
    }
  };
  for (const e of entries) for (const r of [e, ...e.variants]) visit(r.steps);
  return hlir.weights.flatMap((w) => {
    const name = w.name.replaceAll(".", "_");
    const forms: readonly (readonly [string, Layout])[] = [
      [name, layouts.get(w.name) ?? { kind: "stored" }],
      ...winogradTiles.map((tile): readonly [string, Layout] => [
        filtersName(name, tile),
        { kind: "filters", tile, of: name, outputs: w.shape[0]?.constant, channels: w.shape[1]?.constant },
      ]),
    ];
    const loops = w.loops.map((variable) => ({ variable, ...loopEnds(variable, hlir) }));
    return forms
      .filter(([slot]) => used.has(slot))
      .map(([slot, layout]) => ({
        name: slot,
        shape: w.shape,
        dtype: w.dtype,
        source: w.source,
        loops,
        layout,
        span: w.span,
      }));
  });
}

function loopEnds(variable: string, hlir: Hlir): { low: number; high: number } {
  const range = hlir.bounds.loops.get(variable);
  if (range === undefined || range.low.terms.length > 0 || range.high.terms.length > 0)
    throw new Error(`the loop over ${variable} has weights, so its range must be constant`);
  return { low: range.low.constant, high: range.high.constant + 1 };
}
