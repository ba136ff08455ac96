/** The SIMT layer finds every kind of fault that it promises to, and none where there is none. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, simtBench } from "./build.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await simtBench();
});
afterAll(() => bench.dispose());

const source = join(import.meta.dirname, "faults.cu");

/** Kind of fault by kernel, as printed. */
async function faults(checked: boolean): Promise<Record<string, string>> {
  const output = await bench.run(source, { checked });
  const lines = output.split("\n").filter((line) => /^\w+ [\w-]+$/.test(line));
  return Object.fromEntries(lines.map((line) => line.split(" ")));
}

test("each planted fault is found, and its twin is not blamed", async () => {
  expect(await faults(true)).toEqual({
    global_inside: "none",
    global_read_past_end: "out-of-bounds",
    global_write_past_end: "out-of-bounds",
    global_read_before_start: "out-of-bounds",
    global_atomic_past_end: "out-of-bounds",
    vector_inside: "none",
    vector_past_end: "out-of-bounds",
    vector_misaligned: "misaligned",
    store_misaligned: "misaligned",
    scalar_misaligned: "misaligned",
    host_memory: "out-of-bounds",
    other_threads_local: "out-of-bounds",
    shared_exchange: "none",
    shared_past_end: "out-of-bounds",
    shared_unwritten: "uninitialized",
    shared_read_too_early: "race",
    shared_write_too_early: "race",
    shared_write_after_all_read: "none",
    shared_two_writers: "race",
    warp_exchange: "none",
    warp_exchange_across_warps: "race",
    warp_exchange_without_barrier: "race",
    shared_atomics: "none",
    shared_atomic_and_plain: "race",
    named_barrier: "none",
    named_barrier_forgotten: "race",
    barrier_in_one_branch: "divergence",
    barriers_in_two_branches: "divergence",
    exit_before_barrier: "divergence",
    barrier_loop_counts_differ: "divergence",
    shuffle_whole_warp: "none",
    shuffle_in_branch: "inactive-lane",
    shuffle_after_exit: "inactive-lane",
    shuffle_against_ballot: "inactive-lane",
    shuffle_against_barrier: "inactive-lane",
    copy_waited_for: "none",
    copy_read_before_wait: "pending-copy",
    copy_wait_for_an_older_group: "pending-copy",
    copy_without_barrier: "race",
    copy_over_what_is_read: "race",
    copy_past_end: "out-of-bounds",
    copy_guarded: "none",
    copy_misaligned: "misaligned",
    ldmatrix_unwritten: "uninitialized",
    ldmatrix_misaligned: "misaligned",
  });
});

test("without instrumented accesses, divergence and the wrappers' accesses are still checked", async () => {
  expect(await faults(false)).toMatchObject({
    global_read_past_end: "none",
    shared_two_writers: "none",
    ldmatrix_unwritten: "none",
    vector_past_end: "out-of-bounds",
    copy_misaligned: "misaligned",
    barrier_in_one_branch: "divergence",
    shuffle_after_exit: "inactive-lane",
  });
});
