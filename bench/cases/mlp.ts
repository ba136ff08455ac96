import type { Case } from "../case.ts";
import { buildGraph } from "../onnx/graph.ts";

const [pixels, hidden, classes] = [784, 512, 10];

/** Each layer a Gemm with the weight transposed, as torch.onnx writes nn.Linear. */
export const mlp = (batch: number): Case => ({
  name: `mlp-${batch}`,
  title: `MLP, batch ${batch}`,
  detail: `784-512-512-10 with relu, batch ${batch}, f32`,
  file: "bench/models/mlp.lum",
  dims: { batch },
  flops: 2 * batch * (pixels * hidden + hidden * hidden + hidden * classes),
  inputs: (random) => ({ x: { data: random.f32(batch * pixels), shape: [batch, pixels] } }),
  onnx: (weights) => {
    const g = buildGraph("mlp");
    for (const [name, value] of weights) g.constant(name, value);
    const linear = (x: string, layer: number) => g.op("Gemm", [x, `w${layer}`, `b${layer}`], { transB: 1 });
    const h1 = g.op("Relu", [linear(g.input("x", "f32", ["batch", pixels]), 1)]);
    const h2 = g.op("Relu", [linear(h1, 2)]);
    g.output("logits", linear(h2, 3), ["batch", classes]);
    return g.model();
  },
});
