/** Llama with its q, k and v, and its gate and up, in one kernel each: prompt and decoding against PyTorch. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { BucketPlan } from "../../../src/ir/plan.ts";
import { finish, front } from "../../../src/pipeline.ts";
import { mergedPlan } from "../../emit/merged-cases.ts";
import { loadFixture, relativeError, row } from "../../models/fixtures.ts";
import { buildEmulated, loadEmulated } from "./build.ts";

test("llama agrees with its reference", async () => {
  const f = loadFixture("llama");
  const source = { path: f.model, text: readFileSync(f.model, "utf8") };
  const bucket: BucketPlan["bucket"] = new Map([["s", { low: 1, high: 1 }]]);
  const start = front(source, { set: f.set });
  const one = front(source, { set: f.set, bucket });
  const buckets = [{ bucket, plan: mergedPlan(one.hlir) }];
  const made = finish(start, mergedPlan(start.hlir), buckets, "merging", { target: "cuda" });
  const merged = made.program.kernels.flatMap((k) => k.body.filter((s) => s.kind === "merged"));
  expect(merged.map((s) => s.parts.length)).toEqual([3, 2, 3, 2]);

  const build = await buildEmulated(made);
  try {
    using model = loadEmulated(build, f.weights);
    const tokens = Int32Array.from(f.io.get("tokens")!.data);
    const logits = f.io.get("logits")!;
    const call = (pos: number, s: number) =>
      model.run("forward", { s, pos }, { tokens: tokens.slice(pos, pos + s) }).logits as Float32Array;
    expect(relativeError(call(0, tokens.length), row(logits, tokens.length - 1))).toBeLessThan(f.tolerance);
    model.resetState();
    tokens.forEach((_, pos) =>
      expect(relativeError(call(pos, 1), row(logits, pos)), `position ${pos}`).toBeLessThan(f.tolerance),
    );
  } finally {
    build.remove();
  }
}, 600_000);
