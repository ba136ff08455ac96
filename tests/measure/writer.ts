/** Keeps timings in batches for ever, and says after each how many there are; the test kills it. */
import { TimingDatabase } from "../../src/search/measure/database.ts";

const [path, run] = process.argv.slice(2);
const database = TimingDatabase.open(path);
if (database.problems.length > 0) throw new Error(database.problems[0].message);
for (let batch = 0; ; batch++) {
  const rows = Array.from({ length: 50 }, (_, i) => {
    const key = { kernel: `${run}-${batch}-${i}`, form: "f32", flags: "-O3", machine: "here" };
    return [key, 1e-6 * (1 + i)] as const;
  });
  database.keep(rows);
  process.stdout.write(`${50 * (batch + 1)}\n`);
}
