/** The emitted project of a small program: built, called, moved, and called wrongly. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { CompileError } from "../../src/diagnostics.ts";
import { type Compiled, compileProject } from "../../src/emit/compile.ts";
import { emitProject } from "../../src/emit/project.ts";
import { recordCase } from "../../src/emit/vectors.ts";
import { writeProject } from "../../src/emit/write.ts";
import { ModelError, NativeModel, type TypedArray } from "../../src/loader/native.ts";
import { modelSpec } from "../../src/loader/spec.ts";
import { tensor } from "../../src/lower/tensor.ts";
import { tinyKernelSource, tinyProgram } from "./tiny-program.ts";
import { tinyForward, writeTinyWeights } from "./tiny-weights.ts";

const files = emitProject(tinyProgram(), { kernelSource: tinyKernelSource });

// Inside the repository, where index.ts finds koffi.
const root = fileURLToPath(new URL("../../generated/", import.meta.url));
mkdirSync(root, { recursive: true });
const folder = mkdtempSync(join(root, "test-project-"));
const weights = join(folder, "tiny.safetensors");
const cache = join(folder, "cache");
const quick = { compiler: "g++", cache, flags: ["-O0"] } as const;
let built: Compiled;

beforeAll(async () => {
  writeTinyWeights(weights);
  writeProject(files, folder);
  built = await compileProject(folder, { ...quick, programs: true });
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = modelSpec(tinyProgram());
const load = (options: { threads?: number; timings?: boolean } = {}): NativeModel =>
  new NativeModel(built.library, spec, { weights, cache: "", ...options });

function forward(model: NativeModel, tokens: readonly number[], pos = 0): number[] {
  const dims = { s: tokens.length, pos };
  return [...(model.run("forward", dims, { tokens: Int32Array.from(tokens) }).y as Float32Array)];
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof ModelError) return error.code;
    throw error;
  }
  return "no error";
}

vi.setConfig({ testTimeout: 300_000 });

describe("files", () => {
  test("are those of the documented tree, and the same on repeat", () => {
    expect([...files.keys()].filter((path) => !path.startsWith("src/runtime/")).sort()).toEqual(
      [
        "CMakeLists.txt",
        "README.md",
        "bench.cpp",
        "include/tiny.h",
        "index.d.ts",
        "index.ts",
        "lumc.lock.json",
        "native.d.ts",
        "native.ts",
        "package.json",
        "src/interface.cpp",
        "src/kernels/embed.cpp",
        "src/kernels/kernels.h",
        "src/kernels/scale.cpp",
        "src/kernels/seen.cpp",
        "src/kernels/y.cpp",
        "src/main.cpp",
        "src/model.cpp",
        "src/model.h",
        "src/program.cpp",
        "src/program.h",
        "verify.cpp",
        "weights.json",
      ].sort(),
    );
    const again = emitProject(tinyProgram(), { kernelSource: tinyKernelSource });
    expect([...again]).toEqual([...files]);
  });

  test("hold only the runtime headers that something includes", () => {
    expect(files.has("src/runtime/json.h")).toBe(true);
    expect(files.has("src/runtime/gemm.h")).toBe(false);
    const all = [...files.values()].join("\n");
    for (const path of files.keys())
      if (path.endsWith(".h") && path.startsWith("src/runtime/"))
        expect(all).toContain(path.split("/").at(-1));
  });

  test("keep loops as loops and name every call", () => {
    const text = files.get("src/model.cpp")!;
    expect(text).toContain("for (int64_t l = 0; l < 3; ++l) {");
    expect(text.match(/CALL\(scale, h, per_l\.scale, s, l\);/g)).toHaveLength(1);
  });

  test("speak of no machine and no undefined value", () => {
    for (const [path, text] of files) {
      if (!path.startsWith("src/runtime/") && !path.startsWith("native"))
        expect(text, path).not.toMatch(/undefined|\[object|\/work\/|\/tmp\//);
      expect(text.endsWith("\n"), path).toBe(true);
    }
  });
});

describe("calls", () => {
  test("give the model's numbers the first, the second and the hundredth time", () => {
    using model = load();
    for (let call = 1; call <= 100; call++) expect(forward(model, [0, 3, 4])).toEqual(tinyForward([0, 3, 4]));
    expect(forward(model, [2], 7)).toEqual(tinyForward([2]));
  });

  test("of two models at once don't disturb each other's state", () => {
    using a = load({ threads: 1 });
    using b = load({ threads: 2 });
    forward(a, [1, 2], 0);
    forward(b, [3], 5);
    expect([...(a.readState("seen") as Int32Array)]).toEqual([1, 2, -1, -1, -1, -1, -1, -1]);
    expect([...(b.readState("seen") as Int32Array)]).toEqual([-1, -1, -1, -1, -1, 3, -1, -1]);
  });

  test("read, write and reset state", () => {
    using model = load();
    model.writeState("seen", Int32Array.of(8, 7, 6, 5, 4, 3, 2, 1));
    forward(model, [1], 2);
    expect([...(model.readState("seen") as Int32Array)]).toEqual([8, 7, 1, 5, 4, 3, 2, 1]);
    model.resetState("seen");
    expect([...(model.readState("seen") as Int32Array)]).toEqual(Array(8).fill(-1));
  });

  test("fill given arrays, leave taps, and count kernels", () => {
    using model = load({ timings: true });
    const y = new Float32Array(4);
    const tokens = Int32Array.of(4, 1);
    expect(model.run("forward", { s: 2, pos: 0 }, { tokens }, { y }).y).toBe(y);
    expect([...y]).toEqual(tinyForward([4, 1]));
    expect([...(model.readTap("forward", "h", { s: 2, pos: 0 }) as Float32Array)]).toEqual([...y]);
    expect(model.timings().map((t) => [t.kernel, t.calls])).toEqual([
      ["embed", 1],
      ["scale", 3],
      ["seen", 1],
      ["y", 2],
    ]);
    model.resetTimings();
    expect(model.timings().every((t) => t.calls === 0)).toBe(true);
  });

  test("that are wrong say what was found and what was expected", () => {
    using model = load();
    const run = (dims: object, inputs: object) => () =>
      model.run("forward", dims as never, inputs as { [name: string]: TypedArray });
    const tokens = Int32Array.of(0, 1, 2);
    expect(codeOf(run({ s: 3, pos: 6 }, { tokens }))).toBe("LUM6002");
    expect(codeOf(run({ s: 0, pos: 0 }, { tokens }))).toBe("LUM6002");
    expect(codeOf(run({ s: 1.5, pos: 0 }, { tokens }))).toBe("LUM6002");
    expect(codeOf(run({ pos: 0 }, { tokens }))).toBe("LUM6002");
    expect(codeOf(run({ s: 2, pos: 0 }, { tokens }))).toBe("LUM6003");
    expect(codeOf(run({ s: 3, pos: 0 }, { tokens: new Float32Array(3) }))).toBe("LUM6003");
    expect(codeOf(run({ s: 3, pos: 0 }, { tokens: [0, 1, 2] }))).toBe("LUM6003");
    expect(codeOf(run({ s: 3, pos: 0 }, {}))).toBe("LUM6003");
    expect(codeOf(() => model.run("backward", {}, {}))).toBe("LUM6004");
    expect(codeOf(() => model.readState("k"))).toBe("LUM6004");
    expect(codeOf(() => model.writeState("seen", new Int32Array(3)))).toBe("LUM6003");
    expect(run({ s: 3, pos: 6 }, { tokens })).toThrow(/pos = 6 is outside of 0\.\.8 - s, here 0\.\.5/);
    expect(run({ s: 2, pos: 0 }, { tokens })).toThrow(/Int32Array of 3, expected Int32Array of 2/);
    model.close();
    expect(codeOf(run({ s: 3, pos: 0 }, { tokens }))).toBe("LUM6008");
  });

  test("with an index outside of its tensor name call, kernel, read and sizes, and the model goes on", () => {
    using model = load();
    expect(() => forward(model, [0, 5])).toThrow(
      "LUM6007: forward(s = 2, pos = 0): kernel embed: embed[tokens[t], d], axis 0: index 5 is outside of 0..4",
    );
    expect(codeOf(() => forward(model, [-1]))).toBe("LUM6007");
    expect(forward(model, [4])).toEqual(tinyForward([4]));
  });

  test("cannot begin without library or weights", () => {
    const make = (library: string, path: string | undefined) => () =>
      new NativeModel(library, spec, { weights: path, cache: "" });
    expect(codeOf(make(join(folder, "none.so"), weights))).toBe("LUM6001");
    expect(codeOf(make(built.library, join(folder, "none.safetensors")))).toBe("LUM6101");
    expect(codeOf(make(built.library, undefined))).toBe("LUM6005");
  });
});

test("the emitted loader is typed and calls the library", async () => {
  const { Tiny } = await import(join(folder, "index.ts"));
  const model = Tiny.load({ weights, cache: "" });
  const { y } = model.forward({ s: 2, pos: 1, tokens: Int32Array.of(3, 1) });
  expect([...y]).toEqual(tinyForward([3, 1]));
  expect([...model.state.seen.read()].slice(0, 3)).toEqual([-1, 3, 1]);
  model.state.seen.reset();
  expect([...model.tapForwardH({ s: 2, pos: 1 })]).toEqual([...y]);
  model.close();
  const declared = readFileSync(join(folder, "index.d.ts"), "utf8");
  expect(declared).toMatch(
    /forward\(args: ForwardArguments, into\?: Partial<ForwardResults>\): ForwardResults;/,
  );
  expect(declared).toMatch(/\/\*\* i32\[s\] \*\/\s+readonly tokens: Int32Array;/);
});

/** Records two cases: state written by the first is not read by the second, but the order shows. */
function record(into: string, wrong: number): void {
  for (const [name, tokens] of Object.entries({ "01-first": [0, 1, 2], "02-second": [4] })) {
    const y = tinyForward(tokens);
    y[0] += wrong;
    recordCase(into, {
      name,
      entry: "forward",
      dims: { s: tokens.length, pos: 0 },
      tolerance: 1e-5,
      inputs: { tokens: tensor("i32", [tokens.length], tokens) },
      outputs: { y: tensor("f32", [tokens.length, 2], y) },
    });
  }
}

