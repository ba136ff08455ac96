/** The CUDA project as a typed document: the CPU's view of the model, with launches, graphs and places in device memory. */
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Program } from "../../ir/llir.ts";
import { floatBits, isNarrowFloat } from "../../lower/float-formats.ts";
import { statementsIn } from "../../lower/schedule-cuda/loops.ts";
import { type ProjectView, viewProject } from "../view.ts";
import type { ArgumentView, EntryView, RoutineView } from "../view-entry.ts";
import { tileBytes } from "./exchange.ts";
import { columnBytes, engineHeaders, meetingBytes } from "./kernel-source.ts";
import { type CudaKernelText, kernelTexts } from "./kernel-texts.ts";

/** Shared memory of a block that selects: kTopKBytes in top_k.cuh. */
const topKBytes = 12_800;

/** Tensors in device memory start at multiples of it: whole transactions, and what TMA asks for. */
const apart = 256;

export type PlacedArgument = ArgumentView & { readonly offset: number };

export type CudaRoutineView = RoutineView & {
  readonly entry: EntryView;
  /** `forward_kernels`, `forward_s1_kernels` */
  readonly function: string;
  /** `forward_graph` */
  readonly graph: string;
  readonly inputs: readonly PlacedArgument[];
  readonly outputs: readonly PlacedArgument[];
  /** Dims that bounds of its loops mention: it is launched kernel by kernel, since a graph holds a fixed number. */
  readonly loopDims: readonly { readonly id: string; readonly index: number }[];
};

export function viewCuda(program: Program, arch: string) {
  const view = viewProject(program, "cu");
  const texts = kernelTexts(program);
  const place = placesOf();
  const entries = view.entries.map((entry) => ({
    entry,
    inputs: entry.inputs.map((t) => ({ ...t, offset: place(t.bytes) })),
    outputs: entry.outputs.map((t) => ({ ...t, offset: place(t.bytes) })),
  }));
  const routines = entries.flatMap((e) => e.entry.routines.map((r) => viewRoutine(r, e)));
  const dims = [...new Set(view.entries.flatMap((e) => e.dims.map((d) => d.name)))];
  return {
    ...view,
    target: "cuda" as const,
    arch,
    kernels: view.kernels.map((k) => ({ ...k, launch: launchOf(k.kernel) })),
    states: view.states.map((s, i) => ({ ...s, ...startOf(s.isZero, program.states[i]) })),
    bindings: view.weights.bindings,
    dims,
    engines: engineHeaders(program.kernels),
    sites: texts.sites.map((s) => ({ ...s, what: JSON.stringify(s.what) })),
    texts: texts.texts,
    routines,
    entryRuns: view.entries.map((entry, number) => runOf(entry, number, routines)),
    argumentBytes: place(0),
    mostAxes: Math.max(1, ...entries.flatMap((e) => [...e.inputs, ...e.outputs].map((t) => t.rank))),
    inputOffsets: offsets(entries.map((e) => e.inputs)),
    outputOffsets: offsets(entries.map((e) => e.outputs)),
  };
}

export type CudaView = ReturnType<typeof viewCuda>;
export type { CudaKernelText, ProjectView };

function placesOf() {
  let next = 0;
  return (bytes: number): number => {
    const at = next;
    next += Math.ceil(Math.max(bytes, 1) / apart) * apart;
    return at;
  };
}

type Placed = {
  readonly entry: EntryView;
  readonly inputs: readonly PlacedArgument[];
  readonly outputs: readonly PlacedArgument[];
};

function viewRoutine(r: RoutineView, { entry, inputs, outputs }: Placed): CudaRoutineView {
  const name = r.inner.replace(/^run_/, "");
  const { dims, places } = r.mentions;
  return {
    ...r,
    entry,
    function: `${name}_kernels`,
    graph: `${name}_graph`,
    inputs: inputs.filter((t) => places.has(`input ${t.name}`)),
    outputs: outputs.filter((t) => places.has(`output ${t.name}`)),
    loopDims: entry.dims.flatMap(({ id, name: dim }, index) => (dims.includes(dim) ? [{ id, index }] : [])),
  };
}

/** How a call of an entry is handed to its routines. */
function runOf(entry: EntryView, number: number, routines: readonly CudaRoutineView[]) {
  const own = routines.filter((r) => r.entry === entry);
  const conditions = own.map((r) => r.when ?? "").join(" ");
  const mentioned = (id: string) => new RegExp(`\\b${id}\\b`).test(conditions);
  const dims = entry.dims.map((d, index) => ({ id: d.id, field: d.name, index }));
  const tested = dims.filter((d) => mentioned(d.id));
  const usesDims = tested.length > 0 || own.some((r) => r.loopDims.length > 0);
  return { name: entry.name, number, routines: own, dims, tested, usesDims };
}

function offsets(lists: readonly (readonly PlacedArgument[])[]) {
  const most = Math.max(1, ...lists.map((l) => l.length));
  const rows = lists.map((l) => `{${l.length === 0 ? "0" : l.map((t) => t.offset).join(", ")}}`).join(", ");
  return { most, rows };
}

function launchOf(kernel: Kernel) {
  const { launch } = kernel;
  if (launch === undefined) throw new Error(`${kernel.name} has no launch`);
  return { blocks: launch.blocks, threads: launch.threads, shared: sharedBytes(kernel) };
}

/** Dynamic shared memory of a block, in C++. */
export function sharedBytes({ body, launch }: Kernel): string {
  if (launch?.tiling !== undefined) return launch.tiling.shared;
  if ([...statementsIn(body)].some((s) => s.kind === "topk")) return String(topKBytes);
  const tiles = body.flatMap((s) => (s.kind === "loop" && s.exchange !== undefined ? [s.exchange] : []));
  if (tiles.length > 0) return String(Math.max(...tiles.map(tileBytes)));
  const rows = body.some(
    (s) => s.kind === "accumulator" || s.kind === "topk" || (s.kind === "loop" && s.how === "rows"),
  );
  if (body.some((s) => s.kind === "loop" && s.how === "columns")) return String(columnBytes(launch!));
  if (!rows || launch?.group !== "block") return "0";
  return String(meetingBytes(launch) + (launch.staged ?? []).reduce((sum, s) => sum + s.bytes, 0));
}

/** The initial value of a state as an unsigned number of its width. */
function startOf(isZero: boolean, s: { readonly init: number; readonly dtype: DType }) {
  if (isZero) return { start: "0", bits: { type: "uint8_t", value: "0" } };
  const bytes = byteSize(s.dtype);
  return {
    start: String(s.init),
    bits: { type: `uint${8 * bytes}_t`, value: bitsOf(s.init, s.dtype, bytes) },
  };
}

function bitsOf(value: number, t: DType, bytes: number): string {
  if (isNarrowFloat(t)) return `0x${floatBits(value, t).toString(16)}`;
  const view = new DataView(new ArrayBuffer(8));
  if (t === "f32") view.setFloat32(4, value);
  else if (t === "f64") view.setFloat64(0, value);
  else view.setBigInt64(0, BigInt(Math.trunc(value)));
  const bits = view.getBigUint64(0) & ((1n << BigInt(8 * bytes)) - 1n);
  return `0x${bits.toString(16)}${bytes === 8 ? "u" : ""}`;
}
