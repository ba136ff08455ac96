// The header of one .safetensors file, read strictly: what is accepted here is safe to map and index.
// Format: 8 bytes header length (little endian), that many bytes of JSON
// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {…}}, then the data.
// safetensors.h in the C++ runtime makes the same checks in the same order, with the same codes.

import * as fs from "node:fs";
import { bytesOf, fromFileName, knownFileNames, type StoredDtype } from "./dtypes.ts";
import { failed, fine, type Outcome, systemReason } from "./problems.ts";
import {
  decodeUtf8,
  isNumber,
  isObject,
  type Json,
  type JsonObject,
  parseStrictJson,
} from "./strict-json.ts";

/** A tensor in a file; its data are read only when asked for. */
export type TensorEntry = {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly file: string;
  /** Absolute position of the first byte in the file. */
  readonly begin: number;
  readonly bytes: number;
};

export type SafetensorsHeader = {
  readonly file: string;
  readonly size: number;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
};

/** The reference implementation's limit. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Reads and checks the header of `file`; never throws, never reads tensor data. */
export function readSafetensorsHeader(file: string): Outcome<SafetensorsHeader> {
  let handle: number;
  try {
    handle = fs.openSync(file, "r");
  } catch (error) {
    return failed("LUM6101", { file, reason: systemReason(error) });
  }
  try {
    const status = fs.fstatSync(handle);
    if (!status.isFile()) return failed("LUM6101", { file, reason: "not a regular file" });
    return readFromHandle(file, handle, status.size);
  } catch (error) {
    return failed("LUM6119", { file, reason: systemReason(error) });
  } finally {
    fs.closeSync(handle);
  }
}

function readFromHandle(file: string, handle: number, size: number): Outcome<SafetensorsHeader> {
  if (size < 8) return failed("LUM6102", { file, size, needed: 8 });
  const prefix = Buffer.alloc(8);
  if (fs.readSync(handle, prefix, 0, 8, 0) !== 8)
    return failed("LUM6119", { file, reason: "it became shorter" });
  const length = prefix.readBigUInt64LE(0);
  if (length > BigInt(MAX_HEADER_BYTES)) return failed("LUM6103", { file, length, limit: MAX_HEADER_BYTES });
  if (8n + length > BigInt(size)) return failed("LUM6102", { file, size, needed: 8n + length });
  const header = Buffer.alloc(Number(length));
  const got = fs.readSync(handle, header, 0, header.length, 8);
  if (got !== header.length) return failed("LUM6119", { file, reason: "it became shorter" });
  return parseHeader(file, header, size);
}

/** Checks header bytes against the size of the whole file. */
function parseHeader(file: string, header: Uint8Array, size: number): Outcome<SafetensorsHeader> {
  const text = decodeUtf8(header);
  if (text === undefined) return failed("LUM6104", { file, at: 0, reason: "not UTF-8" });
  if (text[0] !== "{") return failed("LUM6104", { file, at: 0, reason: "the header must begin with '{'" });
  const json = parseStrictJson(text);
  if (!json.ok) {
    return "duplicate" in json
      ? failed("LUM6106", { file, name: json.duplicate })
      : failed("LUM6104", { file, at: json.at, reason: json.reason });
  }
  const dataBegin = 8 + header.length;
  const available = size - dataBegin;
  const tensors = new Map<string, TensorEntry>();
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of json.value as JsonObject) {
    if (name === "__metadata__") {
      const read = readMetadata(file, value);
      if (!read.ok) return read;
      metadata = read.value;
      continue;
    }
    const tensor = readEntry(file, name, value, available);
    if (!tensor.ok) return tensor;
    tensors.set(name, { ...tensor.value, begin: dataBegin + tensor.value.begin });
  }
  return checkCoverage({ file, size, tensors, metadata }, dataBegin);
}

function readMetadata(file: string, value: Json): Outcome<ReadonlyMap<string, string>> {
  if (!isObject(value)) return failed("LUM6113", { file, key: "" });
  const metadata = new Map<string, string>();
  for (const [key, text] of value) {
    if (typeof text !== "string") return failed("LUM6113", { file, key });
    metadata.set(key, text);
  }
  return fine(metadata);
}

