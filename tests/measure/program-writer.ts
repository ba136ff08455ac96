/** Times the small programs into a database, and says each round; the test kills it. */
import { TimingDatabase } from "../../src/search/measure/database.ts";
import { createMeasurer } from "../../src/search/measure/measure.ts";
import { smallPrograms } from "./program-fixture.ts";

const database = TimingDatabase.open(process.argv[2]);
const measurer = await createMeasurer({
  database,
  programRounds: 6,
  programSeconds: 60,
  onRound: ({ at, round }) => process.stdout.write(`${at}, round ${round}\n`),
});
const timed = await measurer.programs!(await smallPrograms());
process.stdout.write(`${JSON.stringify(timed)}\n`);
