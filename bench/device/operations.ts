/** A part of single operations: built, checked, then timed beside the rivals. */
import type { TypedArray } from "../../src/loader/native.ts";
import { type Bench, root } from "./bench.ts";
import { limitOf } from "./limits.ts";
import { benchProgram, dimWords, opened, type Project, projectOf } from "./project.ts";
import type { Row } from "./results.ts";
import { askRivals } from "./rivals.ts";
import type { Roofs } from "./roofs.ts";
import { errorOf, randomBf16 } from "./sampling.ts";
import { type Inputs, type Spread, tolerance, type Workload } from "./workload.ts";

export type Operations = {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
};

export const projectFor = (w: Workload, bench: Bench): Promise<Project> =>
  projectOf({ model: `${root}/bench/device/models/${w.model}`, set: w.set, buckets: w.buckets }, bench);

export async function runOperations(
  all: readonly Workload[],
  roofs: Roofs,
  bench: Bench,
  keep: (soFar: Operations) => void,
): Promise<Operations> {
  const notes: string[] = [];
  const right: { w: Workload; project: Project; error: number }[] = [];
  for (const w of all) {
    try {
      const project = await projectFor(w, bench);
      const error = check(w, project, bench);
      if (error <= tolerance) right.push({ w, project, error });
      else notes.push(`${w.name}: WRONG, error ${error.toExponential(2)}; not timed`);
    } catch (fault) {
      notes.push(`${w.name}: FAILED: ${String(fault).slice(0, 600)}`);
    }
  }
  const jobs = right.map(({ w }) => ({ name: w.name, ...w.rival }));
  const answers = await askRivals(jobs, bench);
  notes.push(...answers.notes);
  const rows: Row[] = [];
  for (const { w, project, error } of right)
    try {
      const lumc = await timed(w, project, bench);
      rows.push({
        name: w.name,
        error,
        tolerance,
        ...limitOf({ ...w, lumc, rivals: answers.times.get(w.name) ?? {} }, roofs, bench.arch),
      });
      keep({ rows, notes, versions: answers.versions });
    } catch (fault) {
      notes.push(`${w.name}: FAILED: ${String(fault).slice(0, 600)}`);
    }
  return { rows, notes, versions: answers.versions };
}

/** The error of a call on fresh inputs, through the loader. */
function check(w: Workload, project: Project, bench: Bench): number {
  const inputs: Inputs = new Map(
    Object.entries(w.inputs).map(([name, count], i) => [name, randomBf16(count, bench.seed + i)]),
  );
  using model = opened(project);
  const given = Object.fromEntries(inputs) as Record<string, TypedArray>;
  const expected = w.expected(inputs);
  const { y } = model.run("forward", w.dims, given);
  return errorOf(y as Uint16Array, expected);
}

const timed = async (w: Workload, project: Project, bench: Bench): Promise<Spread> => {
  const words = ["--only", "device", "--runs", bench.runs, ...dimWords("--dim", w.dims)];
  return (await benchProgram(project, words)).device;
};
