// Files that a reader of .safetensors must accept or refuse, each with the code it must give.

export type Case = { readonly name: string; readonly bytes: Uint8Array; readonly expected: string };

const OK = "ok";

/** A file with this header text, its length field and `dataBytes` bytes of data. */
export function file(header: string | Uint8Array, dataBytes: number, length?: bigint): Uint8Array {
  const text = typeof header === "string" ? Buffer.from(header, "utf8") : header;
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  const data = Buffer.from(Array.from({ length: dataBytes }, (_, i) => (i * 37 + 11) & 0xff));
  return Buffer.concat([prefix, text, data]);
}

const entry = (dtype: string, shape: string, begin: string | number, end: string | number): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

const one = (value: string, dataBytes: number, expected: string): readonly [Uint8Array, string] => [
  file(`{"a":${value}}`, dataBytes),
  expected,
];
const header = (text: string, dataBytes: number, expected: string): readonly [Uint8Array, string] => [
  file(text, dataBytes),
  expected,
];

const A = entry("F32", "[2]", 0, 8);

const cases: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  "no tensors": header("{}", 0, OK),
  "one tensor": one(A, 8, OK),
  "two tensors, second first": header(`{"b":${entry("U8", "[3]", 8, 11)},"a":${A}}`, 11, OK),
  "scalar without axes": one(entry("F64", "[]", 0, 8), 8, OK),
  "empty tensors between others": header(
    `{"a":${A},"e":${entry("F32", "[0, 5]", 8, 8)},"f":${entry("I8", "[0]", 8, 8)},"b":${entry("I8", "[1]", 8, 9)}}`,
    9,
    OK,
  ),
  "metadata of strings": header(`{"__metadata__":{"format":"pt"},"a":${A}}`, 8, OK),
  "padding after the header": header(`{"a":${A}}   \n`, 8, OK),
  "names that are special in JavaScript": header(
    `{"__proto__":${A},"constructor":${entry("F32", "[1]", 8, 12)}}`,
    12,
    OK,
  ),
  "escaped and non-ASCII names": header(`{"\\u0041\\ud83d\\ude00é\\n":${A}}`, 8, OK),
  "nested to the limit in an unknown field": one(
    `{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":${"[".repeat(40)}${"]".repeat(40)}}`,
    8,
    "LUM6105",
  ),

  "empty file": [new Uint8Array(0), "LUM6102"],
  "seven bytes": [new Uint8Array(7), "LUM6102"],
  "header beyond the end": [file(`{"a":${A}}`, 8, 500n), "LUM6102"],
  "cut off inside the data": [file(`{"a":${A}}`, 8).slice(0, -1), "LUM6109"],
  "cut off inside the header": [file(`{"a":${A}}`, 0).slice(0, -20), "LUM6102"],
  "length one above the limit": [file("{}", 0, 100_000_001n), "LUM6103"],
  "length 2^63, negative if signed": [file("{}", 0, 1n << 63n), "LUM6103"],
  "length 2^64 - 1": [file("{}", 0, (1n << 64n) - 1n), "LUM6103"],
  "length 2^64 - 8, wraps round when 8 is added": [file("{}", 0, (1n << 64n) - 8n), "LUM6103"],
  "length zero": [file("", 8), "LUM6104"],
  "length one too small": [file(`{"a":${A}}`, 8, BigInt(`{"a":${A}}`.length - 1)), "LUM6104"],
  "length one too large": [file(`{"a":${A}}`, 8, BigInt(`{"a":${A}}`.length + 1)), "LUM6104"],

  "not JSON": header("hello, world", 0, "LUM6104"),
  "space before the header": header(" {}", 0, "LUM6104"),
  "a list": header("[]", 0, "LUM6104"),
  "more after the header": header(`{"a":${A}} x`, 8, "LUM6104"),
  "two objects": header("{}{}", 0, "LUM6104"),
  "NUL after the header": header("{}\0", 0, "LUM6104"),
  "byte order mark": header("\ufeff{}", 0, "LUM6104"),
  "comma at the end": header(`{"a":${A},}`, 8, "LUM6104"),
  "single quotes": header("{'a':1}", 0, "LUM6104"),
  comment: header("{/**/}", 0, "LUM6104"),
  "control character in a name": header(`{"a\u0001":${A}}`, 8, "LUM6104"),
  "half a surrogate pair": header(`{"\\ud83d":${A}}`, 8, "LUM6104"),
  "surrogates the wrong way round": header(`{"\\ude00\\ud83d":${A}}`, 8, "LUM6104"),
  "unknown escape": header(`{"\\x":${A}}`, 8, "LUM6104"),
  "invalid UTF-8": [file(Buffer.from(`{"a\xff":${A}}`, "latin1"), 8), "LUM6104"],
  "overlong UTF-8": [file(Buffer.from(`{"\xc0\xaf":${A}}`, "latin1"), 8), "LUM6104"],
  "surrogate in UTF-8": [file(Buffer.from(`{"\xed\xa0\x80":${A}}`, "latin1"), 8), "LUM6104"],
  "nested ten thousand deep": one(`${"[".repeat(10_000)}${"]".repeat(10_000)}`, 0, "LUM6104"),
  "objects nested a hundred thousand deep": one('{"a":'.repeat(100_000), 0, "LUM6104"),
  "millions of sizes": one(entry("F32", `[${"1,".repeat(1_048_576)}1]`, 0, 4), 4, "LUM6104"),
  "NaN as a size": one(entry("F32", "[NaN]", 0, 8), 8, "LUM6104"),
  "Infinity as an offset": one(entry("F32", "[2]", 0, "Infinity"), 8, "LUM6104"),
  "plus sign": one(entry("F32", "[+2]", 0, 8), 8, "LUM6104"),
  "leading zero": one(entry("F32", "[02]", 0, 8), 8, "LUM6104"),

  "entry is a number": one("3", 0, "LUM6105"),
  "entry is null": one("null", 0, "LUM6105"),
  "no dtype": one('{"shape":[2],"data_offsets":[0,8]}', 8, "LUM6105"),
  "no shape": one('{"dtype":"F32","data_offsets":[0,8]}', 8, "LUM6105"),
  "no offsets": one('{"dtype":"F32","shape":[2]}', 8, "LUM6105"),
  "unknown field": one('{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}', 8, "LUM6105"),
  "one offset": one('{"dtype":"F32","shape":[2],"data_offsets":[8]}', 8, "LUM6105"),
  "three offsets": one('{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}', 8, "LUM6105"),

  "a tensor twice": header(`{"a":${A},"a":${A}}`, 8, "LUM6106"),
  "a tensor twice, once escaped": header(`{"a":${A},"\\u0061":${entry("F32", "[2]", 8, 16)}}`, 16, "LUM6106"),
  "a field twice": one('{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}', 8, "LUM6106"),
  "metadata twice": header(`{"__metadata__":{},"__metadata__":{},"a":${A}}`, 8, "LUM6106"),

  "unknown dtype": one(entry("F33", "[2]", 0, 8), 8, "LUM6107"),
  "dtype in lower case": one(entry("f32", "[2]", 0, 8), 8, "LUM6107"),
  "dtype is a number": one('{"dtype":32,"shape":[2],"data_offsets":[0,8]}', 8, "LUM6107"),

  "negative size": one(entry("F32", "[-2]", 0, 8), 8, "LUM6108"),
  "minus zero": one(entry("F32", "[-0]", 0, 0), 0, "LUM6108"),
  "fractional size": one(entry("F32", "[2.0]", 0, 8), 8, "LUM6108"),
  "size with an exponent": one(entry("F32", "[2e0]", 0, 8), 8, "LUM6108"),
  "null size": one(entry("F32", "[null]", 0, 8), 8, "LUM6108"),
  "size in quotes": one(entry("F32", '["2"]', 0, 8), 8, "LUM6108"),
  "size 2^53": one(entry("I8", "[9007199254740992]", 0, 8), 8, "LUM6108"),
  "size 2^64 + 2, wraps round to 2": one(entry("F32", "[18446744073709551618]", 0, 8), 8, "LUM6108"),
  "size 10^400": one(entry("F32", `[1${"0".repeat(400)}]`, 0, 8), 8, "LUM6108"),
  "product wraps round to 8 bytes": one(entry("F32", "[4294967296, 4294967296, 2]", 0, 8), 8, "LUM6108"),
  "huge product times zero": one(entry("F32", "[9007199254740991, 9007199254740991, 0]", 0, 0), 0, "LUM6108"),
  "zero times huge sizes": one(entry("F32", "[0, 9007199254740991, 9007199254740991]", 0, 0), 0, OK),
  "shape is a number": one(entry("F32", "2", 0, 8), 8, "LUM6108"),
  "offset is negative": one(entry("F32", "[2]", -8, 0), 8, "LUM6108"),
  "offset is fractional": one(entry("F32", "[2]", 0.5, 8.5), 8, "LUM6108"),
  "offset 2^64 - 8": one(entry("F32", "[2]", "18446744073709551608", 0), 8, "LUM6108"),
  "offsets are null": one('{"dtype":"F32","shape":[2],"data_offsets":null}', 8, "LUM6108"),

  "end before begin": one(entry("F32", "[2]", 8, 0), 8, "LUM6109"),
  "beyond the file": one(entry("F32", "[4]", 0, 16), 8, "LUM6109"),
  "far beyond the file": one(entry("F32", "[2]", 9007199254740983, 9007199254740991), 8, "LUM6109"),

  "overlap by one byte": header(`{"a":${A},"b":${entry("I8", "[8]", 7, 15)}}`, 15, "LUM6110"),
  "the same bytes twice": header(`{"a":${A},"b":${A}}`, 8, "LUM6110"),
  "one inside the other": header(`{"a":${A},"b":${entry("I8", "[2]", 2, 4)}}`, 8, "LUM6110"),
  "an empty tensor inside another": header(`{"a":${A},"e":${entry("I8", "[0]", 4, 4)}}`, 8, "LUM6110"),

  "gap at the beginning": one(entry("F32", "[1]", 4, 8), 8, "LUM6111"),
  "gap between tensors": header(`{"a":${A},"b":${entry("I8", "[1]", 9, 10)}}`, 10, "LUM6111"),
  "bytes after the last tensor": one(A, 9, "LUM6111"),
  "data without tensors": header("{}", 4, "LUM6111"),

  "too few bytes": one(entry("F32", "[3]", 0, 8), 8, "LUM6112"),
  "too many bytes": one(entry("BF16", "[3]", 0, 8), 8, "LUM6112"),

  "metadata is a string": header('{"__metadata__":"pt"}', 0, "LUM6113"),
  "metadata holds a number": header('{"__metadata__":{"n":1}}', 0, "LUM6113"),
  "metadata holds an object": header('{"__metadata__":{"n":{}}}', 0, "LUM6113"),
};

