/**
 * Random programs by hand: `npx node tests/random/try.ts [COUNT] [SEED] [IN ONE UNIT]` prints each program that goes
 * wrong, with what went wrong, and ends with 1 if there is one.
 */
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { failuresOf } from "./batch.ts";
import { randomProgram } from "./programs.ts";

function main(words: readonly string[]): void {
  const [count, seed, perUnit] = [200, 1, 100].map((usual, i) => Number(words[i] ?? usual));
  const failures = failuresOf(fc.sample(randomProgram, { numRuns: count, seed }), perUnit);
  const stages = new Map<string, number>();
  for (const { program, stage, message } of failures) {
    stages.set(stage, (stages.get(stage) ?? 0) + 1);
    const start = message.split("\n").slice(0, 6).join("\n").slice(0, 900);
    console.log(`── ${stage}: ${start}\n${program.text}`);
  }
  const found = [...stages].map(([stage, n]) => `${n} in ${stage}`).join(", ");
  console.log(`${failures.length} of ${count} programs of seed ${seed} go wrong${found && `: ${found}`}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
