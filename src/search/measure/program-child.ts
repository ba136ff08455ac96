/**
 * Times whole programs in rounds: one after the other, again and again, so that what disturbs the machine disturbs
 * all of them. A process of its own, because a program that crashes must not end the search; told by a file, it
 * answers a line for each round.
 */
import { readFileSync } from "node:fs";
import { generator } from "../../generate/sampler.ts";
import { isFloat } from "../../ir/dtype.ts";
import { fromFloat32, type ModelSpec, NativeModel, type TypedArray } from "../../loader/native.ts";
import {
  type JobAnswer,
  type JobCall,
  type JobPoint,
  type JobTensor,
  leastRounds,
  leastSlowRounds,
  type ProgramJob,
} from "./program-job.ts";

/** Calls shorter than this are timed several at a time. */
const sampleSeconds = 1e-3;

/** A round counts the least of so many samples, where calls are short: what else runs on the machine comes in bursts. */
const samples = 3;
const shortSeconds = 0.05;

/** A rival whose first calls take so many times the best one's is not worth a round. */
const hopeless = 3;

/** Least rounds may take so many times the seconds that were asked for. */
const mostOver = 4;

type Rival = { readonly run: () => void };

const say = (answer: JobAnswer): void => {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
};

function main(path: string): void {
  const job = JSON.parse(readFileSync(path, "utf8")) as ProgramJob;
  for (const [number, point] of job.points.entries()) {
    const models = point.rivals.map(
      (r) =>
        new NativeModel(job.libraries[r], specOf(job, point), {
          weights: job.weights,
          threads: job.threads,
          cache: "",
        }),
    );
    timePoint(number, point, models);
    for (const m of models) m.close();
    say({ point: number, done: true });
  }
}

function timePoint(number: number, point: JobPoint, models: readonly NativeModel[]): void {
  const feeds = point.calls.map((call, k) =>
    Object.fromEntries(call.inputs.map((t, i) => [t.name, randomArray(t, 1 + 100 * k + i)])),
  );
  const rivals = models.map((model): Rival => {
    const outputs = point.calls.map((): { readonly [name: string]: TypedArray } => ({}));
    const run = (): void =>
      point.calls.forEach((call, k) => {
        outputs[k] = model.run(call.entry, Object.fromEntries(call.dims), feeds[k], outputs[k]);
      });
    return { run };
  });
  // The first two always run: the plan that would be taken and the direct one.
  const first: number[] = [];
  for (const r of rivals) {
    const isLate = first.length >= 2 && leastRounds * sum(first) > mostOver * point.seconds;
    const cold = isLate ? Infinity : timed(r, 1);
    first.push(cold > shortSeconds ? cold : timed(r, 1));
  }
  const best = Math.min(...first);
  const stays = (i: number): boolean => i < 2 || first[i] < hopeless * best;
  const enough =
    leastRounds * sum(first.slice(0, 2)) > mostOver * point.seconds ? leastSlowRounds : leastRounds;
  const calls = Math.max(1, Math.ceil(sampleSeconds / best));
  const tries = best < shortSeconds ? samples : 1;
  const end = performance.now() + 1000 * point.seconds;
  for (let round = 0; round < point.rounds; round++) {
    if (round >= enough && performance.now() > end) break;
    const seconds: (number | null)[] = rivals.map(() => null);
    for (let k = 0; k < rivals.length; k++) {
      const i = (k + round) % rivals.length;
      if (!stays(i)) continue;
      if (tries > 1) rivals[i].run();
      seconds[i] = Math.min(...Array.from({ length: tries }, () => timed(rivals[i], calls)));
    }
    say({ point: number, round, seconds });
  }
}

function timed({ run }: Rival, calls: number): number {
  const start = performance.now();
  for (let n = 0; n < calls; n++) run();
  return (performance.now() - start) / 1e3 / calls;
}

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);

/** The model's description with the sizes of one point. */
function specOf(job: ProgramJob, point: JobPoint): ModelSpec {
  const tensor = (t: JobTensor) => ({ ...t, text: `[${t.shape.join(", ")}]`, shape: () => t.shape });
  const entry = (c: JobCall): ModelSpec["entries"][number] => ({
    name: c.entry,
    function: c.function,
    dims: c.dims.map(([name, value]) => ({ name, range: `${value}`, low: () => value, high: () => value })),
    inputs: c.inputs.map(tensor),
    outputs: c.outputs.map(tensor),
    taps: [],
  });
  return { name: job.model, prefix: job.prefix, entries: point.calls.map(entry), states: [] };
}

/** From -1 to 1, or integers below the limit; the same for equal seeds. */
function randomArray({ dtype, shape, limit }: JobTensor, seed: number): TypedArray {
  const next = generator(seed);
  const length = shape.reduce((n, size) => n * size, 1);
  const floats = (): Float32Array => Float32Array.from({ length }, () => 2 * next() - 1);
  const whole = (): number => Math.floor((limit ?? 2) * next());
  if (dtype === "bf16" || dtype === "f16") return fromFloat32(floats(), dtype);
  if (dtype === "f64") return Float64Array.from(floats());
  if (dtype === "f32") return floats();
  // Of 8 bits: between about 0.01 and 1, of both signs.
  if (isFloat(dtype))
    return Uint8Array.from({ length }, () => (next() < 0.5 ? 0x80 : 0) | (0x20 + Math.floor(16 * next())));
  if (dtype === "i64") return BigInt64Array.from({ length }, () => BigInt(whole()));
  if (dtype === "i32") return Int32Array.from({ length }, whole);
  if (dtype === "i16") return Int16Array.from({ length }, whole);
  if (dtype === "i8") return Int8Array.from({ length }, whole);
  return Uint8Array.from({ length }, whole);
}

try {
  main(process.argv[2]);
} catch (error) {
  say({ failed: error instanceof Error ? error.message : String(error) });
}
