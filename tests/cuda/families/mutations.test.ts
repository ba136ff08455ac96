/** Faults planted in the runtime's headers are found where its kernels run: a barrier left out, a bound too far. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, simtBench } from "../simt/build.ts";

let bench: Bench;
let folder: string;
beforeAll(async () => {
  bench = await simtBench();
  folder = mkdtempSync(join(tmpdir(), "lum-mutations-"));
});
afterAll(() => {
  bench.dispose();
  rmSync(folder, { recursive: true, force: true });
});

type Edit = { readonly file: string; readonly from: string; readonly to: string };

/** Edits in different families at once: each kernel meets its own. */
async function faultsAfter(name: string, edits: readonly Edit[]): Promise<string[]> {
  const runtime = join(folder, name, "runtime");
  cpSync(join(import.meta.dirname, "../../../templates/cuda/runtime"), runtime, { recursive: true });
  for (const { file, from, to } of edits) {
    const text = readFileSync(join(runtime, file), "utf8");
    expect(text.split(from).length, `${file}: ${from}`).toBe(2);
    writeFileSync(
      join(runtime, file),
      text.replace(from, () => to),
    );
  }
  const output = await bench.run(join(import.meta.dirname, "mutations.cu"), {
    runtime: join(folder, name),
  });
  return output.trim().split("\n");
}

const stepBarrier = "barrier();  // step kt is there for all, and step kt - 1 has been read by all";

test("as they are", async () => {
  expect(await faultsAfter("none", [])).toEqual(["mma none", "fma none", "skinny none", "attention none"]);
});

test("barriers left out", async () => {
  const edits = [
    { file: "gemm_mma.cuh", from: stepBarrier, to: "" },
    { file: "gemm_fma.cuh", from: stepBarrier, to: "" },
    {
      file: "gemv.cuh",
      from: "sums[warp() * Rows + r] = sum[r];\n        barrier();",
      to: "sums[warp() * Rows + r] = sum[r];",
    },
    {
      file: "attention.cuh",
      from: "barrier();  // tile t is there for all, and tile t - 1 has been read by all",
      to: "",
    },
  ];
  // Who reads a neighbour's copy or sum before it is there meets one of these first.
  const found = await faultsAfter("barriers", edits);
  const kinds = "(race|uninitialized|pending-copy)";
  for (const [i, kernel] of ["mma", "fma", "skinny", "attention"].entries())
    expect(found[i]).toMatch(new RegExp(`^${kernel} ${kinds}$`));
});

test("copies not waited for, and bounds too far", async () => {
  const found = await faultsAfter("bounds", [
    { file: "gemm_mma.cuh", from: "copy_async_wait<Stages - 2>();", to: "copy_async_wait<Stages - 1>();" },
    { file: "gemm_fma.cuh", from: "if (column < n) store", to: "if (column < n + 1) store" },
    { file: "gemv.cuh", from: "at < k; at += kWarp", to: "at < k + 100000; at += kWarp" },
    { file: "attention.cuh", from: "rows || c >= dv) continue;", to: "rows + 40 || c >= dv) continue;" },
  ]);
  expect(found).toEqual([
    "mma pending-copy",
    "fma out-of-bounds",
    "skinny out-of-bounds",
    "attention out-of-bounds",
  ]);
});
