/** Every kernel family under the SIMT layer against loops in double: storage types, odd sizes, views. */
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { type Bench, simtBench } from "../simt/build.ts";
import { expectSubjects } from "../simt/subjects.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await simtBench();
});
afterAll(() => bench.dispose());

const programs = ["gemm_mma", "gemm_fma", "gemv", "attention", "rows"] as const;

for (const program of programs) {
  test(program, async () => {
    expectSubjects(await bench.run(join(import.meta.dirname, `${program}.cu`)));
  });
}
