import type { Case, Weights } from "../case.ts";
import { buildGraph, type Graph, integers, scalar, transposed, type Value } from "../onnx/graph.ts";

const [vocab, hidden, layers, heads, ffn] = [30522, 384, 6, 12, 1536];
const headDim = hidden / heads;
const s = 128;

/** The sizes of all-MiniLM-L6-v2: one full sentence to its hidden states and mean. */
export const bert: Case = {
  name: "bert",
  title: "bert (MiniLM)",
  detail: `examples/bert: ${layers} layers, hidden ${hidden}, ${heads} heads, batch 1, ${s} tokens, f32`,
  file: "examples/bert/bert.lum",
  dims: { batch: 1, s },
  flops: layers * (2 * s * (4 * hidden ** 2 + 2 * hidden * ffn) + 4 * s * s * hidden),
  inputs: (random) => ({
    tokens: { data: random.i32(s, vocab), shape: [1, s] },
    mask: { data: new Int32Array(s).fill(1), shape: [1, s] },
  }),
  onnx: encoderGraph,
};

function encoderGraph(weights: Weights): Uint8Array {
  const g = buildGraph("bert");
  // Matrices as exporters leave them, transposed for MatMul; tables and vectors as they are.
  for (const [name, value] of weights) {
    if (isSliced(name)) continue;
    const isMatrix = name.startsWith("encoder.") && value.shape.length === 2;
    g.constant(name, isMatrix ? transposed(value) : value);
  }
  const shape = ["batch", "s"];
  const mask = g.op("Cast", [g.input("mask", "i32", shape)], { to: 1 });
  const bias = additiveMask(g, mask);
  let h = norm(g, embeddings(g, g.input("tokens", "i32", shape), weights), "embeddings.LayerNorm");
  for (let l = 0; l < layers; l++) {
    const prefix = `encoder.layer.${l}`;
    const attended = dense(
      g,
      attention(g, h, bias, `${prefix}.attention.self`, l),
      `${prefix}.attention.output.dense`,
    );
    h = norm(g, g.op("Add", [attended, h]), `${prefix}.attention.output.LayerNorm`);
    const up = g.op("Gelu", [dense(g, h, `${prefix}.intermediate.dense`)]);
    h = norm(g, g.op("Add", [dense(g, up, `${prefix}.output.dense`), h]), `${prefix}.output.LayerNorm`);
  }
  g.output("hidden_states", h, [...shape, hidden]);
  g.output("embedding", meanOfTokens(g, h, mask), ["batch", hidden]);
  return g.model();
}

/** Of these `embeddings` takes the rows that it needs. */
const isSliced = (name: string): boolean => /position_embeddings|token_type_embeddings/.test(name);

const dense = (g: Graph, x: Value, prefix: string): Value =>
  g.op("Add", [g.op("MatMul", [x, `${prefix}.weight`]), `${prefix}.bias`]);

const norm = (g: Graph, x: Value, prefix: string): Value =>
  g.op("LayerNormalization", [x, `${prefix}.weight`, `${prefix}.bias`], {
    axis: -1,
    epsilon: { float: 1e-12 },
  });

/** Words, places and kinds; the kinds are all 0, and the places are constant where s is. */
function embeddings(g: Graph, tokens: Value, weights: Weights): Value {
  const rows = (name: string, count: number) => weights.get(name)!.values.slice(0, count * hidden);
  const places = g.constant("places", {
    shape: [1, s, hidden],
    values: rows("embeddings.position_embeddings.weight", s),
  });
  const kind = g.constant("kind", {
    shape: [1, 1, hidden],
    values: rows("embeddings.token_type_embeddings.weight", 1),
  });
  const words = g.op("Gather", ["embeddings.word_embeddings.weight", tokens]);
  return g.op("Add", [g.op("Add", [words, kind]), places]);
}

/** [batch, 1, 1, s]: 0 for a token, a large negative number for padding. */
function additiveMask(g: Graph, mask: Value): Value {
  const wide = g.op("Unsqueeze", [mask, g.constant("mask_axes", integers(1, 2))]);
  const absent = g.op("Sub", [g.constant("one", scalar(1)), wide]);
  return g.op("Mul", [absent, g.constant("lowest", scalar(-3.4028234663852886e38))]);
}

function attention(g: Graph, x: Value, bias: Value, prefix: string, l: number): Value {
  const byHeads = g.constant(`by_heads_${l}`, integers(0, 0, heads, headDim));
  const part = (name: string, perm: readonly number[]) =>
    g.op("Transpose", [g.op("Reshape", [dense(g, x, `${prefix}.${name}`), byHeads])], { perm });
  const [q, k, v] = [part("query", [0, 2, 1, 3]), part("key", [0, 2, 3, 1]), part("value", [0, 2, 1, 3])];
  const scores = g.op("Div", [g.op("MatMul", [q, k]), g.constant(`scale_${l}`, scalar(Math.sqrt(headDim)))]);
  const weightOf = g.op("Softmax", [g.op("Add", [scores, bias])], { axis: -1 });
  const mixed = g.op("Transpose", [g.op("MatMul", [weightOf, v])], { perm: [0, 2, 1, 3] });
  return g.op("Reshape", [mixed, g.constant(`flat_${l}`, integers(0, 0, hidden))]);
}

function meanOfTokens(g: Graph, h: Value, mask: Value): Value {
  const ones = g.op("Unsqueeze", [mask, g.constant("last_axis", integers(-1))]);
  const tokens = g.constant("token_axis", integers(1));
  const total = g.op("ReduceSum", [g.op("Mul", [h, ones]), tokens], { keepdims: 0 });
  const count = g.op("ReduceSum", [ones, tokens], { keepdims: 0 });
  return g.op("Div", [total, g.op("Max", [count, "one"])]);
}
