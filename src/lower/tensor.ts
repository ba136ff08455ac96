/** Tensors as the interpreter holds them, and their bytes in memory and files. */
import { byteSize, type DType, isFloat } from "../ir/dtype.ts";
import { wrap } from "../ops/integers.ts";
import { floatBits, floatFromBits, roundFloat } from "./float-formats.ts";

/** Row-major. Integers are exact up to 2^53, bools are 0 and 1. */
export type Tensor = {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
};

export const elementCount = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Throws where the number of values is not that of the shape. */
export function tensor(dtype: DType, shape: readonly number[], values: ArrayLike<number>): Tensor {
  if (values.length !== elementCount(shape))
    throw new Error(`${values.length} values for the shape [${shape.join(", ")}]`);
  return { dtype, shape, data: Float64Array.from(values) };
}

export const filled = (dtype: DType, shape: readonly number[], value: number): Tensor => ({
  dtype,
  shape,
  data: new Float64Array(elementCount(shape)).fill(value),
});

/** Whether every value of `from` is one of `to`, so that a cast changes nothing. */
export const isWidening = (from: DType, to: DType): boolean =>
  isFloat(from) && (to === "f64" || (to === "f32" && from !== "f64"));

/**
 * The function that `cast` applies to each element. Floats round to nearest even; a float becomes an integer
 * by truncation, held within the type's range, NaN as 0; integers wrap; anything but 0 is true.
 */
export function conversion(from: DType, to: DType): (x: number) => number {
  if (to === "bool") return (x) => (x === 0 ? 0 : 1);
  if (isFloat(to)) {
    return isWidening(from, to) ? (x) => x : (x) => roundFloat(x, to);
  }
  if (!isFloat(from)) return (x) => wrap(x, to);
  const [low, high] = integerRange(to);
  return (x) => (Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), low), high) + 0);
}

function integerRange(t: DType): [low: number, high: number] {
  const bits = byteSize(t) * 8;
  return t === "u8" ? [0, 255] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** Little-endian bytes of the elements, rounded to the dtype where they are not of it. */
export function toBytes(t: Tensor): Uint8Array {
  const size = byteSize(t.dtype);
  const view = new DataView(new ArrayBuffer(t.data.length * size));
  t.data.forEach((x, i) => writeElement(view, i * size, t.dtype, x));
  return new Uint8Array(view.buffer);
}

/** Throws where the bytes are not as many as the shape takes. */
export function fromBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  const size = byteSize(dtype);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength !== elementCount(shape) * size)
    throw new Error(`${bytes.byteLength} bytes for ${dtype}[${shape.join(", ")}]`);
  const data = new Float64Array(bytes.byteLength / size);
  for (let i = 0; i < data.length; i++) data[i] = readElement(view, i * size, dtype);
  return { dtype, shape, data };
}

function writeElement(view: DataView, at: number, t: DType, x: number): void {
  switch (t) {
    case "f64":
      return view.setFloat64(at, x, true);
    case "f32":
      return view.setFloat32(at, x, true);
    case "i64":
      // 2^63, the number nearest to the greatest i64, stands for it.
      return view.setBigInt64(at, x >= 2 ** 63 ? 2n ** 63n - 1n : BigInt.asIntN(64, BigInt(x)), true);
    case "i32":
      return view.setInt32(at, x, true);
    case "i16":
      return view.setInt16(at, x, true);
    case "i8":
    case "u8":
      return view.setUint8(at, x);
    case "bool":
      return view.setUint8(at, x === 0 ? 0 : 1);
    case "f16":
    case "bf16":
      return view.setUint16(at, floatBits(x, t), true);
    case "f8e4m3":
    case "f8e5m2":
      return view.setUint8(at, floatBits(x, t));
  }
}

function readElement(view: DataView, at: number, t: DType): number {
  switch (t) {
    case "f64":
      return view.getFloat64(at, true);
    case "f32":
      return view.getFloat32(at, true);
    case "i64":
      return Number(view.getBigInt64(at, true));
    case "i32":
      return view.getInt32(at, true);
    case "i16":
      return view.getInt16(at, true);
    case "i8":
      return view.getInt8(at);
    case "u8":
      return view.getUint8(at);
    case "bool":
      return view.getUint8(at) === 0 ? 0 : 1;
    case "f16":
    case "bf16":
      return floatFromBits(view.getUint16(at, true), t);
    case "f8e4m3":
    case "f8e5m2":
      return floatFromBits(view.getUint8(at), t);
  }
}

/** The function that `bitcast` applies; 8-byte types are not exact in numbers and refused. */
export function reinterpretation(from: DType, to: DType): (x: number) => number {
  if (byteSize(from) === 8) throw new Error(`bitcast of ${from} is not supported`);
  const view = new DataView(new ArrayBuffer(4));
  return (x) => {
    writeElement(view, 0, from, x);
    return readElement(view, 0, to);
  };
}
