/** Arrays between .npy files and a compiled model. */
import { join } from "node:path";
import { CompileError, diagnostic } from "../src/diagnostics.ts";
import {
  type DType,
  fromFloat32,
  type TensorSpec,
  type TypedArray,
  toFloat32,
} from "../src/loader/native.ts";
import { type NpyArray, type NpyDtype, readNpy, writeNpy } from "../src/npy.ts";

const classes = {
  f64: Float64Array,
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  f8e4m3: Uint8Array,
  f8e5m2: Uint8Array,
  i64: BigInt64Array,
  i32: Int32Array,
  i16: Int16Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
} as const;

export function loadNpy(path: string): NpyArray {
  const read = readNpy(path);
  if (!read.ok) throw new CompileError([read.problem]);
  return read.value;
}

/** The bytes as the array that the loader takes for a dtype; they must be aligned for it. */
export function typedArray(dtype: DType, bytes: Uint8Array): TypedArray {
  const Class = classes[dtype];
  return new Class(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / Class.BYTES_PER_ELEMENT);
}

/** The file's values in the model's dtype. f32 becomes bf16 or f16, f64 and i64 become what is asked if they are numbers of that kind. */
export function asInput(spec: TensorSpec, a: NpyArray): TypedArray {
  const values = typedArray(a.dtype, a.data);
  if (a.dtype === spec.dtype) return values;
  const mismatch = () =>
    new CompileError([
      diagnostic("LUM6203", undefined, {
        name: spec.name,
        found: `${a.dtype}[${a.shape.join(", ")}]`,
        expected: `${spec.dtype}${spec.text}`,
      }),
    ]);
  if (values instanceof BigInt64Array) {
    if (spec.dtype !== "i32") throw mismatch();
    return Int32Array.from(values, Number);
  }
  const isFloat = a.dtype === "f32" || a.dtype === "f64";
  if (isFloat && (spec.dtype === "bf16" || spec.dtype === "f16"))
    return fromFloat32(values as Float32Array, spec.dtype);
  if (a.dtype === "f64" && spec.dtype === "f32") return Float32Array.from(values as Float64Array);
  throw mismatch();
}

/** .npy has no bf16: such outputs are saved as f32. */
export function saveNpy(
  folder: string,
  spec: TensorSpec,
  shape: readonly number[],
  values: TypedArray,
): string {
  const path = join(folder, `${spec.name}.npy`);
  const [dtype, data] =
    spec.dtype === "bf16"
      ? (["f32", toFloat32(values as Uint16Array, "bf16")] as const)
      : ([spec.dtype, values] as const);
  if (dtype.startsWith("f8"))
    throw new CompileError([
      diagnostic("LUM6203", undefined, { name: spec.name, found: dtype, expected: "a dtype that .npy has" }),
    ]);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const written = writeNpy(path, { dtype: dtype as NpyDtype, shape, data: bytes });
  if (!written.ok) throw new CompileError([written.problem]);
  return path;
}

/** `[1.5, 2, …, 9]`: the first and last values. */
export function summarize(spec: TensorSpec, values: TypedArray): string {
  const numbers =
    spec.dtype === "bf16" || spec.dtype === "f16" ? toFloat32(values as Uint16Array, spec.dtype) : values;
  const text = (i: number) =>
    typeof numbers[i] === "bigint"
      ? String(numbers[i])
      : String(Number((numbers[i] as number).toPrecision(6)));
  const all = Array.from({ length: numbers.length }, (_, i) => i);
  const shown =
    all.length <= 12 ? all.map(text) : [...all.slice(0, 8).map(text), "…", ...all.slice(-2).map(text)];
  return `[${shown.join(", ")}]`;
}
