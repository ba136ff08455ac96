/**
 * What must hold on a GPU: the fixtures of the tests under the SIMT layer, built for the device, called through the
 * loader. Plain functions, so that a machine without the test runner can run them too (`bench/device/run.sh`).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Compiled } from "../../src/emit/compile.ts";
import { recordCase } from "../../src/emit/vectors.ts";
import { writeProject } from "../../src/emit/write.ts";
import { argmax } from "../../src/generate/sampler.ts";
import { parseBucket } from "../../src/ir/bucket.ts";
import { NativeModel, type TypedArray, toFloat32 } from "../../src/loader/native.ts";
import { modelSpec } from "../../src/loader/spec.ts";
import { type Tensor, tensor } from "../../src/lower/tensor.ts";
import { type CompileOptions, compile } from "../../src/pipeline.ts";
import type { Writer } from "../emit/run-kernels.ts";
import { type Fixture, type FixtureName, loadFixture, relativeError, row } from "../models/fixtures.ts";
import { kernelGroups, runKernelGroup } from "./kernels.ts";

/** How a project is built here. */
export type Builder = {
  readonly arch: string;
  /** Folder for projects. */
  readonly work: string;
  readonly compile: (dir: string) => Promise<Compiled>;
  /** How kernels without a project around them are. */
  readonly writer: () => Writer;
};

/** A project with its self-test, which holds recorded cases. */
export type Checked = {
  readonly name: string;
  readonly dir: string;
  readonly compiled: Compiled;
  readonly weights: string;
};

export type Check = {
  readonly name: string;
  /** Throws where something is wrong. */
  readonly run: (builder: Builder) => Promise<Checked | undefined>;
};

function expectBelow(error: number, tolerance: number, what: string): void {
  if (!(error < tolerance)) throw new Error(`${what}: error ${error.toExponential(2)}, allowed ${tolerance}`);
}

const numbers = (a: TypedArray, dtype: string): ArrayLike<number> =>
  dtype === "bf16" || dtype === "f16" ? toFloat32(a as Uint16Array, dtype) : (a as Float32Array);

const native = (t: Tensor): TypedArray =>
  t.dtype === "i32" ? Int32Array.from(t.data) : Float32Array.from(t.data);

type Opened = Checked & { readonly model: NativeModel };

async function open(f: Fixture, name: string, b: Builder, options: CompileOptions = {}): Promise<Opened> {
  const source = { path: f.model, text: readFileSync(f.model, "utf8") };
  const { files, program } = compile(source, { set: f.set, target: "cuda", arch: b.arch, ...options });
  const dir = join(b.work, name);
  writeProject(files, dir, { force: true });
  const compiled = await b.compile(dir);
  const model = new NativeModel(compiled.library, modelSpec(program), { weights: f.weights, cache: "" });
  return { name, dir, compiled, weights: f.weights, model };
}

/** A model without state: the first call records its graph, the second replays it. */
const encoder = (name: FixtureName): Check => ({
  name,
  run: async (b) => {
    const f = loadFixture(name);
    const { model, ...checked } = await open(f, name, b);
    using _ = model;
    const [entry] = model.spec.entries;
    const inputs = Object.fromEntries(entry.inputs.map((i) => [i.name, native(f.io.get(i.name)!)]));
    for (const call of ["first", "second"]) {
      const outputs = model.run(entry.name, f.dims, inputs);
      for (const o of entry.outputs) {
        const error = relativeError(numbers(outputs[o.name], o.dtype), f.io.get(o.name)!.data);
        expectBelow(error, f.tolerance, `${o.name}, ${call} call`);
      }
    }
    const of = (list: readonly { name: string }[]) =>
      Object.fromEntries(list.map(({ name: n }) => [n, f.io.get(n)!]));
    recordCase(checked.dir, {
      name: "01",
      entry: entry.name,
      dims: f.dims,
      tolerance: f.tolerance,
      inputs: of(entry.inputs),
      outputs: of(entry.outputs),
    });
    return checked;
  },
});

/** A prompt at once, the same token by token on one graph, and on from there as the reference did. */
const decoder = (name: FixtureName, title: string, overrides: Record<string, string> = {}): Check => ({
  name: title,
  run: async (b) => {
    const f = loadFixture(name, overrides);
    const buckets = overrides.T === undefined ? [] : [parseBucket("s=1")!];
    const { model, ...checked } = await open(f, title.replaceAll(" ", "-"), b, { buckets });
    using _ = model;
    const tolerance = overrides.T === undefined ? f.tolerance : 2e-2;
    const tokens = Int32Array.from(f.io.get("tokens")!.data);
    const logits = f.io.get("logits")!;
    const { dtype } = model.spec.entries[0].outputs[0];
    const call = (pos: number, s: number, given = tokens.slice(pos, pos + s)): ArrayLike<number> =>
      numbers(model.run("forward", { s, pos }, { tokens: given }).logits, dtype);
    const last = tokens.length - 1;
    expectBelow(relativeError(call(0, tokens.length), row(logits, last)), tolerance, "the prompt at once");
    model.resetState();
    for (let pos = 0; pos < tokens.length; pos++)
      expectBelow(relativeError(call(pos, 1), row(logits, pos)), tolerance, `position ${pos}`);
    if (overrides.T === undefined) {
      model.resetState();
      let found = argmax(Float32Array.from(call(0, tokens.length)));
      f.greedy.slice(0, 4).forEach((token, i) => {
        if (found !== token) throw new Error(`token ${i} is ${found}, not ${token}`);
        found = argmax(Float32Array.from(call(tokens.length + i, 1, Int32Array.of(token))));
      });
    }
    refusesOutside(model);
    recordDecoder(checked.dir, tokens, logits, tolerance);
    return checked;
  },
});

/** An index outside of the vocabulary is a fault that leaves the model usable. */
function refusesOutside(model: NativeModel): void {
  try {
    model.run("forward", { s: 1, pos: 0 }, { tokens: Int32Array.of(1_000_000) });
  } catch (error) {
    if (/LUM6007/.test(String(error))) return;
    throw error;
  }
  throw new Error("an index outside of the vocabulary was taken");
}

function recordDecoder(dir: string, tokens: Int32Array, logits: Tensor, tolerance: number): void {
  const prompt = tokens.length - 1;
  const part = (name: string, pos: number, s: number): void => {
    const expected = row(logits, pos + s - 1);
    recordCase(dir, {
      name,
      entry: "forward",
      dims: { s, pos },
      tolerance,
      inputs: { tokens: tensor("i32", [s], tokens.subarray(pos, pos + s)) },
      outputs: { logits: tensor("f32", [expected.length], expected) },
    });
  };
  part("01-prompt", 0, prompt);
  part("02-token", prompt, 1);
}

const kernelChecks: readonly Check[] = kernelGroups.map((group, i) => ({
  name: `kernels ${i + 1}: ${group[0].name} and ${group.length - 1} more`,
  run: async (b) => {
    await runKernelGroup(group, b.writer(), b.arch);
    return undefined;
  },
}));

export const deviceChecks: readonly Check[] = [
  ...kernelChecks,
  encoder("bert"),
  encoder("resnet"),
  encoder("whisper-encoder"),
  decoder("llama", "llama"),
  decoder("gpt2", "gpt2"),
  decoder("qwen3", "qwen3"),
  decoder("gemma2", "gemma2"),
  decoder("llama", "llama in bf16", { T: "bf16" }),
];
