/** An emitted CUDA project as its user meets it: state, taps, timings, kernel by kernel, traces, what goes wrong. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emulateProject } from "../../../src/emit/cuda/emulate.ts";
import { writeProject } from "../../../src/emit/write.ts";
import { ModelError, NativeModel } from "../../../src/loader/native.ts";
import { modelSpec } from "../../../src/loader/spec.ts";
import { type Compilation, compile } from "../../../src/pipeline.ts";

const text = `
model Counter {
  dim s in 1..8
  state seen: f32[8, 3] = 2.0
  input x: f32[s, 3], row: i32[s], long: f32[700]
  h = x * 2.0
  tap h
  seen[row[t], j] := h[t, j]
  output y[t, j] = seen[row[t], j] + sum(k) h[t, k]
  output total = sum(i) long[i]
}
`;

let dir: string;
let compilation: Compilation;
let built: Awaited<ReturnType<typeof emulateProject>>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "lumc-cuda-project-"));
  compilation = compile({ path: "counter.lum", text }, { target: "cuda", buckets: [] });
  writeProject(compilation.files, dir);
  built = await emulateProject(dir, { jobs: 2, programs: true });
}, 600_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const load = (options = {}) => new NativeModel(built.library, modelSpec(compilation.program), options);
const long = new Float32Array(700);
const call = { x: Float32Array.of(1, 2, 3, 4, 5, 6), row: Int32Array.of(5, 0), long };
const expected = [14, 16, 18, 38, 40, 42];

test("state lives from call to call, and is read, written and reset", () => {
  using model = load();
  expect([...(model.readState("seen") as Float32Array)]).toEqual(Array(24).fill(2));
  expect([...model.run("forward", { s: 2 }, call).y]).toEqual(expected);
  const seen = model.readState("seen") as Float32Array;
  expect([...seen.slice(0, 3), ...seen.slice(15, 18)]).toEqual([8, 10, 12, 2, 4, 6]);
  model.writeState(
    "seen",
    Float32Array.from({ length: 24 }, (_, i) => i),
  );
  expect((model.readState("seen") as Float32Array)[23]).toBe(23);
  model.resetState();
  expect((model.readState("seen") as Float32Array)[23]).toBe(2);
});

test("a tap keeps what was computed on the way", () => {
  using model = load();
  model.run("forward", { s: 2 }, call);
  expect([...model.readTap("forward", "h", { s: 2 })]).toEqual([2, 4, 6, 8, 10, 12]);
});

test("an index outside of a tensor names kernel and read, and the next call is right", () => {
  using model = load();
  expect(() => model.run("forward", { s: 2 }, { ...call, row: Int32Array.of(5, 8) })).toThrow(
    /kernel .*: index 8 is outside of 0\.\.7/,
  );
  model.resetState();
  expect([...model.run("forward", { s: 2 }, call).y]).toEqual(expected);
});

test("a dim outside of its range is refused before anything runs", () => {
  using model = load();
  expect(() =>
    model.run("forward", { s: 9 }, { x: new Float32Array(27), row: new Int32Array(9), long }),
  ).toThrow(/LUM6002|outside of 1\.\.8/);
});

test("timings count every kernel", () => {
  using model = load({ timings: true });
  model.run("forward", { s: 2 }, call);
  model.run("forward", { s: 1 }, { x: Float32Array.of(1, 2, 3), row: Int32Array.of(0), long });
  const timings = model.timings();
  expect(timings.map((t) => t.kernel).sort()).toEqual(compilation.program.kernels.map((k) => k.name).sort());
  for (const t of timings) expect(t.calls, t.kernel).toBe(2);
});

const bench = (env: Record<string, string>) =>
  spawnSync(built.programs!.bench, ["--dim", "s=2", "--runs", "1"], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });

test("LUM_SEQ=1 runs kernel by kernel and names each", () => {
  const { status, stderr } = bench({ LUM_SEQ: "1" });
  expect(status).toBe(0);
  for (const k of compilation.program.kernels) expect(stderr).toContain(`lum: ${k.name}\n`);
});

test("LUM_TRACE writes a Chrome trace with an event for each kernel", () => {
  const path = join(dir, "trace.json");
  // A model of its own for each of the two: the second writes the file anew.
  const { status, stderr } = bench({ LUM_TRACE: path });
  expect(status, stderr).toBe(0);
  const { traceEvents } = JSON.parse(readFileSync(path, "utf8")) as {
    traceEvents: { name: string; ph: string; ts: number; dur: number }[];
  };
  expect(new Set(traceEvents.map((e) => e.name))).toEqual(
    new Set(compilation.program.kernels.map((k) => k.name)),
  );
  for (const e of traceEvents) expect([e.ph, e.dur >= 0]).toEqual(["X", true]);
});

test("a trace that can't be written is an error with a way out", () => {
  const { status, stderr } = bench({ LUM_TRACE: join(dir, "no/such/folder.json") });
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/LUM6025.*cannot write/);
});

test("a device with too little shared memory is told from the start, with the kernel that takes it", () => {
  const { status, stderr } = bench({ LUM_SIMT_SHARED: "32" });
  expect(status).not.toBe(0);
  expect(stderr).toMatch(
    /LUM6026: kernel \w+ takes \d+ bytes of shared memory in a block, .* has 32\n.*--arch/,
  );
});

test("too little device memory is an error that says what is there and what is needed", () => {
  const { status, stderr } = bench({ LUM_SIMT_MEMORY: "300" });
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/LUM6006: no device memory for \d+ bytes of .*: \d+ of 300 bytes are free/);
});

/** What the loader throws on a device that claims something else. */
function refusal(claims: Readonly<Record<string, string>>): string {
  Object.assign(process.env, claims);
  try {
    load().close();
    return "nothing";
  } catch (error) {
    return error instanceof ModelError ? `${error.message}\n${error.help}` : String(error);
  } finally {
    for (const name of Object.keys(claims)) delete process.env[name];
  }
}

