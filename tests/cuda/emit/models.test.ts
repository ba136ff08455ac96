/** The CUDA target under the SIMT layer against PyTorch and transformers: the whole line, through the loader. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { argmax } from "../../../src/generate/sampler.ts";
import { type NativeModel, type TypedArray, toFloat32 } from "../../../src/loader/native.ts";
import type { Tensor } from "../../../src/lower/tensor.ts";
import { compileSearched } from "../../../src/pipeline.ts";
import { cudaMachine } from "../../../src/search/cost-cuda.ts";
import { cudaArchOf, defaultCudaArch } from "../../../src/targets/cuda.ts";
import { type Fixture, loadFixture, relativeError, row } from "../../models/fixtures.ts";
import { buildEmulated, compileFixture, type EmulatedBuild, loadEmulated } from "./build.ts";

const builds: EmulatedBuild[] = [];
afterAll(() => builds.forEach((b) => b.remove()));

async function build(f: Fixture, options: Parameters<typeof compileFixture>[1] = {}): Promise<NativeModel> {
  const made = await buildEmulated(compileFixture(f, options));
  builds.push(made);
  return loadEmulated(made, f.weights);
}

const numbers = (a: TypedArray, dtype: string): ArrayLike<number> =>
  dtype === "bf16" ? toFloat32(a as Uint16Array, "bf16") : (a as Float32Array);

const native = (t: Tensor): TypedArray =>
  t.dtype === "i32" ? Int32Array.from(t.data) : Float32Array.from(t.data);

describe.each(["bert", "resnet", "whisper-encoder"] as const)("%s", (name) => {
  const f = loadFixture(name);

  test("agrees with its reference on the first and second call", async () => {
    using model = await build(f);
    const entry = model.spec.entries[0];
    const inputs = Object.fromEntries(entry.inputs.map((i) => [i.name, native(f.io.get(i.name)!)]));
    for (let call = 1; call <= 2; call++) {
      const outputs = model.run(entry.name, f.dims, inputs);
      for (const o of entry.outputs)
        expect(
          relativeError(numbers(outputs[o.name], o.dtype), f.io.get(o.name)!.data),
          `${o.name}, call ${call}`,
        ).toBeLessThan(f.tolerance);
    }
  }, 300_000);
});

describe.each(["llama", "gpt2", "qwen3", "gemma2"] as const)("%s", (name) => {
  const f = loadFixture(name);
  const tokens = Int32Array.from(f.io.get("tokens")!.data);
  const logits = f.io.get("logits")!;
  let model: NativeModel;
  beforeAll(async () => {
    model = await build(f);
  }, 300_000);
  afterAll(() => model.close());

  const call = (pos: number, s: number) =>
    model.run("forward", { s, pos }, { tokens: tokens.slice(pos, pos + s) }).logits as Float32Array;

  test("the prompt at once agrees with its reference", () => {
    expect(relativeError(call(0, tokens.length), row(logits, tokens.length - 1))).toBeLessThan(f.tolerance);
  });

  test("one recorded graph holds as pos grows", () => {
    model.resetState();
    tokens.forEach((_, pos) =>
      expect(relativeError(call(pos, 1), row(logits, pos)), `position ${pos}`).toBeLessThan(f.tolerance),
    );
  });

  test("greedily it goes on as its reference did", () => {
    model.resetState();
    f.greedy.slice(0, 4).reduce<Float32Array>(
      (logits, token, i) => {
        expect(argmax(logits), `token ${i}`).toBe(token);
        return model.run("forward", { s: 1, pos: tokens.length + i }, { tokens: Int32Array.of(token) })
          .logits as Float32Array;
      },
      call(0, tokens.length),
    );
  });

  test("an index outside of the vocabulary is an error that names the read", () => {
    const wrong = () => model.run("forward", { s: 1, pos: 0 }, { tokens: Int32Array.of(1_000_000) });
    expect(wrong).toThrow(/LUM6007|index 1000000 is outside/);
    model.resetState();
    expect(relativeError(call(0, tokens.length), row(logits, tokens.length - 1))).toBeLessThan(f.tolerance);
  });
});

test("llama in bf16, on tensor cores and with a routine for one token, stays close to the f32 reference", async () => {
  const f = loadFixture("llama", { T: "bf16" });
  const buckets = [new Map([["s", { low: 1, high: 1 }]])];
  using model = await build(f, { buckets });
  const kernels = builds.at(-1)!.compilation.program.kernels.map((k) => k.launch?.tiling?.engine);
  expect(kernels).toContain("mma");
  expect(kernels).toContain("skinny");
  const tokens = Int32Array.from(f.io.get("tokens")!.data);
  const logits = f.io.get("logits")!;
  const call = (pos: number, s: number) => {
    const found = model.run("forward", { s, pos }, { tokens: tokens.slice(pos, pos + s) });
    return relativeError(numbers(found.logits, "bf16"), row(logits, pos + s - 1));
  };
  expect(call(0, tokens.length)).toBeLessThan(2e-2);
  model.resetState();
  for (let pos = 0; pos < 4; pos++) expect(call(pos, 1), `position ${pos}`).toBeLessThan(2e-2);
}, 300_000);

test("llama in bf16 as the search plans it for a GPU stays close to the f32 reference", async () => {
  const f = loadFixture("llama", { T: "bf16" });
  const source = { path: f.model, text: readFileSync(f.model, "utf8") };
  const search = { machine: cudaMachine(cudaArchOf(defaultCudaArch)), evaluations: 200 };
  const compilation = await compileSearched(source, { set: f.set, target: "cuda", search });
  const families = compilation.program.kernels.map((k) => k.family);
  expect(families).toContain("attention");
  const made = await buildEmulated(compilation);
  builds.push(made);
  using model = loadEmulated(made, f.weights);
  const tokens = Int32Array.from(f.io.get("tokens")!.data);
  const logits = f.io.get("logits")!;
  const call = (pos: number, s: number) => {
    const found = model.run("forward", { s, pos }, { tokens: tokens.slice(pos, pos + s) });
    return relativeError(numbers(found.logits, "bf16"), row(logits, pos + s - 1));
  };
  expect(call(0, tokens.length)).toBeLessThan(2e-2);
  model.resetState();
  for (let pos = 0; pos < 4; pos++) expect(call(pos, 1), `position ${pos}`).toBeLessThan(2e-2);
}, 300_000);
