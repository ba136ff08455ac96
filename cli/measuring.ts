/** `--measure`: kernels timed on this machine while the search runs, with the timings of earlier runs. */
import type { Arch } from "../src/emit/arch.ts";
import { defaultTimings, TimingDatabase } from "../src/search/measure/database.ts";
import { createGpuMeasurer } from "../src/search/measure/gpu-measure.ts";
import { createMeasurer, type Measurer } from "../src/search/measure/measure.ts";
import type { ProgramRound } from "../src/search/measure/programs.ts";
import type { Permission } from "../src/targets/cuda.ts";
import { printDiagnostics, transient } from "./output.ts";

export type MeasuringOptions = {
  /** Of this machine's CPU; for its GPU `gpu` instead. */
  readonly arch?: Arch;
  readonly gpu?: string;
  readonly allow?: readonly Permission[];
  readonly compiler?: string;
  readonly threads?: number;
  readonly jobs?: number;
  /** Of timing whole programs. */
  readonly programSeconds?: number;
};

/** What is wrong with the database is said on stderr; the search goes on without it. */
export async function withMeasurer<T>(
  options: MeasuringOptions,
  search: (measure: Measurer) => Promise<T>,
): Promise<T> {
  const database = TimingDatabase.open(defaultTimings());
  try {
    printDiagnostics(database.problems, false);
    const onProgress = (done: number, total: number): void =>
      transient(`compiling kernels to time, ${done}/${total}`);
    const onProgram = (done: number, total: number): void =>
      transient(`compiling whole programs to time, ${done}/${total}`);
    const onRound = ({ at, round, rounds }: ProgramRound): void =>
      transient(`timing whole programs ${at}, round ${round} of ${rounds}`);
    const { gpu } = options;
    if (gpu !== undefined)
      return await search(await createGpuMeasurer({ ...options, arch: gpu, database, onProgress }));
    return await search(await createMeasurer({ ...options, database, onProgress, onProgram, onRound }));
  } finally {
    database.close();
  }
}
