/** The direct plan of CUDA projects comes back from its lock as it was, one-pass attention with it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile, compileLocked } from "../../../src/pipeline.ts";
import { directLockOf } from "../../../src/search/lock.ts";

test("a lock without choices", async () => {
  const path = join(import.meta.dirname, "../../golden/decoder/model.lum");
  const source = { path, text: readFileSync(path, "utf8") };
  const { set } = JSON.parse(readFileSync(join(path, "../options.json"), "utf8"));
  const options = { set: new Map<string, string>(Object.entries(set ?? {})), target: "cuda" as const };
  const made = compile(source, options);
  const lock = directLockOf(made.model, made.plan, made.buckets);
  expect(lock.plans[0].kernels.map((k) => k.family)).toContain("attention");
  const again = await compileLocked(source, options, { lock, path: "lumc.lock.json" });
  expect([...again.files.keys()]).toEqual([...made.files.keys()]);
  for (const [name, text] of made.files) expect(again.files.get(name), name).toBe(text);
});
