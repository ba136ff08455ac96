// Extracted terms. Equal subterms of one result are one object, so a term is a
// graph that can be far smaller than its text.

export type Term = AppTerm | LiteralTerm | VarTerm;

export type AppTerm = { readonly kind: "app"; readonly op: string; readonly args: readonly Term[] };
export type VarTerm = { readonly kind: "var"; readonly name: string };
export type LiteralTerm =
  | { readonly kind: "literal"; readonly sort: "i64"; readonly value: bigint }
  | { readonly kind: "literal"; readonly sort: "f64"; readonly value: number }
  | { readonly kind: "literal"; readonly sort: "String"; readonly value: string }
  | { readonly kind: "literal"; readonly sort: "bool"; readonly value: boolean }
  | { readonly kind: "literal"; readonly sort: "Unit"; readonly value: null };

/** As it comes from the module: children are indices of earlier terms. */
export type RawTerm =
  | readonly [op: string, ...children: number[]]
  | {
      readonly i?: string;
      readonly f?: string;
      readonly s?: string;
      readonly b?: string;
      readonly u?: string;
      readonly v?: string;
    };

export function decodeTerms(raw: readonly RawTerm[]): Term[] {
  const terms: Term[] = [];
  for (const term of raw) terms.push(decodeTerm(term, terms));
  return terms;
}

function decodeTerm(raw: RawTerm, earlier: readonly Term[]): Term {
  if (isApp(raw)) {
    const [op, ...children] = raw;
    return { kind: "app", op, args: children.map((child) => earlier[child]) };
  }
  if (raw.i !== undefined) return { kind: "literal", sort: "i64", value: BigInt(raw.i) };
  if (raw.f !== undefined) return { kind: "literal", sort: "f64", value: parseF64(raw.f) };
  if (raw.s !== undefined) return { kind: "literal", sort: "String", value: raw.s };
  if (raw.b !== undefined) return { kind: "literal", sort: "bool", value: raw.b === "true" };
  if (raw.v !== undefined) return { kind: "var", name: raw.v };
  return { kind: "literal", sort: "Unit", value: null };
}

function isApp(raw: RawTerm): raw is readonly [string, ...number[]] {
  return Array.isArray(raw);
}

/** Rust spells infinities "inf" and "-inf". */
export function parseF64(text: string): number {
  if (text === "inf") return Number.POSITIVE_INFINITY;
  if (text === "-inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

/** Longest text that `printTerm` makes; some engines hold twice this. */
const MAX_TEXT = 2 ** 28;

/**
 * The term as program text. Shared subterms are printed once and joined, but
 * the text repeats them; throws a RangeError where it would pass 2^28 characters.
 */
export function printTerm(term: Term): string {
  const done = new Map<Term, string>();
  // Its own stack: terms can be deeper than the machine's.
  const stack: Term[] = [term];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const open = top.kind === "app" ? top.args.filter((arg) => !done.has(arg)) : [];
    if (open.length > 0 && !done.has(top)) {
      stack.push(...open);
      continue;
    }
    if (!done.has(top)) done.set(top, printOne(top, done));
    stack.pop();
  }
  return done.get(term) ?? "";
}

function printOne(term: Term, done: ReadonlyMap<Term, string>): string {
  switch (term.kind) {
    case "app":
      return printApp(term, done);
    case "var":
      return term.name;
    case "literal":
      return printLiteral(term);
  }
}

function printApp({ op, args }: AppTerm, done: ReadonlyMap<Term, string>): string {
  // Concatenation, not join: engines share the parts of a concatenation.
  let text = `(${op}`;
  for (const arg of args) {
    text += ` ${done.get(arg)}`;
    if (text.length > MAX_TEXT) throw new RangeError("the term is too large to print");
  }
  return `${text})`;
}

function printLiteral(term: LiteralTerm): string {
  switch (term.sort) {
    case "f64":
      return printF64(term.value);
    case "String":
      return `"${term.value.replace(/[\\"]/g, "\\$&")}"`;
    case "Unit":
      return "()";
    default:
      return String(term.value);
  }
}

function printF64(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${Object.is(value, -0) ? "-0" : text}.0` : text;
}
