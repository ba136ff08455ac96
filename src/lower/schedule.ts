/** Plan → Llir: memory for every stored tensor, a kernel for every choice, equal kernels once. */
import { noBounds } from "../ir/bounds.ts";
import type { Hlir, Node } from "../ir/hlir.ts";
import type { Layout, LEntry, Program, Step, WeightSlot } from "../ir/llir.ts";
import { choicesOf, type EntryPlan, isGiven, type Plan, type Region } from "../ir/plan.ts";
import { atomsOf, type Poly } from "../ir/poly.ts";
import type { Span } from "../ir/source.ts";
import { type Built, buildCopy, buildKernel, type Surroundings } from "./schedule/build.ts";
import { KernelTable } from "./schedule/kernel-table.ts";
import { planMemory } from "./schedule/memory.ts";
import { packedWeights } from "./schedule/packing.ts";
import { type Copy, type Storage, storageOf } from "./schedule/storage.ts";

export function schedule(plan: Plan): Program {
  const { hlir } = plan;
  const table = new KernelTable();
  const prepared = plan.entries.map((e) => prepare(e, hlir));
  const layouts = packedWeights(plan, (e) => prepared[plan.entries.indexOf(e)].around);
  const scheduled = prepared.map(({ entry, storage, around }) =>
    scheduleEntry(entry, hlir, {
      storage,
      around: { ...around, isPacked: (name) => layouts.has(name) },
      table,
    }),
  );
  return {
    name: hlir.name,
    dims: hlir.dims,
    bounds: hlir.bounds ?? noBounds,
    weights: weightSlots(
      hlir,
      scheduled.map((s) => s.entry),
      layouts,
    ),
    states: hlir.states,
    entries: scheduled.map((s) => s.entry),
    kernels: table.kernels,
    arenaBytes: Math.max(0, ...scheduled.map((s) => s.bytes)),
  };
}

type Prepared = { readonly entry: EntryPlan; readonly storage: Storage; readonly around: Surroundings };

/** Memory for the tensors of an entry, all weights as stored. */
function prepare(entry: EntryPlan, hlir: Hlir): Prepared {
  const storage = storageOf(entry, hlir);
  const stored = new Set<Node>([...choicesOf(entry.body)].map((c) => c.root));
  const around: Surroundings = {
    bounds: hlir.bounds,
    slotOf: (n) => storage.slots.get(n),
    isStored: (n) => stored.has(n) || isGiven(n),
    isPacked: () => false,
  };
  return { entry, storage, around };
}

function scheduleEntry(
  plan: EntryPlan,
  hlir: Hlir,
  { storage, around, table }: Omit<Prepared, "entry"> & { readonly table: KernelTable },
): { entry: LEntry; bytes: number } {
  const steps = [
    ...regionSteps(plan.body, storage, around, table),
    ...copySteps(storage.ends, around, table),
  ];
  const memory = planMemory(storage.temporaries, steps, hlir.bounds);
  const shapes = [
    plan.entry.inputs,
    plan.entry.outputs.map((o) => o.value),
    plan.entry.taps.map((o) => o.value),
  ].flat();
  const mentioned = new Set(
    [...stepPolys(steps), ...shapes.flatMap((t) => t.shape)].flatMap((p) =>
      atomsOf(p).flatMap((a) => (a.kind === "dim" ? [a.name] : [])),
    ),
  );
  const named = (list: readonly { name: string; value: Node }[]) =>
    list.map((o) => ({ name: o.name, shape: o.value.shape, dtype: o.value.dtype }));
  const entry: LEntry = {
    name: plan.entry.name,
    inputs: plan.entry.inputs,
    outputs: named(plan.entry.outputs),
    taps: named(plan.entry.taps),
    dims: hlir.dims.map((d) => d.name).filter((name) => mentioned.has(name)),
    temporaries: memory.temporaries,
    steps,
  };
  return { entry, bytes: memory.bytes };
}

function regionSteps(region: Region, storage: Storage, around: Surroundings, table: KernelTable): Step[] {
  return region.flatMap((step): Step[] => {
    if (step.kind === "kernel") {
      const { root } = step.choice;
      return [call(buildKernel(step.choice, around), table, root.name ?? "", root.span)];
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

const copySteps = (copies: readonly Copy[], around: Surroundings, table: KernelTable): Step[] =>
  copies
    .filter((c) => c.from.key !== c.to.key)
    .map((c) => call(buildCopy(c, around.bounds), table, c.to.name, c.span));

function call(built: Built, table: KernelTable, computes: string, span: Span): Step {
  const { kernel, args } = table.add(built);
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
  for (const e of entries) visit(e.steps);
  return hlir.weights
    .map((w) => ({ ...w, name: w.name.replaceAll(".", "_"), layout: layouts.get(w.name) }))
    .filter((w) => used.has(w.name))
    .map((w) => ({
      name: w.name,
      shape: w.shape,
      dtype: w.dtype,
      source: w.source,
      loops: w.loops.map((variable) => ({ variable, ...loopEnds(variable, hlir) })),
      layout: w.layout ?? { kind: "stored" },
      span: w.span,
    }));
}

function loopEnds(variable: string, hlir: Hlir): { low: number; high: number } {
  const range = hlir.bounds.loops.get(variable);
  if (range === undefined || range.low.terms.length > 0 || range.high.terms.length > 0)
    throw new Error(`the loop over ${variable} has weights, so its range must be constant`);
  return { low: range.low.constant, high: range.high.constant + 1 };
}
