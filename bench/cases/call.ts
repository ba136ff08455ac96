import type { Case } from "../case.ts";
import { buildGraph } from "../onnx/graph.ts";

export const call: Case = {
  name: "call",
  title: "bare call",
  detail: "eight multiplications: what a call costs from JavaScript, native code included",
  file: "bench/models/scale.lum",
  dims: {},
  inputs: (random) => ({ x: { data: random.f32(8), shape: [8] } }),
  onnx: (weights) => {
    const g = buildGraph("scale");
    const w = g.constant("w", weights.get("w")!);
    g.output("y", g.op("Mul", [g.input("x", "f32", [8]), w]), [8]);
    return g.model();
  },
};
