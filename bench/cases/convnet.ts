import type { Case } from "../case.ts";
import { buildGraph, type Value } from "../onnx/graph.ts";

type Sizes = {
  readonly size: number;
  readonly width: number;
  readonly classes: number;
  readonly batch: number;
};

/** The residual network of examples/convnet at other sizes. Batch norms are left in the graph for the runtime to fold. */
export const convnet = (name: string, { size, width, classes, batch }: Sizes): Case => ({
  name,
  title: `convnet, ${width} channels, batch ${batch}`,
  detail: `examples/convnet on ${batch}x3x${size}x${size}: six residual blocks of ${width}, ${2 * width} and ${4 * width} channels, f32`,
  file: "examples/convnet/convnet.lum",
  set: { size: String(size), width: String(width), classes: String(classes) },
  dims: { batch },
  inputs: (random) => ({
    images: { data: random.f32(batch * 3 * size * size), shape: [batch, 3, size, size] },
  }),
  onnx: (weights) => {
    const g = buildGraph("convnet");
    for (const [name, value] of weights) g.constant(name, value);
    const conv = (x: Value, prefix: string, stride: number): Value => {
      const [, , kernel] = weights.get(`${prefix}.weight`)!.shape;
      const pad = (kernel - 1) / 2;
      const attributes = {
        kernel_shape: [kernel, kernel],
        pads: [pad, pad, pad, pad],
        strides: [stride, stride],
      };
      return g.op("Conv", [x, `${prefix}.weight`], attributes);
    };
    const norm = (x: Value, prefix: string): Value =>
      g.op(
        "BatchNormalization",
        [x, ...["weight", "bias", "running_mean", "running_var"].map((part) => `${prefix}.${part}`)],
        { epsilon: { float: 1e-5 } },
      );
    const block = (x: Value, prefix: string, stride: number): Value => {
      const a = g.op("Relu", [norm(conv(x, `${prefix}.conv1`, stride), `${prefix}.bn1`)]);
      const b = norm(conv(a, `${prefix}.conv2`, 1), `${prefix}.bn2`);
      const changes = weights.has(`${prefix}.down.0.weight`);
      const shortcut = changes ? norm(conv(x, `${prefix}.down.0`, stride), `${prefix}.down.1`) : x;
      return g.op("Relu", [g.op("Add", [b, shortcut])]);
    };
    let h = g.op("Relu", [norm(conv(g.input("images", "f32", ["batch", 3, size, size]), "conv", 1), "bn")]);
    for (const stage of [0, 1, 2])
      for (const index of [0, 1]) h = block(h, `stages.${stage}.${index}`, stage > 0 && index === 0 ? 2 : 1);
    const pooled = g.op("Flatten", [g.op("GlobalAveragePool", [h])], { axis: 1 });
    g.output("logits", g.op("Gemm", [pooled, "fc.weight", "fc.bias"], { transB: 1 }), ["batch", classes]);
    return g.model();
  },
});