describe("programs", () => {
  const call = (program: string, args: readonly string[], cwd = folder) =>
    spawnSync(program, args, { cwd, encoding: "utf8", env: { PATH: "/usr/bin:/bin" } });

  test("run an entry from .npy files", () => {
    record(folder, 0);
    const out = mkdtempSync(join(folder, "out-"));
    const input = "tokens=verify/01-first/in.tokens.npy";
    const given = ["--weights", weights, "--dim", "s=3", "--dim", "pos=0", "--input", input];
    expect(call(built.programs!.run, [...given, "--output-dir", out]).status).toBe(0);
    expect(readFileSync(join(out, "y.npy"))).toEqual(readFileSync(join(folder, "verify/01-first/out.y.npy")));
    expect(call(built.programs!.run, ["--list"]).stdout).toContain("input   tokens: i32[s]");
    const wrong = call(
      built.programs!.run,
      given.map((a) => (a === "s=3" ? "s=2" : a)),
    );
    expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining("LUM6003")]);
    expect(call(built.programs!.run, [...given, "--frob"]).stderr).toContain("unknown argument --frob");
  });

  test("verify passes on right vectors and fails on wrong ones", () => {
    record(folder, 0);
    const fine = call(built.programs!.verify, ["--weights", weights]);
    expect([fine.status, fine.stdout]).toEqual([0, expect.stringContaining("all 2 cases pass")]);
    record(folder, 0.5);
    const bad = call(built.programs!.verify, ["--weights", weights]);
    expect([bad.status, bad.stdout]).toEqual([1, expect.stringContaining("FAIL 01-first y")]);
  });

  test("bench tells time in all and by kernel", () => {
    const args = ["--weights", weights, "--dim", "s=4", "--runs", "3", "--json"];
    const result = JSON.parse(call(built.programs!.bench, args).stdout);
    expect(result.dims).toEqual({ s: 4, pos: 0 });
    expect(result.median_ms).toBeGreaterThan(0);
    expect(result.kernels.map((k: { kernel: string }) => k.kernel).sort()).toEqual([
      "embed",
      "scale",
      "seen",
      "y",
    ]);
  });

  test("are clean under the sanitizers, with clang++", async () => {
    const copy = join(folder, "sanitized");
    writeProject(files, copy);
    record(copy, 0);
    const flags = ["-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    const { programs } = await compileProject(copy, {
      compiler: "clang++",
      programs: true,
      cache: "",
      flags,
    });
    expect(call(programs!.verify, ["--weights", weights], copy)).toMatchObject({ status: 0, stderr: "" });
    const bench = call(programs!.bench, ["--weights", weights, "--runs", "2"], copy);
    expect([bench.status, bench.stderr]).toEqual([0, ""]);
    const bad = readFileSync(join(copy, "verify/02-second/in.tokens.npy"));
    bad.writeInt32LE(99, bad.length - 4);
    writeFileSync(join(copy, "bad.npy"), bad);
    const args = ["--weights", weights, "--dim", "s=1", "--dim", "pos=0", "--input", "tokens=bad.npy"];
    expect(call(programs!.run, args, copy).stderr).toContain("LUM6007");
  });
});

