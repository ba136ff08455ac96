/** Shuffles, votes, atomics, named barriers, asynchronous copies, ldmatrix and mma do what the PTX manual says. */
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { type Bench, simtBench } from "./build.ts";
import { expectSubjects } from "./subjects.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await simtBench();
});
afterAll(() => bench.dispose());

test("primitives", async () => {
  expectSubjects(await bench.run(join(import.meta.dirname, "primitives.cu")));
});
