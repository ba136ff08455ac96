/** Element types, their size in memory and the type that arithmetic on them is done in. */

export const dtypes = [
  "f64",
  "f32",
  "f16",
  "bf16",
  "f8e4m3",
  "f8e5m2",
  "i64",
  "i32",
  "i16",
  "i8",
  "u8",
  "bool",
] as const;

export type DType = (typeof dtypes)[number];

export const isDType = (name: string): name is DType => (dtypes as readonly string[]).includes(name);

export function byteSize(t: DType): number {
  switch (t) {
    case "f64":
    case "i64":
      return 8;
    case "f32":
    case "i32":
      return 4;
    case "f16":
    case "bf16":
    case "i16":
      return 2;
    case "f8e4m3":
    case "f8e5m2":
    case "i8":
    case "u8":
    case "bool":
      return 1;
  }
}

export const isFloat = (t: DType): boolean => t.startsWith("f") || t === "bf16";
export const isInteger = (t: DType): boolean => !isFloat(t) && t !== "bool";

/** The type that arithmetic is done in: f32 for narrower floats, i32 for narrower integers, else itself. */
export function accumulatorOf(t: DType): DType {
  if (t === "f16" || t === "bf16" || t === "f8e4m3" || t === "f8e5m2") return "f32";
  if (t === "i16" || t === "i8" || t === "u8") return "i32";
  return t;
}

const order: readonly DType[] = [
  "bool",
  "u8",
  "i8",
  "i16",
  "i32",
  "i64",
  "f8e4m3",
  "f8e5m2",
  "f16",
  "bf16",
  "f32",
  "f64",
];

/** The type of `a + b`: the wider one; two different floats of equal width meet in the next wider. */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  const [low, high] = order.indexOf(a) < order.indexOf(b) ? [a, b] : [b, a];
  if (isFloat(low) && byteSize(low) === byteSize(high)) return byteSize(low) === 1 ? "f16" : "f32";
  if (low === "u8" && high === "i8") return "i16";
  return high;
}
