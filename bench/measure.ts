/** Times several things in turn, so that what disturbs the machine disturbs all of them. */

export type Timed = { readonly call: (number: number) => void };

export type Effort = {
  readonly rounds: number;
  /** Milliseconds of calls per thing and round. */
  readonly block: number;
  /** The wall's where it isn't given. */
  readonly clock?: Clock;
};

/**
 * What counts as time: that of the wall, or what the processor gave this process. The latter stays true beside
 * other work, but says something for one thread only.
 */
export type Clock = "wall" | "cpu";

const now: Readonly<Record<Clock, () => number>> = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3;
  },
};

/** Seconds a call: order statistics over all samples, and the median of each round. */
export type Sample = {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly samples: number;
  readonly rounds: readonly number[];
};

/** Calls shorter than this are timed several at a time. */
const SAMPLE_SECONDS = 400e-6;

/** A B A B …: every round runs a block of each; the first calls of a block warm up and are not counted. */
export function interleave(all: readonly Timed[], effort: Effort): Sample[] {
  const time = now[effort.clock ?? "wall"];
  const perSample = all.map((timed) => callsPerSample(timed, time));
  const rounds = all.map((): number[][] => []);
  let number = 0;
  for (let round = 0; round < effort.rounds; round++) {
    all.forEach((timed, i) => {
      settle();
      const samples: number[] = [];
      const end = time() + effort.block;
      const warmUntil = time() + effort.block / 8;
      do timed.call(number++);
      while (time() < warmUntil);
      do {
        const start = time();
        for (let n = 0; n < perSample[i]; n++) timed.call(number++);
        samples.push((time() - start) / 1e3 / perSample[i]);
      } while (time() < end || samples.length < 3);
      rounds[i].push(samples);
    });
  }
  return rounds.map(summarize);
}

function callsPerSample(timed: Timed, time: () => number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 5; n++) {
    const start = time();
    timed.call(n);
    fastest = Math.min(fastest, (time() - start) / 1e3);
  }
  return Math.max(1, Math.ceil(SAMPLE_SECONDS / fastest));
}

/** Worker threads of the side that ran before spin on for a while; they must not run beside the next one. */
export function settle(): void {
  const slice = 5;
  for (let waited = 0; waited < 400; waited += slice) {
    const before = process.cpuUsage();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slice);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1e3 < slice * 0.2) return;
  }
}

function summarize(rounds: readonly number[][]): Sample {
  const all = rounds.flat();
  return {
    median: quantile(all, 0.5),
    p10: quantile(all, 0.1),
    p90: quantile(all, 0.9),
    samples: all.length,
    rounds: rounds.map((samples) => quantile(samples, 0.5)),
  };
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}
