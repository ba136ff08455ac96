/** Types and sizes in C++ and TypeScript spelling. */
import { type Bounds, isNonNegative, isPositive } from "../ir/bounds.ts";
import type { DType } from "../ir/dtype.ts";
import type { Shape } from "../ir/hlir.ts";
import { type Atom, type Poly, printPoly } from "../ir/poly.ts";

/** The element type inside the project. */
export function cppType(t: DType): string {
  switch (t) {
    case "f64":
      return "double";
    case "f32":
      return "float";
    case "i16":
      return "int16_t";
    case "bool":
      return "bool";
    default:
      return `lum::${t}`;
  }
}

/** The element type in the C interface: floats that C lacks go as their bits. */
export function abiType(t: DType): string {
  switch (t) {
    case "f64":
      return "double";
    case "f32":
      return "float";
    case "f16":
    case "bf16":
      return "uint16_t";
    case "f8e4m3":
    case "f8e5m2":
    case "u8":
    case "bool":
      return "uint8_t";
    default:
      return `int${t.slice(1)}_t`;
  }
}

/** The typed array that holds such elements. */
export function arrayType(t: DType): string {
  switch (t) {
    case "f64":
      return "Float64Array";
    case "f32":
      return "Float32Array";
    case "f16":
    case "bf16":
      return "Uint16Array";
    case "i64":
      return "BigInt64Array";
    case "i32":
      return "Int32Array";
    case "i16":
      return "Int16Array";
    case "i8":
      return "Int8Array";
    default:
      return "Uint8Array";
  }
}

export const shapeText = (shape: Shape): string => `[${shape.map((p) => printPoly(p)).join(", ")}]`;

/** `f32[s, 4 * hidden]` */
export const tensorText = (t: { dtype: DType; shape: Shape }): string => `${t.dtype}${shapeText(t.shape)}`;

export type Spelling = {
  readonly name: (atom: Atom & { kind: "dim" | "loop" }) => string;
  readonly divide: (a: string, b: string, exact: boolean) => string;
  readonly modulo: (a: string, b: string, exact: boolean) => string;
  readonly extreme: (kind: "min" | "max", a: string, b: string) => string;
};

/** A polynomial as an expression; divisions of what is known not to be negative are the language's own. */
export function expression(p: Poly, bounds: Bounds, spelling: Spelling): string {
  return printPoly(p, (a) => {
    if (a.kind === "axis") throw new Error(`${p.key} still has an axis in it`);
    if (a.kind === "dim" || a.kind === "loop") return spelling.name(a);
    const [left, right] = [expression(a.left, bounds, spelling), expression(a.right, bounds, spelling)];
    if (a.kind === "min" || a.kind === "max") return spelling.extreme(a.kind, left, right);
    const exact = isNonNegative(a.left, bounds) && isPositive(a.right, bounds);
    return a.kind === "div" ? spelling.divide(left, right, exact) : spelling.modulo(left, right, exact);
  });
}

const wrapped = (text: string): string => (/^[\w.]+$/.test(text) ? text : `(${text})`);

/** C++ over 64-bit integers. */
export const cppSpelling = (name: Spelling["name"]): Spelling => ({
  name,
  divide: (a, b, exact) =>
    exact ? `(${wrapped(a)} / ${wrapped(b)})` : `lum::floor_div<int64_t>(${a}, ${b})`,
  modulo: (a, b, exact) =>
    exact ? `(${wrapped(a)} % ${wrapped(b)})` : `lum::floor_mod<int64_t>(${a}, ${b})`,
  extreme: (kind, a, b) => `std::${kind}<int64_t>(${a}, ${b})`,
});

/** TypeScript over numbers. */
export const tsSpelling = (name: Spelling["name"]): Spelling => ({
  name,
  divide: (a, b) => `Math.floor(${wrapped(a)} / ${wrapped(b)})`,
  modulo: (a, b, exact) =>
    exact
      ? `(${wrapped(a)} % ${wrapped(b)})`
      : `((((${a}) % ${wrapped(b)}) + ${wrapped(b)}) % ${wrapped(b)})`,
  extreme: (kind, a, b) => `Math.${kind}(${a}, ${b})`,
});

/** `24.0 MiB` */
export function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit + 1 < units.length) {
    value /= 1024;
    unit++;
  }
  return unit === 0
    ? `${bytes} bytes`
    : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
