/**
 * What an emitted project's host side must wait for. One wait is taken out of its sources at a time: under the SIMT
 * layer, which does the work of streams as late as it may, the numbers are then wrong.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emulateProject } from "../../../src/emit/cuda/emulate.ts";
import { writeProject } from "../../../src/emit/write.ts";
import { NativeModel } from "../../../src/loader/native.ts";
import { modelSpec } from "../../../src/loader/spec.ts";
import { compile } from "../../../src/pipeline.ts";
import { writeSafetensors } from "../../../src/weights/tensor-data.ts";
import { inOneUnit } from "./build.ts";

const count = 2000;
const text = `
model Waiting {
  weight w: f32[${count}]
  state calls: f32[4] = 1.0
  input x: f32[${count}]
  calls[i] := calls[i] + 1.0
  output y[i] = x[i] * w[i]
  output n[i] = calls[i] * 1.0
}
`;

const staging = "src/runtime/device_weights.cpp";
const device = "src/runtime/device.h";
const model = "src/model.cu";

type Change = readonly [file: string, from: string, to: string];
const waits: readonly (readonly [string, Change | undefined])[] = [
  ["nothing", undefined],
  ["the staging memory's copy", [staging, "cudaEventSynchronize(half.sent)", "cudaSuccess"]],
  ["the event behind the copy", [staging, "cudaEventRecord(half.sent, stream)", "cudaSuccess"]],
  [
    "the zeros of fresh memory",
    [device, "device_fault(cudaDeviceSynchronize(), ", "device_fault(cudaSuccess, "],
  ],
  [
    "a call's end",
    [
      model,
      "device_fault(cudaStreamSynchronize(model.stream), known.name)",
      "device_fault(cudaSuccess, known.name)",
    ],
  ],
];

const compilation = compile({ path: "waiting.lum", text }, { target: "cuda" });
const values = Float32Array.from({ length: count }, (_, i) => i - 1000);
const ones = new Float32Array(count).fill(1);
let dir: string;
let weights: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "lumc-cuda-orders-"));
  weights = join(dir, "w.safetensors");
  const data = new Uint8Array(values.buffer);
  expect(writeSafetensors(weights, [{ name: "w", dtype: "f32", shape: [count], data }]).ok).toBe(true);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function changed(change: Change | undefined): ReadonlyMap<string, string> {
  // So little memory for staging that each half of it is filled several times.
  const all: Change[] = [[staging, "size_t{8} << 20", "size_t{1} << 10"]];
  if (change !== undefined) all.push(change);
  const files = new Map(inOneUnit(compilation.files));
  for (const [file, from, to] of all) {
    const before = files.get(file) ?? "";
    expect(before).toContain(from);
    files.set(file, before.replaceAll(from, to));
  }
  return files;
}

test.each(waits)("without waiting for %s", { timeout: 300_000 }, async (name, change) => {
  const folder = mkdtempSync(join(dir, "project-"));
  writeProject(changed(change), folder);
  const { library } = await emulateProject(folder, { jobs: 2 });
  using native = new NativeModel(library, modelSpec(compilation.program), { weights, cache: "" });
  const { y, n } = native.run("forward", {}, { x: ones });
  const isRight = [...y].every((v, i) => v === values[i]) && [...n].every((v) => v === 2);
  expect(isRight).toBe(name === "nothing");
});
