/** Plans that the search finds, with buckets of their own, against PyTorch: every bucket, and what is in none. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseBucket } from "../../src/ir/bucket.ts";
import type { NativeModel } from "../../src/loader/native.ts";
import { directPlan } from "../../src/lower/direct/direct.ts";
import { compileSearched, finish, front } from "../../src/pipeline.ts";
import { buildCompiled, loadBuild, type TestBuild } from "./build.ts";
import { loadFixture, relativeError, row } from "./fixtures.ts";

const buckets = ["s=1", "s=2..3"].map((text) => parseBucket(text)!);

describe.each(["llama", "gpt2", "gemma2"] as const)("%s", (name) => {
  const f = loadFixture(name);
  const tokens = Int32Array.from(f.io.get("tokens")!.data);
  const logits = f.io.get("logits")!;
  let made: TestBuild;
  let model: NativeModel;
  beforeAll(async () => {
    const source = { path: f.model, text: readFileSync(f.model, "utf8") };
    made = await buildCompiled(await compileSearched(source, { set: f.set, buckets }));
    model = loadBuild(made, { weights: f.weights });
  });
  afterAll(() => {
    model?.close();
    made?.remove();
  });

  const call = (pos: number, s: number) =>
    model.run("forward", { s, pos }, { tokens: tokens.slice(pos, pos + s) }).logits as Float32Array;

  test("a routine for each bucket", () => {
    const [entry] = made.compilation.program.entries;
    expect(entry.variants.map((v) => v.bucket)).toEqual(buckets);
    expect(made.compilation.files.get("src/model.cpp")).toContain("if (s == 1) return run_forward_s1(");
  });

  test.each([tokens.length, 4, 3, 2, 1])("%d tokens at a time", (s) => {
    model.resetState();
    for (let pos = 0; pos + s <= tokens.length; pos += s)
      expect(relativeError(call(pos, s), row(logits, pos + s - 1)), `position ${pos}`).toBeLessThan(
        f.tolerance,
      );
  });

  test("buckets take over from one another", () => {
    model.resetState();
    let pos = 0;
    for (const s of [2, 1, 1, 3, 1, 4].filter((_, i, all) => sum(all.slice(0, i + 1)) <= tokens.length)) {
      expect(relativeError(call(pos, s), row(logits, pos + s - 1)), `position ${pos}`).toBeLessThan(
        f.tolerance,
      );
      pos += s;
    }
  });
});

describe("resnet", () => {
  const f = loadFixture("resnet");
  let made: TestBuild;
  let model: NativeModel;
  beforeAll(async () => {
    const source = { path: f.model, text: readFileSync(f.model, "utf8") };
    // What the cost model makes of such small sizes must not decide what is tested.
    const { hlir } = front(source, { set: f.set });
    const planned = directPlan(hlir, { winograd: () => 4 });
    made = await buildCompiled(finish({ hlir, warnings: [] }, planned, [], "winograd", {}));
    model = loadBuild(made, { weights: f.weights });
  });
  afterAll(() => {
    model?.close();
    made?.remove();
  });

  test("convolutions by Winograd's filtering agree with their reference, call after call", () => {
    const { program, files } = made.compilation;
    const filters = program.weights.filter((w) => w.layout.kind === "filters");
    expect(filters.length).toBeGreaterThan(3);
    expect(files.get("src/model.cpp")).toContain("lum::WinogradFilters<4>{");
    const entry = model.spec.entries[0];
    const inputs = Object.fromEntries(
      entry.inputs.map((i) => [i.name, Float32Array.from(f.io.get(i.name)!.data)]),
    );
    for (let call = 0; call < 3; call++) {
      const outputs = model.run(entry.name, f.dims, inputs);
      for (const o of entry.outputs)
        expect(relativeError(outputs[o.name] as Float32Array, f.io.get(o.name)!.data), o.name).toBeLessThan(
          f.tolerance,
        );
    }
  });
});

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
