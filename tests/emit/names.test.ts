/** Models whose names C++, the C interface or the project itself keep: every source still compiles, warnings as errors. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { archFlags, hostArch, languageFlags } from "../../src/emit/arch.ts";
import { Names, pascalCase, snakeCase } from "../../src/emit/names.ts";
import { runTool } from "../../src/emit/toolchain.ts";
import { writeProject } from "../../src/emit/write.ts";
import { compile } from "../../src/pipeline.ts";

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

test.each([
  ["hostile names", hostile],
  ["nothing but an output", bare],
])(
  "%s",
  async (_, text) => {
    const dir = mkdtempSync(join(tmpdir(), "lumc-names-"));
    try {
      const { files } = compile({ path: "odd.lum", text });
      writeProject(files, dir);
      const sources = [...files.keys()].filter((p) =>
        /^src\/(kernels\/.*|model|interface|main)\.cpp$/.test(p),
      );
      const flags = ["-std=c++17", "-fsyntax-only", ...archFlags(hostArch()), ...languageFlags];
      for (const compiler of ["g++", "clang++"]) {
        const result = await runTool(compiler, [...flags, "-Iinclude", "-Isrc", ...sources], dir);
        expect([result.code, result.output]).toEqual([0, ""]);
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  300_000,
);

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
    "arena_",
    "_2d",
  ]);
  expect(names.give("other x", "x")).toBe("x_");
  expect(names.give("third x", "x")).toBe("x_2");
  expect(names.give("x", "whatever")).toBe("x");
});
