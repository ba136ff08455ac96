/** Models whose names C++, the C interface or the project itself keep: every source still compiles, warnings as errors. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { archFlags, hostArch, languageFlags } from "../../src/emit/arch.ts";
import { identifier, modelId, Names, pascalCase, snakeCase } from "../../src/emit/names.ts";
import { runTool } from "../../src/emit/toolchain.ts";
import { writeProject } from "../../src/emit/write.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { toBytes } from "../../src/lower/tensor.ts";
import { compile } from "../../src/pipeline.ts";
import { writeSafetensors } from "../../src/weights/tensor-data.ts";
import { isLong, recordLongRun } from "../long-run.ts";
import { buildForTest, inOneUnit, loadBuild } from "../models/build.ts";
import { randomInputs, randomWeights } from "./random-tensors.ts";

const hostile = `model Index(T: dtype = bf16) {
  dim rows in 1..5
  input mask: bool[rows]
  input double: f16[rows]
  weight arena: T[4]
  state memory: T[2, 4] = -1.5
  state flags: bool[3]
  n[i, d] = where(mask[i], double[i] * arena[d], 0.0)
  entry create {
    memory[0, d] := sum(i) n[i, d]
    output model[i, d] = n[i, d] + memory[0, d]
  }
  entry run {
    output weights[d] = memory[1, d] as f64
  }
}
`;

/** No input, no weight, no dim, no state. */
const bare = `model Exp {
  output y[i in 0..3] = i * 2 as f32
}
`;

/** A model with these names in every place where a model has names; `rotation` moves each to the next place. */
function everywhere(names: readonly string[], rotation: number): string {
  const n = (place: number): string => names[(place + rotation) % names.length];
  return `model Math(${n(0)} = 4) {
  dim ${n(1)} in 1..5
  input ${n(2)}: f32[${n(1)}, ${n(0)}]
  input ${n(3)}: i32[${n(1)}]
  weight ${n(4)}: f32[8, ${n(0)}]
  state ${n(5)}: f32[8, 8]
  ${n(6)} = [1.0, 2.0, 0.5, 0.25]
  entry ${n(7)} {
    ${n(8)}[${n(9)}, ${n(10)}] = tanh(sum(${n(11)}) ${n(2)}[${n(9)}, ${n(11)}] * ${n(6)}[${n(11)}] * ${n(4)}[${n(10)}, ${n(11)}])
    ${n(12)} = ${n(8)}
    for ${n(13)} in 0..3 prefix "part{${n(13)}}" {
      weight ${n(14)}: f32[8, 8]
      ${n(12)}[t, u] = ${n(12)}[t, u] + sum(w) ${n(12)}[t, w] * ${n(14)}[u, w] * (${n(13)} + 1)
    }
    ${n(5)}[0, d] := ${n(12)}[0, d]
    ${n(15)}[${n(9)}] = max(d) (${n(12)}[${n(9)}, d] + ${n(5)}[${n(3)}[${n(9)}] % 8, d] * ${n(9)})
    ${n(16)}[i] = ${n(15)}[i] * 2
    tap ${n(16)}
    output ${n(17)}[i, ${n(18)}] = ${n(12)}[i, ${n(18)}] - ${n(15)}[i] + ${n(15)}[${n(3)}[i]]
    output ${n(19)}[i] = ${n(15)}[i] * ${n(6)}[1]
  }
}
`;
}

/** Twenty or so at a time, so that none is taken twice in a model. */
const taken = [
  "class double NULL main errno INFINITY assert lum std kernels int EOF dims threads workspace total arena model begin end check",
  "weights Weights State state at i64 int64_t size_t uint8_t kernel Kernel call CALL float per_l PerL bound sum index row code",
].map((line) => line.split(" "));

