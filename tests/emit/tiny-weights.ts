/** A checkpoint for `tinyProgram`. */
import { writeSafetensors } from "../../src/weights/tensor-data.ts";

const tensors: readonly [name: string, shape: readonly number[], values: readonly number[]][] = [
  ["embed", [5, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ["layers.0.scale", [2], [1, -1]],
  ["layers.1.scale", [2], [2, 0.5]],
  ["layers.2.scale", [2], [-1, 1]],
];

export function writeTinyWeights(path: string): void {
  const written = writeSafetensors(
    path,
    tensors.map(([name, shape, values]) => ({
      name,
      dtype: "f32" as const,
      shape,
      data: new Uint8Array(Float32Array.from(values).buffer),
    })),
  );
  if (!written.ok) throw new Error(JSON.stringify(written));
}

/** What `forward` gives for some tokens, worked out from the model's text. */
export function tinyForward(tokens: readonly number[]): number[] {
  const [embed, ...scales] = tensors.map(([, , values]) => values);
  return tokens.flatMap((token) =>
    [0, 1].map((d) => scales.reduce((h, scale, l) => h * scale[d] + l, embed[token * 2 + d])),
  );
}
