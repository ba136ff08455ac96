/** The e-graph grows with what is written and with nothing else: not with layers, not with sizes. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Hlir } from "../../src/ir/hlir.ts";
import { elaborate } from "../../src/lower/elaborate/elaborate.ts";
import { allNodes } from "../../src/search/encode.ts";
import { saturate } from "../../src/search/saturate.ts";
import { spaceOf } from "../../src/search/space.ts";
import { hlirFromText } from "../emit/from-text.ts";

const path = new URL("../../examples/llama/llama.lum", import.meta.url).pathname;

function llama(set: Readonly<Record<string, number>>): Hlir {
  const options = { set: new Map(Object.entries(set).map(([k, v]) => [k, String(v)])) };
  const { hlir, diagnostics } = elaborate({ path, text: readFileSync(path, "utf8") }, options);
  if (hlir === undefined) throw new Error(diagnostics.map((d) => d.message).join("; "));
  return hlir;
}

async function sizeOf(hlir: Hlir) {
  const nodes = allNodes(hlir);
  const s = await saturate(nodes, hlir.bounds);
  const { candidates } = spaceOf(nodes, s);
  return {
    nodes: nodes.length,
    eNodes: s.arrays.nodeOp.length,
    classes: s.arrays.classStart.length - 1,
    rows: s.phases.at(-1)?.rows ?? 0,
    rounds: s.phases.filter((p) => p.name === "rewrite").length,
    candidates: [...candidates.values()].reduce((n, list) => n + list.length, 0),
    cut: s.cut,
  };
}

describe("llama", () => {
  test("is the same e-graph for 2, 32 and 80 layers", async () => {
    const two = await sizeOf(llama({ layers: 2 }));
    expect(await sizeOf(llama({ layers: 32 }))).toEqual(two);
    expect(await sizeOf(llama({ layers: 80 }))).toEqual(two);
  });

  test("is the same e-graph for small sizes and for those of the 8B model, and saturates", async () => {
    const large = await sizeOf(llama({}));
    const sizes = { vocab: 512, hidden: 64, heads: 4, kv_heads: 2, head_dim: 16, ffn: 176, max_len: 128 };
    expect(await sizeOf(llama(sizes))).toEqual(large);
    expect(large.cut).toBe(false);
    expect(large.rows).toBeLessThan(20 * large.nodes);
    expect(large.candidates).toBeLessThan(4 * large.nodes);
  });
});

test("written out, layers add the same to the e-graph each", async () => {
  const block = (i: number) =>
    `a${i} = rms_norm(h${i}, b)\nh${i + 1} = h${i} + silu(a${i} @ w) * softmax(a${i} @ w)`;
  const sizes = await Promise.all(
    [2, 4, 8, 16].map((n) => {
      const blocks = Array.from({ length: n }, (_, i) => block(i)).join("\n");
      const body = `input h0: f32[64, 32], w: f32[32, 32], b: f32[32]\n${blocks}\noutput o = h${n}`;
      return sizeOf(
        hlirFromText({ name: "blocks", body, head: 'import { rms_norm, silu, softmax } from "std/nn"' }),
      );
    }),
  );
  const [two, four, eight, sixteen] = sizes.map((s) => s.rows);
  expect(eight - four).toBe(2 * (four - two));
  expect(sixteen - eight).toBe(2 * (eight - four));
  expect(new Set(sizes.map((s) => s.rounds)).size).toBe(1);
  expect(sizes.some((s) => s.cut)).toBe(false);
});
