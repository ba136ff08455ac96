/** A checkpoint of random values, for timing a model whose weights are not at hand. */
import { closeSync, openSync, writeSync } from "node:fs";
import { byteSize, type DType } from "../../ir/dtype.ts";
import { fromFloat32 } from "../../loader/native.ts";

/** A tensor of the checkpoint, as the model declares it. */
export type RandomTensor = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
};

const sizeOf = (t: RandomTensor): number => t.shape.reduce((n, size) => n * size, byteSize(t.dtype));

export const weightsBytes = (tensors: readonly RandomTensor[]): number =>
  tensors.reduce((sum, t) => sum + sizeOf(t), 0);

/** Values that are written again and again: where weights begin in them differs from tensor to tensor. */
const blockLength = 1 << 18;

const fileNames = {
  f64: "F64",
  f32: "F32",
  f16: "F16",
  bf16: "BF16",
  f8e4m3: "F8_E4M3",
  f8e5m2: "F8_E5M2",
  i64: "I64",
  i32: "I32",
  i16: "I16",
  i8: "I8",
  u8: "U8",
  bool: "BOOL",
} as const;

/** Writes a .safetensors file. Floats are small, so that sums over many of them stay finite; integers are 0 or 1. */
export function writeRandomWeights(path: string, tensors: readonly RandomTensor[]): void {
  const file = openSync(path, "w");
  try {
    const header: { [name: string]: unknown } = {};
    let at = 0;
    for (const t of tensors) {
      const end = at + sizeOf(t);
      header[t.name] = { dtype: fileNames[t.dtype], shape: t.shape, data_offsets: [at, end] };
      at = end;
    }
    const text = JSON.stringify(header);
    const padded = Buffer.from(text.padEnd(Math.ceil((text.length + 8) / 64) * 64 - 8));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(padded.length));
    writeSync(file, length);
    writeSync(file, padded);
    const blocks = new Map<string, Buffer>();
    for (const [i, t] of tensors.entries()) {
      if (!blocks.has(t.dtype)) blocks.set(t.dtype, blockOf(t.dtype));
      writeRepeated(file, blocks.get(t.dtype)!, sizeOf(t), ((i * 7919) % blockLength) * byteSize(t.dtype));
    }
  } finally {
    closeSync(file);
  }
}

function writeRepeated(file: number, block: Buffer, bytes: number, from: number): void {
  for (let [left, at] = [bytes, from]; left > 0; at = 0) {
    const part = Math.min(left, block.length - at);
    left -= writeSync(file, block, at, part);
  }
}

function blockOf(dtype: DType): Buffer {
  let state = 0x9e3779b9;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
  const values = Float32Array.from({ length: blockLength }, () => 0.04 * next());
  return Buffer.from(bytesOf(dtype, values));
}

function bytesOf(dtype: DType, values: Float32Array): Uint8Array {
  const whole = (a: ArrayBufferView): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  const bits = (x: number): number => (x > 0 ? 1 : 0);
  switch (dtype) {
    case "f64":
      return whole(Float64Array.from(values));
    case "f32":
      return whole(values);
    case "f16":
    case "bf16":
      return whole(fromFloat32(values, dtype));
    case "f8e4m3":
    case "f8e5m2":
      // Two bits of the exponent below one and the sign: values from about 0.01 to 1.
      return Uint8Array.from(
        values,
        (x) => (x < 0 ? 0x80 : 0) | (0x20 + (Math.floor(Math.abs(x) * 400) & 15)),
      );
    case "i64":
      return whole(BigInt64Array.from(values, (x) => BigInt(bits(x))));
    case "i32":
      return whole(Int32Array.from(values, bits));
    case "i16":
      return whole(Int16Array.from(values, bits));
    default:
      return Uint8Array.from(values, bits);
  }
}