const FIELDS: readonly string[] = ["dtype", "shape", "data_offsets"];

/** One header entry; `begin` is still relative to the data. */
function readEntry(file: string, name: string, value: Json, available: number): Outcome<TensorEntry> {
  const where = `tensor "${name}"`;
  if (!isObject(value)) return failed("LUM6105", { file, where, reason: "is not an object" });
  for (const field of FIELDS) {
    if (!value.has(field)) return failed("LUM6105", { file, where, reason: `lacks "${field}"` });
  }
  if (value.size !== FIELDS.length) {
    const unknown = [...value.keys()].find((key) => !FIELDS.includes(key));
    return failed("LUM6105", { file, where, reason: `has the unknown field "${unknown}"` });
  }
  const dtypeName = value.get("dtype");
  const dtype = typeof dtypeName === "string" ? fromFileName(dtypeName) : undefined;
  if (dtype === undefined) {
    return failed("LUM6107", { file, tensor: name, dtype: describe(dtypeName), known: knownFileNames() });
  }
  const shape = readSizes(file, name, "each size of the shape", value.get("shape"));
  if (!shape.ok) return shape;
  const offsets = readSizes(file, name, "each data offset", value.get("data_offsets"));
  if (!offsets.ok) return offsets;
  if (offsets.value.length !== 2) {
    return failed("LUM6105", { file, where, reason: `has ${offsets.value.length} data offsets, not 2` });
  }
  const [begin, end] = offsets.value;
  if (begin > end || end > available) return failed("LUM6109", { file, tensor: name, begin, end, available });
  const expected = byteCount(shape.value, dtype);
  if (expected === undefined) {
    return failed("LUM6108", {
      file,
      tensor: name,
      what: "its byte count",
      found: `[${shape.value.join(", ")}]`,
    });
  }
  const bytes = end - begin;
  if (bytes !== expected) {
    return failed("LUM6112", { file, tensor: name, dtype, shape: shape.value, bytes, expected });
  }
  return fine({ name, dtype, shape: shape.value, file, begin, bytes });
}

/** Bytes of a contiguous tensor, or undefined beyond 2^53 - 1, also when only a partial product is. */
export function byteCount(shape: readonly number[], dtype: StoredDtype): number | undefined {
  let bytes = bytesOf(dtype);
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

function readSizes(file: string, tensor: string, what: string, value: Json | undefined): Outcome<number[]> {
  if (!Array.isArray(value)) return failed("LUM6108", { file, tensor, what, found: describe(value) });
  const sizes: number[] = [];
  for (const item of value as readonly Json[]) {
    const size = isNumber(item) && /^[0-9]+$/.test(item.literal) ? Number(item.literal) : Number.NaN;
    if (!Number.isSafeInteger(size)) return failed("LUM6108", { file, tensor, what, found: describe(item) });
    sizes.push(size);
  }
  return fine(sizes);
}

function describe(value: Json | undefined): string {
  if (isNumber(value)) return value.literal.length > 40 ? `${value.literal.slice(0, 40)}…` : value.literal;
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  return typeof value === "string" ? value : String(value);
}

/** The tensors must tile the data exactly: no byte twice, none left over. */
function checkCoverage(header: SafetensorsHeader, dataBegin: number): Outcome<SafetensorsHeader> {
  const { file } = header;
  const byPosition = [...header.tensors.values()].sort((a, b) => a.begin - b.begin || a.bytes - b.bytes);
  let covered = dataBegin;
  let previous = "";
  for (const tensor of byPosition) {
    if (tensor.begin < covered) {
      return failed("LUM6110", { file, first: previous, second: tensor.name, at: tensor.begin - dataBegin });
    }
    if (tensor.begin > covered) {
      return failed("LUM6111", { file, begin: covered - dataBegin, end: tensor.begin - dataBegin });
    }
    covered += tensor.bytes;
    previous = tensor.name;
  }
  if (covered < header.size) {
    return failed("LUM6111", { file, begin: covered - dataBegin, end: header.size - dataBegin });
  }
  return fine(header);
}