export const corpus: readonly Case[] = Object.entries(cases).map(([name, [bytes, expected]]) => ({
  name,
  bytes,
  expected,
}));

const index = (map: Record<string, unknown>): string => JSON.stringify({ metadata: {}, weight_map: map });

/** Index files beside x-1.safetensors, which holds "a", and x-2.safetensors, which holds "b" and "unlisted". */
export const indexCases: readonly {
  readonly name: string;
  readonly text: string;
  readonly expected: string;
}[] = [
  { name: "two shards", text: index({ a: "x-1.safetensors", b: "x-2.safetensors" }), expected: OK },
  { name: "no tensors", text: index({}), expected: OK },
  { name: "not JSON", text: "{", expected: "LUM6104" },
  { name: "no map", text: "{}", expected: "LUM6114" },
  { name: "a list", text: "[]", expected: "LUM6114" },
  { name: "a string", text: '"weight_map"', expected: "LUM6114" },
  { name: "the map is a list", text: '{"weight_map":[]}', expected: "LUM6114" },
  { name: "a map to numbers", text: index({ a: 1 }), expected: "LUM6114" },
  {
    name: "a name twice",
    text: '{"weight_map":{"a":"x-1.safetensors","a":"x-2.safetensors"}}',
    expected: "LUM6106",
  },
  { name: "a shard that is not there", text: index({ a: "x-9.safetensors" }), expected: "LUM6101" },
  { name: "a tensor that its shard lacks", text: index({ z: "x-1.safetensors" }), expected: "LUM6115" },
  {
    name: "a tensor in the wrong shard",
    text: index({ a: "x-1.safetensors", b: "x-1.safetensors" }),
    expected: "LUM6115",
  },
  { name: "a damaged shard", text: index({ a: "broken.safetensors" }), expected: "LUM6102" },
  { name: "a path upwards", text: index({ a: "../x-1.safetensors" }), expected: "LUM6116" },
  { name: "an absolute path", text: index({ a: "/etc/passwd" }), expected: "LUM6116" },
  { name: "a backslash", text: index({ a: "..\\x-1.safetensors" }), expected: "LUM6116" },
  { name: "the directory itself", text: index({ a: ".." }), expected: "LUM6116" },
  { name: "an empty name", text: index({ a: "" }), expected: "LUM6116" },
  { name: "a NUL in the name", text: index({ a: "x\0" }), expected: "LUM6116" },
];
