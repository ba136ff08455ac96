/**
 * Rows and elementwise work by vectors: lengths that are whole vectors and odd ones, rows longer than the registers,
 * places where a vector may not start, all float types. Run by the SIMT layer with every access watched, against the
 * interpreter; and what the text promises: one read, one write, 16 bytes at a time.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kernelTexts } from "../../../src/emit/cuda/kernel-texts.ts";
import type { Hlir } from "../../../src/ir/hlir.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { randomInputs, randomWeights } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { expectClose } from "./close.ts";
import { type RowCase, rowCases, rowHead, rowTypes } from "./row-cases.ts";
import { cudaWriter } from "./writer.ts";

const cases = rowCases.map((c) => ({
  ...c,
  text: { name: c.name, body: c.body, head: rowHead },
}));
const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const texts = new Map<string, string>();

beforeAll(() => {
  for (const c of cases) {
    const h = hlirFromText(c.text);
    const program = scheduleCuda(plan(h, { search: "direct" }));
    models.set(c.name, h);
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

test.each(cases.map((c): [string, RowCase] => [c.name, c]))("%s", (name, { dims }) => {
  const h = models.get(name)!;
  const [entry] = h.entries;
  const inputs = randomInputs(entry, dims, { seed: 17, below: 4 });
  const reference = interpret(h, entry.name, { dims, inputs, weights: randomWeights(h, dims) });
  const answer = bundle.run(name, entry.name, { dims, inputs });
  for (const [o, value] of Object.entries(reference.outputs))
    expectClose(o, answer.outputs[o], value, value.dtype === "f32" ? 1e-4 : 1e-2);
});

describe("the text", () => {
  const count = (name: string, what: RegExp): number => [...texts.get(name)!.matchAll(what)].length;

  test.each(rowTypes.flatMap((t) => [136, 1024, 4104].map((n): [string, number] => [t, n])))(
    "softmax of %s, %d long: one read and one write of 16 bytes",
    (t, n) => {
      const width = t === "f32" ? 4 : 8;
      const type = t === "f32" ? "float" : `lum::${t}`;
      expect(count(`softmax ${t} ${n}`, new RegExp(`load_vector<${type}, ${width}>`, "g"))).toBe(1);
      expect(count(`softmax ${t} ${n}`, /store_vector/g)).toBe(1);
      expect(count(`softmax ${t} ${n}`, /\bx\[/g)).toBe(0);
    },
  );

  test("rows longer than the registers stay in shared memory", () => {
    expect(count("softmax f32 17408", /load_vector<float, 4>\(x \+/g)).toBe(1);
    expect(count("softmax f32 17408", /store_vector\(y \+/g)).toBe(1);
    expect(count("softmax f32 17408", /vector<?.*\(?x_staged \+/g)).toBe(4);
    expect(count("softmax f32 17408", /_row/g)).toBe(0);
  });

  test("no vectors where a row may start anywhere", () => {
    expect(count("softmax f32 33", /load_vector/g)).toBe(0);
    expect(count("softmax bf16 5", /load_vector/g)).toBe(0);
  });

  test("what is left over behind the vectors has a loop of its own", () => {
    expect(texts.get("elementwise with what is left over, bf16")).toMatch(
      /= n \/ 4 \* 4 \+ lum::global_thread\(\)/,
    );
    expect(texts.get("elementwise below one vector, bf16")).toMatch(
      /= n \/ 8 \* 8 \+ lum::global_thread\(\)/,
    );
  });
});
