import type { Case } from "../case.ts";
import { buildGraph } from "../onnx/graph.ts";

export const sgemm = (n: number): Case => ({
  name: `sgemm-${n}`,
  title: `sgemm ${n}`,
  detail: `[${n}, ${n}] x [${n}, ${n}] f32; the right matrix is a weight that both sides pack before timing`,
  file: "bench/models/sgemm.lum",
  set: { n: String(n) },
  dims: {},
  flops: 2 * n ** 3,
  inputs: (random) => ({ a: { data: random.f32(n * n), shape: [n, n] } }),
  onnx: (weights) => {
    const g = buildGraph("sgemm");
    const b = g.constant("b", weights.get("b")!);
    g.output("c", g.op("MatMul", [g.input("a", "f32", [n, n]), b]), [n, n]);
    return g.model();
  },
});
