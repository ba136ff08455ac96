// A strict JSON reader for text that may be hostile: no key twice, limited depth and length, numbers kept as
// written (a size of 2^63 must not be rounded on its way to the check), names such as "__proto__"
// harmless. JSON.parse offers none of the four. json.h in the C++ runtime accepts the same language.

export type JsonNumber = { readonly literal: string };
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

export type JsonOutcome =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly duplicate: string }
  | { readonly ok: false; readonly at: number; readonly reason: string };

export const MAX_DEPTH = 64;
/** A value takes far more memory than its text: 100 MB of zeros must not become gigabytes. */
export const MAX_VALUES = 1_048_576;

export const isObject = (value: Json | undefined): value is JsonObject => value instanceof Map;
export const isNumber = (value: Json | undefined): value is JsonNumber =>
  typeof value === "object" && value !== null && "literal" in value;

type Cursor = { readonly text: string; at: number; values: number };

class Malformed extends Error {
  readonly at: number;
  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}
class Duplicate extends Error {}

/** Bytes to text; undefined when they are not UTF-8. A byte order mark is kept and then rejected. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Parses exactly one JSON value with white space around it. */
export function parseStrictJson(text: string): JsonOutcome {
  const cursor: Cursor = { text, at: 0, values: 0 };
  try {
    const value = parseValue(cursor, 0);
    skipSpace(cursor);
    if (cursor.at < text.length) throw new Malformed(cursor.at, "more text after the end of the value");
    return { ok: true, value };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, at: error.at, reason: error.message };
    if (error instanceof Duplicate) return { ok: false, duplicate: error.message };
    throw error;
  }
}

function skipSpace(cursor: Cursor): void {
  while (" \t\n\r".includes(cursor.text[cursor.at] ?? "x")) cursor.at++;
}

function parseValue(cursor: Cursor, depth: number): Json {
  if (++cursor.values > MAX_VALUES) throw new Malformed(cursor.at, `more than ${MAX_VALUES} values`);
  if (depth > MAX_DEPTH) throw new Malformed(cursor.at, `nested deeper than ${MAX_DEPTH} levels`);
  skipSpace(cursor);
  const first = cursor.text[cursor.at];
  if (first === "{") return parseObject(cursor, depth);
  if (first === "[") return parseArray(cursor, depth);
  if (first === '"') return parseString(cursor);
  if (first === "-" || (first !== undefined && first >= "0" && first <= "9")) return parseNumber(cursor);
  return parseWord(cursor);
}

function parseObject(cursor: Cursor, depth: number): Json {
  const members = new Map<string, Json>();
  cursor.at++;
  skipSpace(cursor);
  if (cursor.text[cursor.at] === "}") {
    cursor.at++;
    return members;
  }
  let duplicate: string | undefined;
  for (;;) {
    skipSpace(cursor);
    if (cursor.text[cursor.at] !== '"') throw new Malformed(cursor.at, "expected a name in quotes");
    const key = parseString(cursor);
    // Reported only once the object is known to be well-formed, as json.h does.
    if (members.has(key)) duplicate ??= key;
    skipSpace(cursor);
    if (cursor.text[cursor.at] !== ":") throw new Malformed(cursor.at, "expected ':'");
    cursor.at++;
    members.set(key, parseValue(cursor, depth + 1));
    if (endsHere(cursor, "}")) break;
  }
  if (duplicate !== undefined) throw new Duplicate(duplicate);
  return members;
}

function parseArray(cursor: Cursor, depth: number): Json {
  const items: Json[] = [];
  cursor.at++;
  skipSpace(cursor);
  if (cursor.text[cursor.at] === "]") {
    cursor.at++;
    return items;
  }
  do {
    items.push(parseValue(cursor, depth + 1));
  } while (!endsHere(cursor, "]"));
  return items;
}

/** Steps over the closing character (true) or over a comma (false). */
function endsHere(cursor: Cursor, closing: "}" | "]"): boolean {
  skipSpace(cursor);
  const found = cursor.text[cursor.at];
  if (found !== closing && found !== ",") throw new Malformed(cursor.at, `expected ',' or '${closing}'`);
  cursor.at++;
  return found === closing;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function parseNumber(cursor: Cursor): JsonNumber {
  NUMBER.lastIndex = cursor.at;
  const match = NUMBER.exec(cursor.text);
  if (match === null) throw new Malformed(cursor.at, "expected digits");
  cursor.at += match[0].length;
  return { literal: match[0] };
}

function parseWord(cursor: Cursor): Json {
  const words: readonly (readonly [string, Json])[] = [
    ["true", true],
    ["false", false],
    ["null", null],
  ];
  for (const [word, value] of words) {
    if (cursor.text.startsWith(word, cursor.at)) {
      cursor.at += word.length;
      return value;
    }
  }
  throw new Malformed(cursor.at, "expected a value");
}

const ESCAPES = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

function parseString(cursor: Cursor): string {
  let result = "";
  cursor.at++;
  for (;;) {
    const begin = cursor.at;
    while (isPlain(cursor.text.charCodeAt(cursor.at))) cursor.at++;
    result += cursor.text.slice(begin, cursor.at);
    const stop = cursor.text[cursor.at];
    if (stop === undefined) throw new Malformed(cursor.at, "the text ends inside a string");
    if (stop === '"') {
      cursor.at++;
      return result;
    }
    if (stop !== "\\") throw new Malformed(cursor.at, "control character in a string");
    result += parseEscape(cursor);
  }
}

/** Neither a quote, a backslash, a control character nor (NaN) the end of the text. */
const isPlain = (code: number): boolean => code >= 0x20 && code !== 0x22 && code !== 0x5c;

function parseEscape(cursor: Cursor): string {
  const simple = ESCAPES.get(cursor.text[cursor.at + 1] ?? "");
  if (simple !== undefined) {
    cursor.at += 2;
    return simple;
  }
  const unit = parseUnit(cursor);
  if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
  const at = cursor.at;
  // Half a surrogate pair has no UTF-8 form, so no file can name a tensor by it.
  if (unit > 0xdbff || cursor.text[at] !== "\\") throw new Malformed(at, "half of a surrogate pair");
  const low = parseUnit(cursor);
  if (low < 0xdc00 || low > 0xdfff) throw new Malformed(at, "half of a surrogate pair");
  return String.fromCharCode(unit, low);
}

const UNIT = /\\u([0-9a-fA-F]{4})/y;

function parseUnit(cursor: Cursor): number {
  UNIT.lastIndex = cursor.at;
  const match = UNIT.exec(cursor.text);
  if (match === null) throw new Malformed(cursor.at, "unknown escape");
  cursor.at += 6;
  return Number.parseInt(match[1], 16);
}
