import type { Arrays, Case, F32Weight, Feeds, Weights } from "../case.ts";
import { buildGraph, type Graph, integers, scalar, transposed, type Value } from "../onnx/graph.ts";
import { createRandom } from "../random.ts";

type Sizes = {
  readonly vocab: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly length: number;
};

/** The defaults of examples/gpt. */
const small: Sizes = { vocab: 1536, hidden: 160, layers: 5, heads: 5, length: 256 };
/** Layers of GPT-2's own sizes, two of them, with a smaller vocabulary. */
const wide: Sizes = { vocab: 8192, hidden: 768, layers: 2, heads: 12, length: 1024 };

const past = 128;
const before = createRandom(7).i32(past, small.vocab);

/** One token after 128 others. The graph takes the keys and values of the past and gives them back with the new ones. */
export const gptDecode: Case = {
  name: "gpt-decode",
  title: "gpt decode",
  detail: `examples/gpt (${described(small)}), one token at position ${past}; the graph's cache comes and goes as inputs and outputs`,
  file: "examples/gpt/gpt.lum",
  dims: { s: 1, pos: past },
  inputs: (random) => ({ tokens: { data: random.i32(1, small.vocab), shape: [1] } }),
  onnx: (weights) => graph(small, weights, true),
  prepareLumc: (model) => {
    model.run("forward", { s: past, pos: 0 }, { tokens: before });
  },
  prepareOrt: (run) => {
    let cache = cacheFeeds(small, {}, 0);
    for (let pos = 0; pos < past; pos++) {
      const tokens = { data: before.slice(pos, pos + 1), shape: [1] };
      cache = cacheFeeds(small, run({ tokens, ...cache }), pos + 1);
    }
    return cache;
  },
};

/** A whole prompt to the logits after its last token. The graph gives the keys and values as outputs. */
export const gptPrefill: Case = {
  name: "gpt-prefill",
  title: `gpt prefill, ${wide.length} tokens`,
  detail: `examples/gpt with layers of GPT-2's sizes (${described(wide)}), a prompt of ${wide.length} tokens`,
  file: "examples/gpt/gpt.lum",
  set: {
    vocab: String(wide.vocab),
    hidden: String(wide.hidden),
    layers: String(wide.layers),
    heads: String(wide.heads),
    max_len: String(wide.length),
  },
  dims: { s: wide.length, pos: 0 },
  inputs: (random) => ({ tokens: { data: random.i32(wide.length, wide.vocab), shape: [wide.length] } }),
  onnx: (weights) => graph(wide, weights, false),
};

function described({ layers, hidden, vocab }: Sizes): string {
  return `${layers} layers, hidden ${hidden}, vocab ${vocab}, f32`;
}

function cacheFeeds({ layers, heads, hidden }: Sizes, presents: Arrays, length: number): Feeds {
  const shape = [1, heads, length, hidden / heads];
  const position = { data: Int32Array.of(length), shape: [1] };
  const caches = Array.from({ length: layers }, (_, l) =>
    ["k", "v"].map((part) => {
      const data = presents[`present_${part}_${l}`] ?? new Float32Array(0);
      return [`past_${part}_${l}`, { data, shape }] as const;
    }),
  );
  return { position, ...Object.fromEntries(caches.flat()) };
}

/** One token after those of a cache, or a whole prompt. */
function graph(sizes: Sizes, weights: Weights, cached: boolean): Uint8Array {
  const { heads, hidden, layers, vocab, length } = sizes;
  const headDim = hidden / heads;
  const rows = cached ? 1 : length;
  const g = buildGraph("gpt");
  for (const [name, value] of weights) g.constant(name, value);
  g.constant("head", transposed(weights.get("transformer.wte.weight")!));
  g.constant("by_heads", integers(1, rows, heads, headDim));
  g.constant("flat", integers(rows, hidden));
  g.constant("scale", scalar(1 / Math.sqrt(headDim)));
  if (!cached) g.constant("causal", causal(length));
  const places = cached
    ? g.op("Gather", ["transformer.wpe.weight", g.input("position", "i32", [1])])
    : "transformer.wpe.weight";
  let h = g.op("Add", [g.op("Gather", ["transformer.wte.weight", g.input("tokens", "i32", [rows])]), places]);
  for (let l = 0; l < layers; l++) {
    const prefix = `transformer.h.${l}`;
    h = g.op("Add", [h, attention(g, sizes, norm(g, h, `${prefix}.ln_1`), l, cached)]);
    const up = g.op("Gelu", [linear(g, norm(g, h, `${prefix}.ln_2`), `${prefix}.mlp.c_fc`)], {
      approximate: "tanh",
    });
    h = g.op("Add", [h, linear(g, up, `${prefix}.mlp.c_proj`)]);
  }
  if (!cached) {
    g.constant("last", integers(length - 1));
    h = g.op("Gather", [h, "last"]);
  }
  const logits = g.op("MatMul", [norm(g, h, "transformer.ln_f"), "head"]);
  g.output("logits", logits, [1, vocab]);
  return g.model();
}

/** What is added to the scores: minus infinity for the keys after each row's own. */
function causal(length: number): F32Weight {
  const values = new Float32Array(length * length);
  for (let i = 0; i < length; i++) values.fill(-Infinity, i * length + i + 1, (i + 1) * length);
  return { shape: [length, length], values };
}

const linear = (g: Graph, x: Value, prefix: string): Value =>
  g.op("Gemm", [x, `${prefix}.weight`, `${prefix}.bias`]);

const norm = (g: Graph, x: Value, prefix: string): Value =>
  g.op("LayerNormalization", [x, `${prefix}.weight`, `${prefix}.bias`], {
    axis: -1,
    epsilon: { float: 1e-5 },
  });

function attention(g: Graph, { heads, hidden }: Sizes, x: Value, l: number, cached: boolean): Value {
  const headDim = hidden / heads;
  const prefix = `transformer.h.${l}.attn`;
  const parts = g.ops("Split", [linear(g, x, `${prefix}.c_attn`)], 3, { axis: 1, num_outputs: 3 });
  const [q, k, v] = parts.map((part) =>
    g.op("Transpose", [g.op("Reshape", [part, "by_heads"])], { perm: [0, 2, 1, 3] }),
  );
  const [keys, values] = (
    [
      ["k", k],
      ["v", v],
    ] as const
  ).map(([part, fresh]) => {
    const all = cached
      ? g.op("Concat", [g.input(`past_${part}_${l}`, "f32", [1, heads, "past", headDim]), fresh], { axis: 2 })
      : fresh;
    g.output(`present_${part}_${l}`, all, [1, heads, "all", headDim]);
    return all;
  });
  const products = g.op("MatMul", [q, g.op("Transpose", [keys], { perm: [0, 1, 3, 2] })]);
  const scaled = g.op("Mul", [products, "scale"]);
  const scores = cached ? scaled : g.op("Add", [scaled, "causal"]);
  const weightOf = g.op("Softmax", [scores], { axis: -1 });
  const mixed = g.op("Transpose", [g.op("MatMul", [weightOf, values])], { perm: [0, 2, 1, 3] });
  return linear(g, g.op("Reshape", [mixed, "flat"]), `${prefix}.c_proj`);
}
