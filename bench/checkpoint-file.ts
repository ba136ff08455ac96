/** Writes f32 weights as a .safetensors file. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Weights } from "./case.ts";

/** The header, padded so that the data are aligned for any dtype. */
export function headerBytes(
  tensors: Iterable<{
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly bytes: number;
  }>,
): Buffer {
  const header: { [name: string]: unknown } = {};
  let at = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const text = JSON.stringify(header);
  const padded = text.padEnd(Math.ceil((text.length + 8) / 64) * 64 - 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, Buffer.from(padded)]);
}

export function writeCheckpoint(path: string, weights: Weights): void {
  const file = openSync(path, "w");
  const tensors = [...weights].map(([name, { shape, values }]) => {
    return { name, dtype: "F32", shape, bytes: values.byteLength };
  });
  writeSync(file, headerBytes(tensors));
  for (const { values } of weights.values()) writeSync(file, values);
  closeSync(file);
}
