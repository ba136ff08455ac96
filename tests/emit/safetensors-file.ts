/** Writes a small f32 checkpoint. */
import { writeFileSync } from "node:fs";

export function writeSafetensors(
  path: string,
  tensors: { readonly [name: string]: { shape: readonly number[]; values: readonly number[] } },
): void {
  const header: { [name: string]: unknown } = {};
  let at = 0;
  for (const [name, t] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape: t.shape, data_offsets: [at, at + t.values.length * 4] };
    at += t.values.length * 4;
  }
  let text = JSON.stringify(header);
  text += " ".repeat((8 - (text.length % 8)) % 8);
  const data = Buffer.alloc(8 + text.length + at);
  data.writeBigUInt64LE(BigInt(text.length), 0);
  data.write(text, 8);
  let place = 8 + text.length;
  for (const t of Object.values(tensors)) for (const v of t.values) place = data.writeFloatLE(v, place);
  writeFileSync(path, data);
}

export const tinyWeights = {
  embed: { shape: [5, 2], values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
  "layers.0.scale": { shape: [2], values: [1, -1] },
  "layers.1.scale": { shape: [2], values: [2, 0.5] },
  "layers.2.scale": { shape: [2], values: [-1, 1] },
};
