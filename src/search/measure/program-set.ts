/** From the finalists of the searches to programs, and to the calls that time them. */
import { backends } from "../../backends.ts";
import { noChoices } from "../../emit/project.ts";
import { type Bucket, bucketText } from "../../ir/bucket.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Hlir } from "../../ir/hlir.ts";
import type { Program } from "../../ir/llir.ts";
import { constantOf } from "../../ir/poly.ts";
import { modelSpec } from "../../loader/spec.ts";
import { indexLimits } from "../../verify.ts";
import { requiredTensors } from "../../weights/required.ts";
import type { Searched } from "../search.ts";
import type { JobCall } from "./program-job.ts";
import type { ProgramPoint, Programs } from "./programs.ts";
import { type RandomTensor, weightsBytes } from "./random-weights.ts";

/** One search: the general one, or a bucket's. */
export type Unit = {
  readonly bucket: Bucket | undefined;
  readonly model: Hlir;
  readonly searched: Searched;
};

/** Which finalist each program has of one search: that of the fastest kernels, the direct plan, then the others. */
export type Slots = {
  readonly finalists: readonly number[];
  /** Programs that differ here. */
  readonly rivals: readonly number[];
};

/** The program that is the direct plan throughout. */
export const directSlot = 1;

export function slotsOf({ searched: { finalists } }: Unit): Slots {
  const direct = finalists.findIndex((f) => f.merits.includes("direct"));
  if (direct < 0) throw new Error("the direct plan is not among the finalists");
  const others = [...finalists.keys()].filter((i) => i !== 0 && i !== direct);
  const slots = [0, direct, ...others];
  return { finalists: slots, rivals: [...slots.keys()].filter((p) => p !== directSlot || direct !== 0) };
}

/** The program of one finalist of each search. */
export function programOf(units: readonly Unit[], finalists: readonly number[]): Program {
  const [general, ...buckets] = units.map((u, i) => {
    const { plan } = u.searched.finalists[finalists[i]];
    return { bucket: u.bucket ?? new Map(), plan };
  });
  return backends.cpu.schedule(general.plan, buckets);
}

/** The model's weights as a checkpoint has them. */
export function weightsOf(model: Hlir): {
  readonly tensors: readonly RandomTensor[];
  readonly bytes: number;
} {
  const tensors = requiredTensors(model).map(({ name, shape, dtype }) => ({
    name,
    shape,
    dtype: dtype as DType,
  }));
  return { tensors, bytes: weightsBytes(tensors) };
}

/** What a program keeps in memory beside its weights. */
export const bytesOf = (model: Hlir, program: Program): number =>
  model.states.reduce(
    (sum, s) => sum + s.shape.reduce((n, p) => n * (constantOf(p) ?? 0), byteSize(s.dtype)),
    program.arenaBytes,
  );

export function jobOf(
  units: readonly Unit[],
  programs: readonly Program[],
  points: readonly ProgramPoint[],
  arch: string | undefined,
): Programs {
  const { name: model, prefix } = modelSpec(programs[0]);
  const files = programs.map((p) => backends.cpu.emit(p, { arch, lock: noChoices }));
  return { model, prefix, files, weights: weightsOf(units[0].model).tensors, points };
}

/** A call of every entry at each of the search's points. */
export function pointsOf(
  { bucket, model, searched }: Unit,
  { rivals }: Pick<Slots, "rivals">,
  program: Program,
): ProgramPoint[] {
  const limits = new Map(model.entries.map((e) => [e.name, indexLimits(e)]));
  return searched.points.map(({ dims }) => {
    const calls = modelSpec(program).entries.map((e): JobCall => {
      const values = Object.fromEntries(
        e.dims.map((d) => [d.name, dims.get(d.name) ?? bucket?.get(d.name)?.low ?? 0]),
      );
      const tensor = ({ name, dtype, shape }: (typeof e.inputs)[number]) => ({
        name,
        dtype,
        shape: shape(values),
        limit: limits.get(e.name)?.get(name),
      });
      const [inputs, outputs] = [e.inputs.map(tensor), e.outputs.map(tensor)];
      return { entry: e.name, function: e.function, dims: Object.entries(values), inputs, outputs };
    });
    const sizes = [...dims].map(([name, value]) => `${name}=${value}`).join(",");
    const where = bucket === undefined ? "" : `for ${bucketText(bucket)} `;
    return { calls, rivals, text: `${where}${sizes === "" ? "at its sizes" : `at ${sizes}`}` };
  });
}
