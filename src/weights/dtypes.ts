// The dtypes that a checkpoint can hold, by their spelling in the file.

export type StoredDtype =
  | "f64"
  | "f32"
  | "f16"
  | "bf16"
  | "f8e4m3"
  | "f8e5m2"
  | "i64"
  | "u64"
  | "i32"
  | "u32"
  | "i16"
  | "u16"
  | "i8"
  | "u8"
  | "bool";

type DtypeFacts = { readonly dtype: StoredDtype; readonly bytes: number };

/** safetensors spelling → lumc's spelling and the bytes of one element. */
const BY_FILE_NAME: ReadonlyMap<string, DtypeFacts> = new Map<string, DtypeFacts>([
  ["F64", { dtype: "f64", bytes: 8 }],
  ["F32", { dtype: "f32", bytes: 4 }],
  ["F16", { dtype: "f16", bytes: 2 }],
  ["BF16", { dtype: "bf16", bytes: 2 }],
  ["F8_E4M3", { dtype: "f8e4m3", bytes: 1 }],
  ["F8_E5M2", { dtype: "f8e5m2", bytes: 1 }],
  ["I64", { dtype: "i64", bytes: 8 }],
  ["U64", { dtype: "u64", bytes: 8 }],
  ["I32", { dtype: "i32", bytes: 4 }],
  ["U32", { dtype: "u32", bytes: 4 }],
  ["I16", { dtype: "i16", bytes: 2 }],
  ["U16", { dtype: "u16", bytes: 2 }],
  ["I8", { dtype: "i8", bytes: 1 }],
  ["U8", { dtype: "u8", bytes: 1 }],
  ["BOOL", { dtype: "bool", bytes: 1 }],
]);

const FILE_NAMES: ReadonlyMap<StoredDtype, string> = new Map(
  [...BY_FILE_NAME].map(([name, { dtype }]) => [dtype, name]),
);
const BYTES: ReadonlyMap<StoredDtype, number> = new Map(
  [...BY_FILE_NAME.values()].map((f) => [f.dtype, f.bytes]),
);
const CONVERTIBLE: ReadonlySet<string> = new Set(["f64", "f32", "f16", "bf16"]);

export const fromFileName = (name: string): StoredDtype | undefined => BY_FILE_NAME.get(name)?.dtype;
export const toFileName = (dtype: StoredDtype): string => FILE_NAMES.get(dtype)!;
export const bytesOf = (dtype: StoredDtype): number => BYTES.get(dtype)!;
export const knownFileNames = (): string => [...BY_FILE_NAME.keys()].join(" ");

/** Whether the loader turns one dtype into the other: floating point only, and not the 8-bit kinds. */
export const converts = (from: string, to: string): boolean => CONVERTIBLE.has(from) && CONVERTIBLE.has(to);
