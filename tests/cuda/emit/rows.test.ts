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
import { cudaWriter } from "./writer.ts";

type Case = { readonly name: string; readonly body: string; readonly dims: Readonly<Record<string, number>> };

const nn = 'import { softmax, rms_norm, layer_norm } from "std/nn"\n';
const lengths = [5, 8, 24, 33, 136, 520, 1024, 4104, 17408];
const types = ["f32", "f16", "bf16"];

const rowCases: Case[] = lengths.flatMap((n) =>
  types.flatMap((t) => {
    const dims = { s: n > 4000 ? 1 : 3 };
    const rows = `dim s in 1..4\ninput x: ${t}[s, ${n}], w: ${t}[${n}], b: f32[${n}]\n`;
    return [
      { name: `softmax ${t} ${n}`, body: `${rows}output y = softmax(x)`, dims },
      {
        name: `norms ${t} ${n}`,
        body: `${rows}output y = rms_norm(x, w)\noutput z = layer_norm(x, w, b)`,
        dims,
      },
      { name: `argmax ${t} ${n}`, body: `${rows}output y[i] = argmax(j) x[i, j]`, dims },
    ];
  }),
);

const viewCases = types.flatMap((t): Case[] => [
  {
    name: `a part of each row, ${t}`,
    body: `dim s in 1..4\ninput x: ${t}[s, 80]\noutput y = softmax(x[0..s, 3..67])\noutput z = softmax(x[0..s, 8..72])`,
    dims: { s: 3 },
  },
  {
    name: `rows backwards and transposed, ${t}`,
    body: `dim s in 1..4\ninput x: ${t}[64, s]\noutput y[i, j in 0..64] = x[63 - j, i] * 2.0\noutput z = softmax(transpose(x, [1, 0]))`,
    dims: { s: 3 },
  },
  {
    name: `elementwise with what is left over, ${t}`,
    body: `dim n in 1..9000\ninput x: ${t}[n], b: f32[n]\noutput y[i] = x[i] * 3.0 + b[i]\noutput z[i] = x[i] + x[i]`,
    dims: { n: 2061 },
  },
  {
    name: `elementwise below one vector, ${t}`,
    body: `dim n in 1..9000\ninput x: ${t}[n]\noutput y[i] = x[i] * 3.0`,
    dims: { n: 3 },
  },
  {
    name: `odd rows, ${t}`,
    body: `dim s in 1..9\ninput x: ${t}[s, 1031]\noutput y = x * 2.0\noutput z = softmax(x)`,
    dims: { s: 5 },
  },
]);

const cases = [...rowCases, ...viewCases].map((c) => ({
  ...c,
  text: { name: c.name, body: c.body, head: nn },
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

test.each(cases.map((c): [string, Case] => [c.name, c]))("%s", (name, { dims }) => {
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

  test.each(types.flatMap((t) => [136, 1024, 4104].map((n): [string, number] => [t, n])))(
    "softmax of %s, %d long: one read and one write of 16 bytes",
    (t, n) => {
      const width = t === "f32" ? 4 : 8;
      const type = t === "f32" ? "float" : `lum::${t}`;
      expect(count(`softmax ${t} ${n}`, new RegExp(`load_vector<${type}, ${width}>`, "g"))).toBe(1);
      expect(count(`softmax ${t} ${n}`, /store_vector/g)).toBe(1);
      expect(count(`softmax ${t} ${n}`, /\bx\[/g)).toBe(0);
    },
  );

  test("rows longer than the registers go by vectors that are read again", () => {
    expect(count("softmax f32 17408", /load_vector<float, 4>/g)).toBeGreaterThan(1);
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
