import type { Case, Weights } from "../case.ts";
import { buildGraph, type Graph, integers, scalar, transposed, type Value } from "../onnx/graph.ts";

const [hidden, layers, heads, mels, frames] = [384, 4, 6, 80, 1500];
const headDim = hidden / heads;

/** The encoder of Whisper's tiny model: thirty seconds of sound, all frames of which see each other. */
export const whisperEncoder: Case = {
  name: "whisper-encoder",
  title: `whisper encoder (tiny), ${frames} frames`,
  detail: `the encoder of Whisper's tiny model: two convolutions over time, ${layers} layers, hidden ${hidden}, ${heads} heads, ${frames} frames, f32`,
  file: "tests/fixtures/whisper-encoder/whisper_encoder.lum",
  dims: { batch: 1 },
  inputs: (random) => ({ mel: { data: random.f32(mels * 2 * frames), shape: [1, mels, 2 * frames] } }),
  onnx: encoderGraph,
};

function encoderGraph(weights: Weights): Uint8Array {
  const g = buildGraph("whisper-encoder");
  for (const [name, value] of weights)
    g.constant(name, name.includes(".layers.") && value.shape.length === 2 ? transposed(value) : value);
  g.constant("by_heads", integers(1, frames, heads, headDim));
  g.constant("flat", integers(1, frames, hidden));
  g.constant("scale", scalar(Math.sqrt(headDim)));
  const prefix = "model.encoder";
  const mel = g.input("mel", "f32", [1, mels, 2 * frames]);
  const rising = conv(g, conv(g, mel, `${prefix}.conv1`, 1), `${prefix}.conv2`, 2);
  const places = `${prefix}.embed_positions.weight`;
  let h = g.op("Add", [g.op("Transpose", [rising], { perm: [0, 2, 1] }), places]);
  for (let l = 0; l < layers; l++) {
    const layer = `${prefix}.layers.${l}`;
    h = g.op("Add", [h, attention(g, norm(g, h, `${layer}.self_attn_layer_norm`), `${layer}.self_attn`)]);
    const up = g.op("Gelu", [dense(g, norm(g, h, `${layer}.final_layer_norm`), `${layer}.fc1`)]);
    h = g.op("Add", [h, dense(g, up, `${layer}.fc2`)]);
  }
  g.output("hidden_states", norm(g, h, `${prefix}.layer_norm`), [1, frames, hidden]);
  return g.model();
}

function conv(g: Graph, x: Value, prefix: string, stride: number): Value {
  const attributes = { kernel_shape: [3], pads: [1, 1], strides: [stride] };
  return g.op("Gelu", [g.op("Conv", [x, `${prefix}.weight`, `${prefix}.bias`], attributes)]);
}

const dense = (g: Graph, x: Value, prefix: string): Value =>
  g.op("Add", [g.op("MatMul", [x, `${prefix}.weight`]), `${prefix}.bias`]);

const norm = (g: Graph, x: Value, prefix: string): Value =>
  g.op("LayerNormalization", [x, `${prefix}.weight`, `${prefix}.bias`], {
    axis: -1,
    epsilon: { float: 1e-5 },
  });

/** Keys have no bias. */
function attention(g: Graph, x: Value, prefix: string): Value {
  const byHeads = (flat: Value, perm: readonly number[]): Value =>
    g.op("Transpose", [g.op("Reshape", [flat, "by_heads"])], { perm });
  const q = byHeads(dense(g, x, `${prefix}.q_proj`), [0, 2, 1, 3]);
  const k = byHeads(g.op("MatMul", [x, `${prefix}.k_proj.weight`]), [0, 2, 3, 1]);
  const v = byHeads(dense(g, x, `${prefix}.v_proj`), [0, 2, 1, 3]);
  const weightOf = g.op("Softmax", [g.op("Div", [g.op("MatMul", [q, k]), "scale"])], { axis: -1 });
  const mixed = g.op("Transpose", [g.op("MatMul", [weightOf, v])], { perm: [0, 2, 1, 3] });
  return dense(g, g.op("Reshape", [mixed, "flat"]), `${prefix}.out_proj`);
}
