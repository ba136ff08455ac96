/** From plans to a project, by target. */
import { archOf } from "./emit/arch.ts";
import { emitCudaProject } from "./emit/cuda/project.ts";
import { kernelSource } from "./emit/kernels/source.ts";
import { emitProject, type ProjectFiles } from "./emit/project.ts";
import type { Bucket } from "./ir/bucket.ts";
import type { Hlir } from "./ir/hlir.ts";
import type { Program } from "./ir/llir.ts";
import type { BucketPlan, Plan } from "./ir/plan.ts";
import { usualBuckets } from "./lower/buckets.ts";
import { plan } from "./lower/plan.ts";
import { schedule } from "./lower/schedule.ts";
import { scheduleCuda } from "./lower/schedule-cuda.ts";
import type { LockPart } from "./search/lock.ts";
import { onePassPlan } from "./search/one-pass.ts";
import { cuda, cudaArchOf, defaultCudaArch, type Permission } from "./targets/cuda.ts";

export type TargetName = "cpu" | "cuda";

export type Backend = {
  /** The plan by fixed rules. */
  readonly direct: (hlir: Hlir) => Plan;
  /** Whether that plan computes attention in one pass wherever it can. */
  readonly onePass: boolean;
  /** What has a direct plan of its own without being asked for. */
  readonly directBuckets: (hlir: Hlir) => readonly Bucket[];
  /** Throws LUM5008 where the target has no such part. */
  readonly schedule: (plan: Plan, buckets: readonly BucketPlan[], part?: Part) => Program;
  /** The part is the default of the project's own build. Throws LUM5005 or 5008 where the target has no such one. */
  readonly emit: (program: Program, o: Part & { readonly lock: LockPart }) => ProjectFiles;
};

/** What is compiled for, where the target has several. */
export type Part = {
  readonly arch?: string;
  /** What may be less exact, on CUDA. */
  readonly allow?: readonly Permission[];
};

export const backends: Readonly<Record<TargetName, Backend>> = {
  cpu: {
    direct: (hlir) => plan(hlir, { search: "direct" }),
    onePass: false,
    // The engine goes by the sizes of each call.
    directBuckets: () => [],
    schedule: (plan, buckets) => schedule(plan, buckets),
    emit: (program, { arch, lock }) =>
      emitProject(program, { arch: arch === undefined ? undefined : archOf(arch), kernelSource, lock }),
  },
  cuda: {
    direct: (hlir) => onePassPlan(hlir, cuda.attentionWidth),
    onePass: true,
    // Kernels are cut once for the largest sizes, and a captured graph has them as they are.
    directBuckets: usualBuckets,
    schedule: (plan, buckets, { arch = defaultCudaArch, allow } = {}) =>
      scheduleCuda(plan, buckets, cudaArchOf(arch, allow)),
    emit: (program, { arch = defaultCudaArch, allow, lock }) =>
      emitCudaProject(program, { arch: cudaArchOf(arch).name, allow, lock }),
  },
};
