/** The CPU target against PyTorch and transformers: the whole line, through the loader. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { argmax } from "../../src/generate/sampler.ts";
import { type NativeModel, type TypedArray, toFloat32 } from "../../src/loader/native.ts";
import type { Tensor } from "../../src/lower/tensor.ts";
import { buildForTest, loadBuild, type TestBuild } from "./build.ts";
import { type Fixture, type FixtureName, loadFixture, relativeError, row } from "./fixtures.ts";

const builds: TestBuild[] = [];
afterAll(() => builds.forEach((b) => b.remove()));

async function build(f: Fixture): Promise<NativeModel> {
  const made = await buildForTest({ path: f.model, text: readFileSync(f.model, "utf8") }, { set: f.set });
  builds.push(made);
  return loadBuild(made, { weights: f.weights });
}

const numbers = (a: TypedArray, dtype: string): ArrayLike<number> =>
  dtype === "bf16" ? toFloat32(a as Uint16Array, "bf16") : (a as Float32Array);

const native = (t: Tensor): TypedArray =>
  t.dtype === "i32" ? Int32Array.from(t.data) : Float32Array.from(t.data);

describe.each(["bert", "resnet", "whisper-encoder"] as const)("%s", (name) => {
  const f = loadFixture(name);
  let model: NativeModel;
  beforeAll(async () => {
    model = await build(f);
  });
  afterAll(() => model.close());

  test("agrees with its reference on the first, second and hundredth call", () => {
    const entry = model.spec.entries[0];
    const inputs = Object.fromEntries(entry.inputs.map((i) => [i.name, native(f.io.get(i.name)!)]));
    for (let call = 1; call <= 100; call++) {
      const outputs = model.run(entry.name, f.dims, inputs);
      if (call > 2 && call < 100) continue;
      for (const o of entry.outputs)
        expect(
          relativeError(numbers(outputs[o.name], o.dtype), f.io.get(o.name)!.data),
          `${o.name}, call ${call}`,
        ).toBeLessThan(f.tolerance);
    }
  });
});

describe.each(["llama", "gpt2", "qwen3", "gemma2", "gpt-trained"] as const)("%s", (name: FixtureName) => {
  const f = loadFixture(name);
  const tokens = Int32Array.from(f.io.get("tokens")!.data);
  const logits = f.io.get("logits")!;
  let model: NativeModel;
  beforeAll(async () => {
    model = await build(f);
  });
  afterAll(() => model.close());

  const call = (pos: number, s: number) =>
    model.run("forward", { s, pos }, { tokens: tokens.slice(pos, pos + s) }).logits as Float32Array;

  test("the prompt at once agrees with its reference", () => {
    expect(relativeError(call(0, tokens.length), row(logits, tokens.length - 1))).toBeLessThan(f.tolerance);
  });

  test("token by token it gives the same, at every position", () => {
    model.resetState();
    tokens.forEach((_, pos) =>
      expect(relativeError(call(pos, 1), row(logits, pos)), `position ${pos}`).toBeLessThan(f.tolerance),
    );
  });

  test("greedily it goes on as its reference did", () => {
    model.resetState();
    const last = f.greedy.reduce<Float32Array>(
      (logits, token, i) => {
        expect(argmax(logits), `token ${i}`).toBe(token);
        return model.run("forward", { s: 1, pos: tokens.length + i }, { tokens: Int32Array.of(token) })
          .logits as Float32Array;
      },
      call(0, tokens.length),
    );
    expect(last.length).toBe(logits.shape[1]);
  });

  test("the hundredth call is as right as the first", () => {
    for (let i = 0; i < 99; i++) call(0, tokens.length);
    expect(relativeError(call(0, tokens.length), row(logits, tokens.length - 1))).toBeLessThan(f.tolerance);
  });
});

test.each(["llama", "qwen3", "gemma2"] as const)(
  "%s in bf16 stays close to the f32 reference",
  async (name) => {
    const f = loadFixture(name, { T: "bf16" });
    using model = await build(f);
    const tokens = Int32Array.from(f.io.get("tokens")!.data);
    const { logits } = model.run("forward", { s: tokens.length, pos: 0 }, { tokens });
    expect(relativeError(numbers(logits, "bf16"), row(f.io.get("logits")!, tokens.length - 1))).toBeLessThan(
      2e-2,
    );
  },
);
