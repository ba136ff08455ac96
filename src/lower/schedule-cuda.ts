/**
 * Plan → Llir for NVIDIA GPUs. Memory, storage, versions and the statements of kernels are the CPU's; here kernels get
 * their launch, and read the call's dims from device memory, so that a captured graph holds for all their values.
 */
import { untaken } from "../emit/names.ts";
import type { Kernel, KernelParam, Tiling } from "../ir/kernel.ts";
import type { Argument, LEntry, Program, Step } from "../ir/llir.ts";
import type { BucketPlan, Plan } from "../ir/plan.ts";
import { atomsOf } from "../ir/poly.ts";
import { type CudaArch, cuda, cudaArchOf, cudaEngine, defaultCudaArch } from "../targets/cuda.ts";
import { selectionThreads } from "../targets/selection-cost.ts";
import { schedule } from "./schedule.ts";
import { attentionTiling, packedItems } from "./schedule-cuda/attention-tiles.ts";
import { withCallBounds } from "./schedule-cuda/call-bounds.ts";
import { withIndexTypes } from "./schedule-cuda/index-types.ts";
import { largest, mapLoops } from "./schedule-cuda/map.ts";
import { mergedTiling } from "./schedule-cuda/merged.ts";
import { attentionIn, splitAttention } from "./schedule-cuda/split-attention.ts";
import { productIn, splitProduct } from "./schedule-cuda/split-product.ts";
import { splitRows, splitRowsIn } from "./schedule-cuda/split-rows.ts";
import { longSelectionIn, selectionIn, splitSelection } from "./schedule-cuda/split-top-k.ts";
import { stagedRows } from "./schedule-cuda/staged-rows.ts";
import { argumentsFor, type Room, type Stage } from "./schedule-cuda/stages.ts";
import { cutText, tilingOf } from "./schedule-cuda/tiles.ts";

/** `arch`: the part whose size and rates decide how products are cut; what comes out runs on any. */
export function scheduleCuda(
  plan: Plan,
  buckets: readonly BucketPlan[] = [],
  arch: CudaArch = cudaArchOf(defaultCudaArch),
): Program {
  return forDevice(schedule(plan, buckets, cudaEngine), arch);
}

/** The same program with kernels for the device. */
export function forDevice(program: Program, arch: CudaArch = cudaArchOf(defaultCudaArch)): Program {
  const made = new Versions({ ...program, kernels: withCallBounds(program) }, arch);
  const entries = program.entries.map(
    (e): LEntry => ({
      ...e,
      steps: stepsFor(e.steps, made),
      variants: e.variants.map((v) => ({ ...v, steps: stepsFor(v.steps, made) })),
    }),
  );
  const { kernels, arenaBytes } = made;
  return withIndexTypes({ ...program, entries, kernels, arenaBytes, device: "cuda" });
}

const stepsFor = (steps: readonly Step[], made: Versions): Step[] =>
  steps.flatMap((s) => (s.kind === "loop" ? [{ ...s, steps: stepsFor(s.steps, made) }] : made.calls(s)));

/** Room between the stages of a kernel starts at multiples of it. */
const apart = 256;

const aligned = (bytes: number): number => Math.ceil(bytes / apart) * apart;

/** Kernels by what they take from the dims: one that is called with two dims for the same size is two kernels. */
class Versions {
  readonly kernels: Kernel[] = [];
  /** With the room behind all temporaries that the stages of one kernel after the other have. */
  arenaBytes: number;
  private readonly known = new Map<string, Kernel>();
  private readonly stages: ReadonlyMap<string, readonly Stage[]>;
  private readonly room: number;
  private readonly arch: CudaArch;

  constructor({ kernels, arenaBytes }: Program, arch: CudaArch) {
    this.arch = arch;
    this.arenaBytes = arenaBytes;
    this.room = aligned(arenaBytes);
    const taken = new Set(kernels.map((k) => k.name));
    this.stages = new Map(kernels.map((k) => [k.name, stagesOf(k, arch, taken)]));
  }

  /** The calls that a call has become, in order. */
  calls(step: Step & { kind: "call" }): Step[] {
    const places = new Map<string, number>();
    let end = this.room;
    const at = (r: Room): number => {
      const known = places.get(r.room);
      if (known !== undefined) return known;
      const start = end;
      places.set(r.room, start);
      end = aligned(start + r.bytes);
      this.arenaBytes = Math.max(this.arenaBytes, end);
      return start;
    };
    return this.stages
      .get(step.kernel)!
      .map((stage) => this.call(stage, { ...step, args: argumentsFor(stage, step.args, at) }));
  }

  private call({ kernel, tiling }: Stage, step: Step & { kind: "call" }): Step {
    const given = argumentsOf(kernel, step.args);
    const dims = given.flatMap(({ param, argument }) => {
      const dim = argument === undefined ? undefined : dimOf(argument);
      return dim === undefined ? [] : [{ name: param.name, dim }];
    });
    const key = `${kernel.name}(${dims.map((d) => `${d.name}=${d.dim}`).join()})`;
    let found = this.known.get(key);
    if (found === undefined) {
      const twin = this.kernels.filter(
        (k) => k.name === kernel.name || k.name.startsWith(`${kernel.name}_of_`),
      );
      const name = twin.length === 0 ? kernel.name : `${kernel.name}_of_${dims.map((d) => d.dim).join("_")}`;
      found = launched({ ...kernel, name }, dims, tiling, this.arch);
      this.known.set(key, found);
      this.kernels.push(found);
    }
    const args = given.flatMap(({ argument }) =>
      argument === undefined || dimOf(argument) !== undefined ? [] : [argument],
    );
    return { ...step, kernel: found.name, args };
  }
}

