/** Measured times of plans on this machine: the sum of their kernels', each timed once and kept. */
import { availableParallelism, cpus } from "node:os";
import { type Arch, archFlags, hostArch } from "../../emit/arch.ts";
import { objectFlags } from "../../emit/compile.ts";
import { sha256 } from "../../emit/object-cache.ts";
import { findCompiler } from "../../emit/toolchain.ts";
import type { Plan } from "../../ir/plan.ts";
import { schedule } from "../../lower/schedule.ts";
import { callsOf, type KernelCall } from "./calls.ts";
import type { TimingDatabase, TimingKey } from "./database.ts";
import { timeCalls } from "./harness.ts";
import { type ProgramRound, type Programs, type TimedPrograms, timePrograms } from "./programs.ts";

export type MeasureOptions = {
  readonly database: TimingDatabase;
  readonly arch?: Arch;
  readonly compiler?: string;
  /** Of a call; one for each processor if left out. */
  readonly threads?: number;
  readonly jobs?: number;
  readonly cache?: string;
  readonly rounds?: number;
  readonly budget?: number;
  /** Kernels compiled of those that no timing is known of. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Rounds of whole programs at most, and seconds of all of them together. */
  readonly programRounds?: number;
  readonly programSeconds?: number;
  readonly onProgram?: (done: number, total: number) => void;
  readonly onRound?: (r: ProgramRound) => void;
};

export type Dims = ReadonlyMap<string, number>;

export type Measurer = {
  /** Seconds of one call of every entry of each plan, at each of the sizes. */
  readonly plans: (plans: readonly Plan[], points: readonly Dims[]) => Promise<number[][]>;
  /** Seconds of each call. */
  readonly calls: (calls: readonly KernelCall[]) => Promise<number[]>;
  /** Whole programs against each other; absent where only kernels can be timed. */
  readonly programs?: (p: Programs) => Promise<TimedPrograms>;
  /** Calls timed now, and those that the database had. */
  readonly counts: () => { readonly timed: number; readonly known: number };
};

export async function createMeasurer(o: MeasureOptions): Promise<Measurer> {
  const arch = o.arch ?? hostArch();
  const compiler = await findCompiler(o.compiler, archFlags(arch), arch);
  const threads = o.threads ?? availableParallelism();
  const flags = sha256([compiler.identity, ...objectFlags(arch, compiler)].join("\n")).slice(0, 16);
  const machine = `${cpus()[0]?.model.trim() ?? "unknown"}, ${threads} of ${cpus().length} threads`;
  let [timed, known] = [0, 0];

  const calls = async (wanted: readonly KernelCall[]): Promise<number[]> => {
    const keyOf = (c: KernelCall): TimingKey => ({ kernel: c.hash, form: c.form, flags, machine });
    const found = new Map<string, number>();
    const missing = new Map<string, KernelCall>();
    for (const c of wanted) {
      const id = `${c.hash} ${c.form}`;
      if (found.has(id) || missing.has(id)) continue;
      const seconds = o.database.find(keyOf(c));
      if (seconds === undefined) missing.set(id, c);
      else found.set(id, seconds);
    }
    known += found.size;
    if (missing.size > 0) {
      const list = [...missing.values()];
      const seconds = await timeCalls(list, {
        arch,
        compiler,
        threads,
        jobs: o.jobs ?? availableParallelism(),
        cache: o.cache,
        rounds: o.rounds ?? 5,
        budget: o.budget ?? 0.004,
        onProgress: o.onProgress,
      });
      o.database.keep(list.map((c, i) => [keyOf(c), seconds[i]] as const));
      [...missing.keys()].forEach((id, i) => {
        found.set(id, seconds[i]);
      });
      timed += missing.size;
    }
    return wanted.map((c) => found.get(`${c.hash} ${c.form}`)!);
  };

  const plans = async (all: readonly Plan[], points: readonly Dims[]): Promise<number[][]> => {
    const lists = all.map((plan) => {
      const program = schedule(plan);
      return points.map((dims) => callsOf(program, dims));
    });
    const seconds = await calls(lists.flat(2));
    let next = 0;
    return lists.map((byPoint) =>
      byPoint.map((list) => list.reduce((sum, c) => sum + c.runs * seconds[next++], 0)),
    );
  };
  const programs = (p: Programs): Promise<TimedPrograms> =>
    timePrograms(p, {
      database: o.database,
      arch,
      compiler: o.compiler,
      jobs: o.jobs ?? availableParallelism(),
      cache: o.cache,
      threads,
      flags,
      machine,
      rounds: o.programRounds ?? 40,
      seconds: o.programSeconds ?? 20,
      onCompiling: o.onProgram,
      onRound: o.onRound,
    });
  return { plans, calls, programs, counts: () => ({ timed, known }) };
}
