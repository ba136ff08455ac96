/** Every kernel family under the SIMT layer against loops in double: storage types, odd sizes, views. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, simtBench } from "../simt/build.ts";

type Subject = {
  readonly subject: string;
  readonly cases: number;
  readonly failures: number;
  readonly worst: number;
  readonly first: string;
};

let bench: Bench;
beforeAll(async () => {
  bench = await simtBench();
});
afterAll(() => bench.dispose());

const programs = ["gemm_mma", "gemm_fma", "gemv", "attention", "rows"] as const;

for (const program of programs) {
  test(program, async () => {
    const output = await bench.run(join(import.meta.dirname, `${program}.cu`));
    const subjects = output
      .trim()
      .split("\n")
      .map((line): Subject => JSON.parse(line));
    expect(subjects.length).toBeGreaterThan(1);
    for (const subject of subjects) {
      expect(subject.cases, subject.subject).toBeGreaterThan(0);
      expect(subject, subject.first).toMatchObject({ failures: 0 });
    }
  });
}
