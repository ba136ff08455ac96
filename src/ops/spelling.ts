/** Text of expressions in the C family: calls, infix operators with no more parentheses than needed, literals. */
import type { DType } from "../ir/dtype.ts";

/** C's precedence levels of the operators that are emitted; higher binds tighter. */
const levels: Readonly<Record<string, number>> = {
  "?": 1,
  "||": 2,
  "&&": 3,
  "|": 4,
  "^": 5,
  "&": 6,
  "==": 7,
  "!=": 7,
  "<": 8,
  "<=": 8,
  ">": 8,
  ">=": 8,
  "<<": 9,
  ">>": 9,
  "+": 10,
  "-": 10,
  "*": 11,
  "/": 11,
  "%": 11,
};
const prefixLevel = 12;
const atomLevel = 13;

/** Level of the loosest operator outside of brackets. Infix operators are recognised by the blanks around them. */
function levelOf(text: string): number {
  let [level, depth] = [/^[-!~]/.test(text) ? prefixLevel : atomLevel, 0];
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "(" || c === "[" || c === "{") depth++;
    else if (c === ")" || c === "]" || c === "}") depth--;
    else if (c === " " && depth === 0) {
      const end = text.indexOf(" ", i + 1);
      const found = end < 0 ? undefined : levels[text.slice(i + 1, end)];
      if (found !== undefined) level = Math.min(level, found);
    }
  }
  return level;
}

const atLeast = (level: number, text: string): string => (levelOf(text) < level ? `(${text})` : text);

/**
 * `a op b`; both sides may be any expression. Where compilers warn, mixed operators get parentheses that C would not
 * need: bit operators, `&&` within `||`, and comparisons of comparisons or of `!x`.
 */
export function infix(a: string, op: string, b: string): string {
  const level = levels[op];
  if (op === "||")
    return [a, b].map((x) => (levelOf(x) === levels["&&"] ? `(${x})` : atLeast(2, x))).join(" || ");
  if (level === levels["=="] || level === levels["<"]) {
    const left = a.startsWith("!") ? `(${a})` : atLeast(9, a);
    return `${left} ${op} ${atLeast(9, b)}`;
  }
  const careful = op === "&" || op === "|" || op === "^" || op === "<<" || op === ">>";
  if (careful) return `${atLeast(prefixLevel, a)} ${op} ${atLeast(prefixLevel, b)}`;
  return `${atLeast(level, a)} ${op} ${atLeast(level + 1, b)}`;
}

/** `-x`, `!x`, `~x` */
export const prefix = (op: string, x: string): string => `${op}${atLeast(atomLevel, x)}`;

export const call = (name: string, ...args: readonly string[]): string => `${name}(${args.join(", ")})`;

/** `c ? a : b` */
export const choose = (c: string, a: string, b: string): string =>
  `${atLeast(2, c)} ? ${atLeast(2, a)} : ${atLeast(1, b)}`;

/** `expf` for f32, `exp` for f64: the names of CUDA's math functions. */
export const cudaCall = (name: string, t: DType, ...args: readonly string[]): string =>
  call(t === "f64" ? name : `${name}f`, ...args);

/** A number of type `t` (an accumulation type) as C++ and CUDA write it: `0.5f`, `1e-5`, `-INFINITY`, `true`. */
export function literal(value: number, t: DType): string {
  if (t === "bool") return value !== 0 ? "true" : "false";
  if (t === "f64" || t === "f32") return floatLiteral(value, t);
  if (value === -(2 ** 31) && t !== "i64") return "INT32_MIN";
  if (value === -(2 ** 63)) return "INT64_MIN";
  if (value >= 2 ** 63) return "INT64_MAX";
  return Math.abs(value) < 2 ** 31 ? String(value) : `INT64_C(${BigInt(value)})`;
}

function floatLiteral(value: number, t: "f64" | "f32"): string {
  if (Number.isNaN(value)) return "NAN";
  if (Math.abs(t === "f32" ? Math.fround(value) : value) === Infinity)
    return value > 0 ? "INFINITY" : "-INFINITY";
  const digits = t === "f64" ? String(value) : shortestF32(value);
  const signed = Object.is(value, -0) ? "-0" : digits;
  const text = /[.e]/.test(signed) ? signed : `${signed}.0`;
  return t === "f32" ? `${text}f` : text;
}

/** The fewest decimal digits that name the same f32. */
function shortestF32(value: number): string {
  const wanted = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const near = Number(wanted.toPrecision(digits));
    if (Math.fround(near) === wanted) return String(near);
  }
  return String(Number(wanted.toPrecision(9)));
}
