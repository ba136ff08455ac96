import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { failuresOf } from "./batch.ts";
import { randomProgram } from "./programs.ts";

const n = Number(process.argv[2] ?? 200),
  seed = Number(process.argv[3] ?? 1);
const ps = fc.sample(randomProgram, { numRuns: n, seed });
const c0 = process.cpuUsage();
const failures = failuresOf(ps, Number(process.argv[4] ?? 100));
const c = process.cpuUsage(c0);
const counts = new Map<string, number>();
failures.forEach((f, i) => {
  counts.set(f.stage, (counts.get(f.stage) ?? 0) + 1);
  writeFileSync(`/tmp/rf_${seed}_${i}.lum`, f.program.text);
});
for (const [i, f] of failures.slice(0, 40).entries())
  console.log(i, f.stage, f.message.split("\n").slice(0, 6).join("\n").slice(0, 900), "\n--");
console.log(failures.length, "of", n, counts, "cpu own", (c.user + c.system) / 1e6);