/** A kernel as the one or two that the device runs; the names of new ones join `taken`. */
function stagesOf(kernel: Kernel, arch: CudaArch, taken: Set<string>): Stage[] {
  const stages = cutStages(kernel, arch) ?? [whole(kernel, arch)];
  return stages.map((s) => {
    if (s.kernel.name === kernel.name) return s;
    const name = untaken(s.kernel.name, taken);
    taken.add(name);
    return { ...s, kernel: { ...s.kernel, name } };
  });
}

function cutStages(kernel: Kernel, arch: CudaArch): Stage[] | undefined {
  const product = productIn(kernel);
  if (product !== undefined) {
    const tiling = tilingOf(kernel, product, arch);
    const noted = { ...kernel, notes: [...kernel.notes, cutText(tiling, product, arch)] };
    return tiling.parts > 1 ? splitProduct(noted, product, tiling) : [{ ...whole(noted, arch), tiling }];
  }
  const rows = splitRowsIn(kernel, arch);
  if (rows !== undefined) return splitRows(kernel, rows);
  const selection = longSelectionIn(kernel, arch);
  if (selection !== undefined) return splitSelection(kernel, selection);
  const attention = attentionIn(kernel);
  if (attention === undefined) return undefined;
  const items = packedItems(kernel, attention);
  const tiling = attentionTiling(kernel, attention, items, arch);
  return items > 1 || tiling.parts > 1 ? splitAttention(kernel, attention, items, tiling) : undefined;
}

/** The kernel as it is, with its product in one part. */
function whole(kernel: Kernel, arch: CudaArch): Stage {
  const args = kernel.params.filter((p) => p.kind === "pointer" || p.kind === "size").map((_, i) => i);
  return { kernel, args, tiling: tilingIn(kernel, arch) };
}

const dimOf = (a: Argument): string | undefined => {
  if (a.kind !== "size") return undefined;
  const [first] = atomsOf(a.value);
  return first?.kind === "dim" ? first.name : undefined;
};

/** Each parameter with its argument; what the model holds for all kernels has none. */
function argumentsOf(kernel: Kernel, args: readonly Argument[]) {
  const given = args.values();
  return kernel.params.map((param) => ({
    param,
    argument: param.kind === "pointer" || param.kind === "size" ? given.next().value : undefined,
  }));
}

function launched(
  kernel: Kernel,
  dims: readonly { name: string; dim: string }[],
  tiling: Tiling | undefined,
  arch: CudaArch,
): Kernel {
  const mapped = mapLoops(kernel);
  const onChip = mapped.group === "block" ? stagedRows(kernel, mapped.body, arch) : undefined;
  const given = kernel.body.find((s) => s.kind === "text" && s.geometry !== undefined);
  const geometry = given?.kind === "text" ? given.geometry : undefined;
  return {
    ...kernel,
    notes: [...kernel.notes, ...(mapped.notes ?? []), ...(onChip?.notes ?? [])],
    variables: mapped.variables ?? kernel.variables,
    bounds: mapped.bounds ?? kernel.bounds,
    params: deviceParams(kernel.params, dims),
    body: onChip?.body ?? mapped.body,
    launch: {
      blocks:
        tiling?.blocks ?? (geometry === undefined ? mapped.blocks : largest(geometry.grid, kernel.bounds)),
      threads:
        tiling?.threads ??
        onChip?.threads ??
        longSelectionThreads(kernel) ??
        (geometry === undefined ? cuda.threads : largest(geometry.block, kernel.bounds)),
      group: mapped.group,
      tiling,
      staged: onChip?.staged,
      index: "i64",
      dims,
    },
  };
}

/** A block for a selection among many has all the threads that it may have. */
function longSelectionThreads(kernel: Kernel): number | undefined {
  const size = selectionIn(kernel)?.topk.size;
  return size !== undefined && largest(size, kernel.bounds) > 2 * cuda.leastPiece
    ? selectionThreads
    : undefined;
}

function tilingIn(kernel: Kernel, arch: CudaArch): Tiling | undefined {
  for (const s of kernel.body) {
    if (s.kind === "contraction") return tilingOf(kernel, s, arch, 1);
    if (s.kind === "merged") return mergedTiling(kernel, s, arch);
    if (s.kind === "attention") return attentionTiling(kernel, s, 1, arch);
  }
  return undefined;
}

/** Without packing room, which tiles have in shared memory, and with the dims in place of their values. */
function deviceParams(
  params: readonly KernelParam[],
  dims: readonly { readonly name: string }[],
): KernelParam[] {
  const isDim = (p: KernelParam) => p.kind === "size" && dims.some((d) => d.name === p.name);
  const kept = params.filter((p) => p.kind !== "workspace" && !isDim(p));
  if (dims.length === 0) return kept;
  const pointers = kept.filter((p) => p.kind === "pointer");
  return [...pointers, { kind: "dims", name: "dims" }, ...kept.filter((p) => p.kind !== "pointer")];
}
