/**
 * Random programs give the same numbers in the interpreter and as compiled C++: `.lum` texts through the whole
 * compiler, and graphs that no text gives. LUMC_TEST_EFFORT=long runs many more.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { recordLongRun, tries } from "../long-run.ts";
import { failuresOf } from "./batch.ts";
import { graphFailuresOf } from "./graph-batch.ts";
import { randomGraph } from "./graphs.ts";
import { randomProgram } from "./programs.ts";

const [programs, graphs] = [tries(240, 2000), tries(40, 400)];
/** The others are compiled without optimizing, three times as quick: it is what was emitted that is tested there. */
const optimized = tries(80, 2000);
const seed = 20;
recordLongRun("random programs for the CPU", () => ({ seed, programs, graphs }));

const timeout = 600_000 + 8_000 * (programs + graphs);

test(`${programs} random programs`, { timeout }, () => {
  const drawn = fc.sample(randomProgram, { numRuns: programs, seed });
  const failures = [
    ...failuresOf(drawn.slice(0, optimized), 80),
    ...failuresOf(drawn.slice(optimized), 80, "-O0"),
  ];
  expect(failures.map((f) => `${f.stage}: ${f.message}\n${f.program.text}`)).toEqual([]);
});

test(`${graphs} random graphs`, { timeout }, () => {
  const drawn = Array.from({ length: graphs }, (_, i) => randomGraph(i + 1));
  expect(graphFailuresOf(drawn)).toEqual([]);
});
