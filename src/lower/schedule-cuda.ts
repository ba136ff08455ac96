/**
 * Plan → Llir for NVIDIA GPUs. Memory, storage, versions and the statements of kernels are the CPU's; here kernels get
 * their launch, and read the call's dims from device memory, so that a captured graph holds for all their values.
 */
import type { Kernel, KernelParam, Tiling } from "../ir/kernel.ts";
import type { Argument, LEntry, Program, Step } from "../ir/llir.ts";
import type { BucketPlan, Plan } from "../ir/plan.ts";
import { atomsOf } from "../ir/poly.ts";
import { cuda, cudaEngine } from "../targets/cuda.ts";
import { schedule } from "./schedule.ts";
import { largest, mapLoops } from "./schedule-cuda/map.ts";
import { attentionTiling, tilingOf } from "./schedule-cuda/tiles.ts";

export function scheduleCuda(plan: Plan, buckets: readonly BucketPlan[] = []): Program {
  return forDevice(schedule(plan, buckets, cudaEngine));
}

/** The same program with kernels for the device. */
export function forDevice(program: Program): Program {
  const made = new Versions(program.kernels);
  const entries = program.entries.map(
    (e): LEntry => ({
      ...e,
      steps: stepsFor(e.steps, made),
      variants: e.variants.map((v) => ({ ...v, steps: stepsFor(v.steps, made) })),
    }),
  );
  return { ...program, entries, kernels: made.kernels, device: "cuda" };
}

const stepsFor = (steps: readonly Step[], made: Versions): Step[] =>
  steps.map((s) => (s.kind === "loop" ? { ...s, steps: stepsFor(s.steps, made) } : made.call(s)));

/** Kernels by what they take from the dims: one that is called with two dims for the same size is two kernels. */
class Versions {
  readonly kernels: Kernel[] = [];
  private readonly known = new Map<string, Kernel>();
  private readonly originals: ReadonlyMap<string, Kernel>;

  constructor(kernels: readonly Kernel[]) {
    this.originals = new Map(kernels.map((k) => [k.name, k]));
  }

  call(step: Step & { kind: "call" }): Step {
    const kernel = this.originals.get(step.kernel)!;
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
      found = launched({ ...kernel, name }, dims);
      this.known.set(key, found);
      this.kernels.push(found);
    }
    const args = given.flatMap(({ argument }) =>
      argument === undefined || dimOf(argument) !== undefined ? [] : [argument],
    );
    return { ...step, kernel: found.name, args };
  }
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

function launched(kernel: Kernel, dims: readonly { name: string; dim: string }[]): Kernel {
  const mapped = mapLoops(kernel);
  const given = kernel.body.find((s) => s.kind === "text" && s.geometry !== undefined);
  const geometry = given?.kind === "text" ? given.geometry : undefined;
  const tiling = tilingIn(kernel);
  return {
    ...kernel,
    params: deviceParams(kernel.params, dims),
    body: mapped.body,
    launch: {
      blocks:
        tiling?.blocks ?? (geometry === undefined ? mapped.blocks : largest(geometry.grid, kernel.bounds)),
      threads:
        tiling?.threads ?? (geometry === undefined ? cuda.threads : largest(geometry.block, kernel.bounds)),
      group: mapped.group,
      tiling,
      dims,
    },
  };
}

function tilingIn(kernel: Kernel): Tiling | undefined {
  for (const s of kernel.body) {
    if (s.kind === "contraction") return tilingOf(kernel, s);
    if (s.kind === "attention") return attentionTiling(kernel, s);
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
