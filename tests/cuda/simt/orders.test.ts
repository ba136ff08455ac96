/** Work in streams is done late: numbers are wrong wherever the host forgets an order that it needs, and right where not. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, simtBench } from "./build.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await simtBench();
});
afterAll(() => bench.dispose());

test("each forgotten order shows, and its twin is right", async () => {
  const output = await bench.run(join(import.meta.dirname, "orders.cu"));
  const lines = output.split("\n").filter((line) => /^\w+ \w+$/.test(line));
  expect(Object.fromEntries(lines.map((line) => line.split(" ")))).toEqual({
    waited_for: "right",
    another_stream_waited_for: "wrong",
    event_between: "right",
    event_by_host: "right",
    event_forgotten: "wrong",
    event_before_its_record: "wrong",
    staging_waited_for: "right",
    staging_overwritten: "wrong",
    default_then_its_stream: "right",
    default_waited_for: "right",
    default_then_own_stream: "wrong",
    stream_then_default: "right",
    own_stream_then_default: "wrong",
    fill_waited_for: "right",
    fill_too_late: "wrong",
    graph_in_its_stream: "right",
    graph_not_waited_for: "wrong",
    time_of_what_is_done: "right",
    time_of_what_is_under_way: "cudaErrorNotReady",
  });
});