/** Every source of the project, as both compilers read it. */
async function expectSources(text: string, compilers: readonly string[]): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "lumc-names-"));
  try {
    const { files } = compile({ path: "odd.lum", text });
    const inUnit = inOneUnit(files);
    writeProject(inUnit, dir);
    const sources = [...inUnit.keys()].filter((p) =>
      /^src\/(kernels\/.*|model|interface|main)\.cpp$/.test(p),
    );
    const flags = ["-std=c++17", "-fsyntax-only", ...archFlags(hostArch()), ...languageFlags];
    for (const compiler of compilers) {
      if (!hasTool(compiler)) continue;
      const result = await runTool(compiler, [...flags, "-Iinclude", "-Isrc", ...sources], dir);
      expect([compiler, result.code, result.output]).toEqual([compiler, 0, ""]);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const hasTool = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0;

/** By default some of the rotations, with one compiler each. */
const both = ["g++", "clang++"];
const rotations: readonly [rotation: number, compilers: readonly string[]][] = isLong
  ? Array.from({ length: 20 }, (_, i) => [i, both])
  : [
      [0, ["g++"]],
      [7, ["clang++"]],
    ];

test.each([
  { name: "hostile names", text: hostile, compilers: both },
  { name: "nothing but an output", text: bare, compilers: both },
  ...taken.flatMap((names, i) =>
    rotations.map(([r, compilers]) => ({
      name: `set ${i} moved by ${r}`,
      text: everywhere(names, r),
      compilers,
    })),
  ),
])("$name", ({ text, compilers }) => expectSources(text, compilers), 300_000);

test("a model of taken names computes what the interpreter does", { timeout: 300_000 }, async () => {
  const names = taken[0];
  const text = everywhere(names, 7);
  const built = await buildForTest({ path: "odd.lum", text });
  try {
    const { hlir } = built.compilation;
    const [entry] = hlir.entries;
    const [rows, floats, integers] = [8, 9, 10].map((i) => names[i]);
    const dims = { [rows]: 3 };
    const inputs = randomInputs(entry, dims, { seed: 3, below: 3 });
    const weights = randomWeights(hlir, dims);
    const [shared, perPart] = [names[11], names[0]];
    const tensors = [
      { name: shared, value: weights(shared, {}) },
      ...[0, 1, 2].map((part) => ({
        name: `part${part}.${perPart}`,
        value: weights(hlir.weights[1].name, { [names[20]]: part }),
      })),
    ];
    const path = join(built.dir, "model.safetensors");
    const written = writeSafetensors(
      path,
      tensors.map(({ name, value }) => ({
        name,
        dtype: "f32" as const,
        shape: [...value.shape],
        data: toBytes(value),
      })),
    );
    expect(written.ok).toBe(true);
    const model = loadBuild(built, { weights: path });
    const given = {
      [floats]: Float32Array.from(inputs[floats].data),
      [integers]: Int32Array.from(inputs[integers].data),
    };
    const got = model.run(entry.name, dims, given) as Record<string, Float32Array>;
    const wanted = interpret(hlir, entry.name, {
      dims,
      inputs,
      weights,
      states: initialStates(hlir),
    }).outputs;
    expect(Object.keys(wanted)).toHaveLength(2);
    for (const [name, value] of Object.entries(wanted))
      for (const [i, w] of value.data.entries()) expect(got[name][i]).toBeCloseTo(w, 4);
    model.close();
  } finally {
    built.remove();
  }
});

test("names that the platform's headers, CMake or the loader keep", () => {
  expect(["Math", "Test", "Mlp"].map(modelId)).toEqual(["lum_math", "lum_test", "mlp"]);
  const text = "model Timing {\n  state reset: f32[2]\n  entry close {\n    output y[i] = reset[i]\n  }\n}\n";
  const index = compile({ path: "odd.lum", text }).files.get("index.ts");
  for (const part of ["export class TimingModel", "close_(args", "readonly reset_:", "close(): void"])
    expect(index).toContain(part);
});

test("different names stay different", () => {
  const names = ["class", "class_", "class__", "EOF", "_Bool", "kv", "KV", "T"];
  expect(names.map(identifier)).toEqual(["class_", "class__", "class___", "EOF_", "_Bool_", "kv", "KV", "T"]);
});

test("names of files and of the C interface", () => {
  expect(["Llama", "TinyGpt", "Llama3B", "GPTNeoX"].map(snakeCase)).toEqual([
    "llama",
    "tiny_gpt",
    "llama3_b",
    "gpt_neo_x",
  ]);
  expect(pascalCase("attention_q")).toBe("AttentionQ");
});

test("a name is never reserved and never given twice", () => {
  const names = new Names(["arena"]);
  expect(["x", "class", "arena", "2d"].map((n) => names.give(n, n))).toEqual([
    "x",
    "class_",
    "arena_2",
    "_2d",
  ]);
  expect(names.give("other x", "x")).toBe("x_2");
  expect(names.give("third x", "x")).toBe("x_3");
  expect(names.give("x", "whatever")).toBe("x");
});

recordLongRun("names for the CPU", () => ({ rotations: rotations.length }));
