import type { Arrays, Case, Feeds, Weights } from "../case.ts";
import { buildGraph, type Graph, integers, scalar, transposed, type Value } from "../onnx/graph.ts";
import { createRandom } from "../random.ts";

const [vocab, hidden, layers, heads, headDim] = [1536, 160, 5, 5, 32];
const past = 128;
const prompt = createRandom(7).i32(past, vocab);

/** One token after 128 others. The graph takes the keys and values of the past and gives them back with the new ones. */
export const gptDecode: Case = {
  name: "gpt-decode",
  title: "gpt decode",
  detail: `examples/gpt (${layers} layers, hidden ${hidden}, vocab ${vocab}, f32), one token at position ${past}; the graph's cache comes and goes as inputs and outputs`,
  file: "examples/gpt/gpt.lum",
  dims: { s: 1, pos: past },
  inputs: (random) => ({ tokens: { data: random.i32(1, vocab), shape: [1] } }),
  onnx: decodeGraph,
  prepareLumc: (model) => {
    model.run("forward", { s: past, pos: 0 }, { tokens: prompt });
  },
  prepareOrt: (run) => {
    let cache = cacheFeeds({}, 0);
    for (let pos = 0; pos < past; pos++) {
      const tokens = { data: prompt.slice(pos, pos + 1), shape: [1] };
      cache = cacheFeeds(run({ tokens, ...cache }), pos + 1);
    }
    return cache;
  },
};

function cacheFeeds(presents: Arrays, length: number): Feeds {
  const shape = [1, heads, length, headDim];
  const position = { data: Int32Array.of(length), shape: [1] };
  const caches = Array.from({ length: layers }, (_, l) =>
    ["k", "v"].map((part) => {
      const data = presents[`present_${part}_${l}`] ?? new Float32Array(0);
      return [`past_${part}_${l}`, { data, shape }] as const;
    }),
  );
  return { position, ...Object.fromEntries(caches.flat()) };
}

function decodeGraph(weights: Weights): Uint8Array {
  const g = buildGraph("gpt");
  for (const [name, value] of weights) g.constant(name, value);
  g.constant("head", transposed(weights.get("transformer.wte.weight")!));
  g.constant("by_heads", integers(1, 1, heads, headDim));
  g.constant("flat", integers(1, hidden));
  g.constant("scale", scalar(1 / Math.sqrt(headDim)));
  const embedded = g.op("Gather", ["transformer.wte.weight", g.input("tokens", "i32", [1])]);
  let h = g.op("Add", [
    embedded,
    g.op("Gather", ["transformer.wpe.weight", g.input("position", "i32", [1])]),
  ]);
  for (let l = 0; l < layers; l++) {
    const prefix = `transformer.h.${l}`;
    h = g.op("Add", [h, attention(g, norm(g, h, `${prefix}.ln_1`), l)]);
    const up = g.op("Gelu", [linear(g, norm(g, h, `${prefix}.ln_2`), `${prefix}.mlp.c_fc`)], {
      approximate: "tanh",
    });
    h = g.op("Add", [h, linear(g, up, `${prefix}.mlp.c_proj`)]);
  }
  const logits = g.op("MatMul", [norm(g, h, "transformer.ln_f"), "head"]);
  g.output("logits", logits, [1, vocab]);
  return g.model();
}

const linear = (g: Graph, x: Value, prefix: string): Value =>
  g.op("Gemm", [x, `${prefix}.weight`, `${prefix}.bias`]);

const norm = (g: Graph, x: Value, prefix: string): Value =>
  g.op("LayerNormalization", [x, `${prefix}.weight`, `${prefix}.bias`], {
    axis: -1,
    epsilon: { float: 1e-5 },
  });

function attention(g: Graph, x: Value, l: number): Value {
  const prefix = `transformer.h.${l}.attn`;
  const parts = g.ops("Split", [linear(g, x, `${prefix}.c_attn`)], 3, { axis: 1, num_outputs: 3 });
  const [q, k, v] = parts.map((part) =>
    g.op("Transpose", [g.op("Reshape", [part, "by_heads"])], { perm: [0, 2, 1, 3] }),
  );
  const [keys, values] = [
    ["k", k],
    ["v", v],
  ].map(([part, fresh]) => {
    const before = g.input(`past_${part}_${l}`, "f32", [1, heads, "past", headDim]);
    const all = g.op("Concat", [before, fresh], { axis: 2 });
    g.output(`present_${part}_${l}`, all, [1, heads, "past_and_one", headDim]);
    return all;
  });
  const scores = g.op("MatMul", [q, g.op("Transpose", [keys], { perm: [0, 1, 3, 2] })]);
  const weightOf = g.op("Softmax", [g.op("Mul", [scores, "scale"])], { axis: -1 });
  const mixed = g.op("Transpose", [g.op("MatMul", [weightOf, values])], { perm: [0, 2, 1, 3] });
  return linear(g, g.op("Reshape", [mixed, "flat"]), `${prefix}.c_proj`);
}
