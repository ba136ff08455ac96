/**
 * Rows that stay in shared memory: which do, how much of it they take, and their answers under the SIMT layer, every
 * access watched, against the interpreter.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kernelTexts } from "../../../src/emit/cuda/kernel-texts.ts";
import { sharedBytes } from "../../../src/emit/cuda/view.ts";
import type { Hlir } from "../../../src/ir/hlir.ts";
import type { Kernel } from "../../../src/ir/kernel.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { filled } from "../../../src/lower/tensor.ts";
import { cudaArchOf, sharedBytesOfAll } from "../../../src/targets/cuda.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { randomInputs } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { longRowHead } from "./long-row-cases.ts";
import { type StagedRowCase, stagedRowCases } from "./staged-row-cases.ts";
import { cudaWriter } from "./writer.ts";

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const kernels = new Map<string, readonly Kernel[]>();
const texts = new Map<string, string>();

beforeAll(() => {
  for (const c of stagedRowCases) {
    const h = hlirFromText({ ...c, head: longRowHead });
    const program = scheduleCuda(plan(h, { search: "direct" }));
    models.set(c.name, h);
    kernels.set(c.name, program.kernels);
    texts.set(
      c.name,
      kernelTexts(program)
        .texts.map((t) => t.text)
        .join("\n"),
    );
    bundle.add(c.name, program);
  }
  bundle.compile();
}, 600_000);

afterAll(() => bundle.remove());

test.each(stagedRowCases.map((c): [string, StagedRowCase] => [c.name, c]))("%s", (name, c) => {
  const staged = kernels.get(name)!.flatMap((k) => k.launch!.staged ?? []);
  expect(staged.map((s) => s.bytes)).toEqual(c.staged);
  const h = models.get(name)!;
  const inputs = randomInputs(h.entries[0], c.dims, { seed: 11, below: 4 });
  const states = () => new Map(h.states.map((s) => [s.name, filled(s.dtype, [40, 2005], 0.25)] as const));
  const wanted = interpret(h, "forward", { dims: c.dims, inputs, states: states() }).outputs;
  const got = bundle.run(name, "forward", { dims: c.dims, inputs, states: states() }).outputs;
  for (const [o, value] of Object.entries(wanted))
    expectClose(o, got[o], value, value.dtype === "i32" ? 0 : value.dtype === "f32" ? 1e-4 : 1e-2);
});

describe("the launch", () => {
  const launchOf = (name: string) => kernels.get(name)![0].launch!;

  test("asks for the room of the row behind that in which warps meet", () => {
    const [kernel] = kernels.get("softmax f32 8196")!;
    expect(Number(sharedBytes(kernel))).toBe(32784 + 16 * (kernel.launch!.threads / 32));
  });

  test("never asks for more than every architecture gives", () => {
    for (const list of kernels.values())
      for (const k of list) expect(Number(sharedBytes(k))).toBeLessThanOrEqual(sharedBytesOfAll);
  });

  test("has more threads where few blocks fit a multiprocessor", () => {
    expect(launchOf("softmax f16 1031").threads).toBe(256);
    expect(launchOf("softmax f32 25216").threads).toBe(512);
    const small = scheduleCuda(
      plan(models.get("softmax f32 25216")!, { search: "direct" }),
      [],
      cudaArchOf("sm_86"),
    );
    expect(small.kernels[0].launch!.threads).toBe(1024);
  });
});

describe("the text", () => {
  test.each(["softmax f32 8196", "softmax f32 25216", "softmax f16 50432", "softmax bf16 16391"])(
    "%s: one read of the row and one write",
    (name) => {
      const text = texts.get(name)!;
      expect([...text.matchAll(/\bx(?:_row)?(?:\[| \+ i)/g)].length).toBe(1);
      expect([...text.matchAll(/\by(?:_row)?(?:\[(?!s,)| \+ i)/g)].length).toBe(1);
    },
  );
});
