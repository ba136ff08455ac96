// Ten thousand e-graphs, made, used and disposed of: does the process grow?
//   npm run bench:memory
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadEngine } from "../dist/index.js";

const CYCLES = 10_000;
const PROGRAM =
  "(datatype E (Num i64) (Add E E)) (rewrite (Add a b) (Add b a)) (let $e (Add (Num 1) (Num 2))) (run 3) (extract $e)";

const engine = await loadEngine();

function cycle(): void {
  const g = engine.create();
  const result = g.run(PROGRAM);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  g.dispose();
}

function residentMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}

const samples: { cycles: number; residentMb: number }[] = [];
for (let done = 0; done <= CYCLES; done++) {
  if (done % 1000 === 0) samples.push({ cycles: done, residentMb: Math.round(residentMb() * 10) / 10 });
  cycle();
}
console.table(samples);
const path = fileURLToPath(new URL("results/memory.json", import.meta.url));
writeFileSync(path, `${JSON.stringify({ node: process.version, program: PROGRAM, samples }, null, 2)}\n`);
