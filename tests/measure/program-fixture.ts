/** A small model with weights, a state and indices, as two programs that are to be timed at two sizes. */
import { front } from "../../src/pipeline.ts";
import { jobOf, pointsOf, programOf, type Unit } from "../../src/search/measure/program-set.ts";
import type { Programs } from "../../src/search/measure/programs.ts";
import type { Finalist } from "../../src/search/measure/refine.ts";
import { search } from "../../src/search/search.ts";

const text = `
model Small(T: dtype = bf16) {
  dim s in 1..16, pos in 0..16 - s
  input i: i32[s]
  weight table: T[20, 32]
  weight w: f32[32, 32]
  state seen: f32[16, 32] = 0
  x[t, j] = f32(table[i[t], j])
  seen[pos + t, j] := x[t, j]
  h[t, j] = sum(k) (x[t, k] + seen[0, k]) * w[k, j]
  output y[t, j] = tanh(h[t, j]) / sum(n) exp(h[t, n])
}
`;

/** The direct plan and the one of the lowest estimate. */
export async function smallPrograms(): Promise<Programs> {
  const { hlir } = front({ path: "small.lum", text });
  const [direct, best] = [await search(hlir, { evaluations: 0 }), await search(hlir)];
  const merits: readonly Finalist["merits"][] = [["direct"], ["estimate"]];
  const finalists = [direct, best].map((found, i) => ({ ...found, merits: merits[i] }));
  const unit: Unit = { bucket: undefined, model: hlir, searched: { ...best, finalists } };
  const programs = [0, 1].map((i) => programOf([unit], [i]));
  const points = pointsOf(unit, { rivals: [0, 1] }, programs[0]).slice(0, 2);
  return jobOf([unit], programs, points, undefined);
}