test("a copy builds with CMake alone, as its README says", () => {
  const copy = mkdtempSync(join(tmpdir(), "lumc-project-"));
  try {
    for (const [path] of files) cpSync(join(folder, path), join(copy, path), { recursive: true });
    record(copy, 0);
    const shell = (line: string): string =>
      execFileSync("env", ["-i", "PATH=/usr/bin:/bin", "sh", "-c", line], { cwd: copy, encoding: "utf8" });
    shell(
      `cmake -S . -B build -DCMAKE_CXX_FLAGS_RELEASE=-O0 -DWEIGHTS=${weights} && cmake --build build -j2`,
    );
    expect(shell("ctest --test-dir build")).toContain("100% tests passed");
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

describe("compilation", () => {
  test("takes equal objects from the cache", async () => {
    const copy = join(folder, "cached");
    writeProject(files, copy);
    const first = await compileProject(copy, quick);
    expect([first.compiled, first.reused]).toEqual([0, built.compiled - 4]);
    const changed = new Map(files).set("src/kernels/y.cpp", `${files.get("src/kernels/y.cpp")}// changed\n`);
    writeProject(changed, copy);
    const second = await compileProject(copy, quick);
    expect([second.compiled, second.reused]).toEqual([1, first.reused - 1]);
  });

  const failure = async (options: Parameters<typeof compileProject>[1]): Promise<string> => {
    try {
      await compileProject(folder, options);
    } catch (error) {
      if (error instanceof CompileError) return error.diagnostics[0].code;
      throw error;
    }
    return "no error";
  };

  test("says which compiler or architecture is missing", async () => {
    const path = process.env.PATH;
    process.env.PATH = join(folder, "nothing");
    try {
      expect(await failure({})).toBe("LUM5001");
    } finally {
      process.env.PATH = path;
    }
    expect(await failure({ compiler: "no-such-compiler" })).toBe("LUM5007");
    expect(await failure({ arch: "z80" })).toBe("LUM5005");
    expect(await failure({ arch: process.arch === "arm64" ? "x86-64-v3" : "aarch64", compiler: "g++" })).toBe(
      "LUM5006",
    );
  });

  test("shows the compiler's words and keeps the library that was there", async () => {
    const copy = join(folder, "broken");
    writeProject(files, copy);
    const good = await compileProject(copy, quick);
    const library = readFileSync(good.library);
    writeFileSync(join(copy, "src/kernels/y.cpp"), "int y() { return nothing; }\n");
    await expect(compileProject(copy, quick)).rejects.toThrow(
      /LUM5002: g\+\+ refused .*y\.cpp:[\s\S]*nothing/,
    );
    expect(readFileSync(good.library)).toEqual(library);
  });
});