test.each([
  [
    "no driver",
    { LUM_SIMT_DRIVER: "0" },
    /^LUM6021: no NVIDIA driver on this machine; CUDA 13\.0 needs one\ninstall the driver/,
  ],
  [
    "too old a driver",
    { LUM_SIMT_DRIVER: "12080" },
    /^LUM6022: the driver supports CUDA 12\.8, this library was built with CUDA 13\.0\nupdate the driver/,
  ],
  ["no device", { LUM_SIMT_DEVICES: "0" }, /^LUM6023: no CUDA device: cudaErrorNoDevice\ncheck .*nvidia-smi/],
  [
    "a GPU that is too old for the kernels",
    { LUM_SIMT_CAPABILITY: "75" },
    /^LUM6024: SIMT layer on the CPU has compute capability 7\.5, the kernels need 8\.0\nuse an Ampere or later GPU/,
  ],
  [
    "a GPU that was not compiled for",
    { LUM_SIMT_CAPABILITY: "86" },
    /^LUM6024: .* has compute capability 8\.6, the library holds code for 9\.0\nbuild with -DCMAKE_CUDA_ARCHITECTURES=86/,
  ],
  [
    "too little memory",
    { LUM_SIMT_MEMORY: "300" },
    /^LUM6006: no device memory for \d+ bytes of .*: \d+ of 300 bytes are free\nfree memory/,
  ],
] as const)("the loader says what is there and what is needed: %s", (_, claims, message) => {
  expect(refusal(claims)).toMatch(message);
  load().close();
});

test("a driver of the same major version or a later one does", () => {
  for (const LUM_SIMT_DRIVER of ["13000", "13020", "14000"])
    expect(refusal({ LUM_SIMT_DRIVER })).toBe("nothing");
});
