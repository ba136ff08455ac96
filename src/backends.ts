/** From plans to a project, by target. */
import { archOf } from "./emit/arch.ts";
import { emitCudaProject } from "./emit/cuda/project.ts";
import { kernelSource } from "./emit/kernels/source.ts";
import { emitProject, type ProjectFiles } from "./emit/project.ts";
import type { Hlir } from "./ir/hlir.ts";
import type { Program } from "./ir/llir.ts";
import type { BucketPlan, Plan } from "./ir/plan.ts";
import { plan } from "./lower/plan.ts";
import { schedule } from "./lower/schedule.ts";
import { scheduleCuda } from "./lower/schedule-cuda.ts";
import type { LockPart } from "./search/lock.ts";
import { onePassPlan } from "./search/one-pass.ts";
import { cuda, cudaArchOf, defaultCudaArch } from "./targets/cuda.ts";

export type TargetName = "cpu" | "cuda";

export type Backend = {
  /** The plan by fixed rules. */
  readonly direct: (hlir: Hlir) => Plan;
  /** `arch`: what the sizes of kernels are chosen for, where the target has several. */
  readonly schedule: (plan: Plan, buckets: readonly BucketPlan[], arch?: string) => Program;
  /** `arch` is the default of the project's own build. Throws LUM5005 or 5008 where the target has no such one. */
  readonly emit: (program: Program, o: { arch: string | undefined; lock: LockPart }) => ProjectFiles;
};

export const backends: Readonly<Record<TargetName, Backend>> = {
  cpu: {
    direct: (hlir) => plan(hlir, { search: "direct" }),
    schedule: (plan, buckets) => schedule(plan, buckets),
    emit: (program, { arch, lock }) =>
      emitProject(program, { arch: arch === undefined ? undefined : archOf(arch), kernelSource, lock }),
  },
  cuda: {
    direct: (hlir) => onePassPlan(hlir, cuda.attentionWidth),
    schedule: (plan, buckets, arch = defaultCudaArch) => scheduleCuda(plan, buckets, cudaArchOf(arch)),
    emit: (program, { arch = defaultCudaArch, lock }) =>
      emitCudaProject(program, { arch: cudaArchOf(arch).name, lock }),
  },
};
