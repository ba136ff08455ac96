// .npy files, versions 1.0 and 2.0, little endian. npy.h in the C++ runtime accepts the same files.

import * as fs from "node:fs";
import { bytesOf, type StoredDtype } from "./weights/dtypes.ts";
import { failed, fine, type Outcome, systemReason } from "./weights/problems.ts";
import { byteCount } from "./weights/safetensors.ts";
import { writeWhole } from "./weights/tensor-data.ts";

export type NpyDtype = Extract<
  StoredDtype,
  "f64" | "f32" | "f16" | "i64" | "i32" | "i16" | "i8" | "u8" | "bool"
>;

export type NpyArray = {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  /** Contiguous, last axis fastest, whatever the file's order was; starts at offset 0 of its own buffer. */
  readonly data: Uint8Array;
};

const DESCRS: ReadonlyMap<string, NpyDtype> = new Map<string, NpyDtype>([
  ["<f8", "f64"],
  ["<f4", "f32"],
  ["<f2", "f16"],
  ["<i8", "i64"],
  ["<i4", "i32"],
  ["<i2", "i16"],
  ["|i1", "i8"],
  ["|u1", "u8"],
  ["|b1", "bool"],
]);

const MAGIC = Buffer.from("\x93NUMPY", "latin1");

export function readNpy(file: string): Outcome<NpyArray> {
  try {
    if (!fs.statSync(file).isFile()) return failed("LUM6101", { file, reason: "not a regular file" });
    return parseNpy(file, fs.readFileSync(file));
  } catch (error) {
    return failed("LUM6101", { file, reason: systemReason(error) });
  }
}

/** `file` is for messages only. */
export function parseNpy(file: string, bytes: Uint8Array): Outcome<NpyArray> {
  if (bytes.length < 10) return failed("LUM6141", { file, reason: "it is cut off" });
  if (!MAGIC.equals(bytes.subarray(0, 6)))
    return failed("LUM6141", { file, reason: "it begins differently" });
  const [major, minor] = [bytes[6], bytes[7]];
  if ((major !== 1 && major !== 2) || minor !== 0)
    return failed("LUM6142", { file, version: `${major}.${minor}` });
  const begin = major === 1 ? 10 : 12;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < begin) return failed("LUM6141", { file, reason: "it is cut off" });
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (begin + length > bytes.length) return failed("LUM6141", { file, reason: "it is cut off" });
  const header = parseHeader(file, Buffer.from(bytes.subarray(begin, begin + length)).toString("latin1"));
  if (!header.ok) return header;
  return takeData(file, header.value, bytes.subarray(begin + length));
}

type Header = { readonly dtype: NpyDtype; readonly fortranOrder: boolean; readonly shape: readonly number[] };

/** The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } */
function parseHeader(file: string, text: string): Outcome<Header> {
  const cursor: Cursor = { text, at: 0 };
  let descr: string | undefined;
  let fortranOrder: boolean | undefined;
  let shape: readonly number[] | undefined;
  try {
    take(cursor, /\{/y, "'{'");
    while (!skip(cursor, /\}/y)) {
      const key = takeString(cursor);
      take(cursor, /:/y, "':'");
      if (key === "descr" && descr === undefined) descr = takeString(cursor);
      else if (key === "fortran_order" && fortranOrder === undefined) {
        fortranOrder = take(cursor, /True|False/y, "True or False") === "True";
      } else if (key === "shape" && shape === undefined) shape = takeShape(cursor);
      else throw new Malformed(ONCE);
      if (!/[ \n]*\}/y.test(text.slice(cursor.at))) take(cursor, /,/y, "',' or '}'");
    }
    if (!skip(cursor, /$/y)) throw new Malformed("expected the end");
    if (descr === undefined || fortranOrder === undefined || shape === undefined) throw new Malformed(ONCE);
  } catch (error) {
    if (error instanceof Malformed) return failed("LUM6143", { file, at: cursor.at, reason: error.message });
    throw error;
  }
  // Byte order means nothing for single bytes, so '<' is as good as '|' there.
  const dtype = DESCRS.get(descr) ?? DESCRS.get(descr.replace(/^<(?=.1$)/, "|"));
  const known = [...DESCRS.keys()].map((name) => name.slice(1)).join(" ");
  return dtype === undefined
    ? failed("LUM6144", { file, descr, known })
    : fine({ dtype, fortranOrder, shape });
}

const ONCE = "expected descr, fortran_order and shape, each once";
/** numpy's limit. */
const MAX_RANK = 64;

type Cursor = { readonly text: string; at: number };
class Malformed extends Error {}

/** Steps over blanks and then over the pattern, if it is there. */
function skip(cursor: Cursor, pattern: RegExp): string | true | undefined {
  const blanks = /[ \n]*/y;
  blanks.lastIndex = cursor.at;
  blanks.test(cursor.text);
  pattern.lastIndex = blanks.lastIndex;
  const match = pattern.exec(cursor.text);
  if (match === null) return undefined;
  cursor.at = pattern.lastIndex;
  return match[0] === "" ? true : match[0];
}

function take(cursor: Cursor, pattern: RegExp, expected: string): string {
  const found = skip(cursor, pattern);
  if (typeof found !== "string") throw new Malformed(`expected ${expected}`);
  return found;
}

const takeString = (cursor: Cursor): string =>
  take(cursor, /'[ -&(-[\]-~]*'|"[ !#-[\]-~]*"/y, "a string").slice(1, -1);

/** (), (3,), (3, 4) */
function takeShape(cursor: Cursor): readonly number[] {
  const shape: number[] = [];
  take(cursor, /\(/y, "'('");
  while (!skip(cursor, /\)/y)) {
    const size = Number(take(cursor, /[0-9]{1,16}/y, "a whole number"));
    if (!Number.isSafeInteger(size)) throw new Malformed("expected a whole number up to 2^53 - 1");
    shape.push(size);
    if (shape.length > MAX_RANK) throw new Malformed(`expected at most ${MAX_RANK} axes`);
    if (shape.length > 1 && skip(cursor, /\)/y)) break;
    take(cursor, /,/y, "','");
  }
  return shape;
}

function takeData(file: string, header: Header, data: Uint8Array): Outcome<NpyArray> {
  const { dtype, shape } = header;
  const expected = byteCount(shape, dtype);
  if (expected === undefined) {
    return failed("LUM6143", { file, at: 0, reason: `its shape [${shape.join(", ")}] is too large` });
  }
  if (expected !== data.length) return failed("LUM6145", { file, shape, expected, found: data.length });
  const ordered = header.fortranOrder
    ? reorder(data, shape, bytesOf(dtype), "fromFortran")
    : new Uint8Array(data);
  return fine({ dtype, shape, data: ordered });
}

/** Between the order in which the first axis is fastest and the one in which the last is. */
function reorder(
  from: Uint8Array,
  shape: readonly number[],
  bytes: number,
  direction: "fromFortran" | "toFortran",
): Uint8Array {
  const result = new Uint8Array(from.length);
  const strides: number[] = [];
  let stride = bytes;
  for (const size of shape) {
    strides.push(stride);
    stride *= size;
  }
  const index = shape.map(() => 0);
  // Walks the C order; `fortran` is the same element's position in the other.
  for (let c = 0, fortran = 0; c < from.length; c += bytes) {
    const [source, target] = direction === "fromFortran" ? [fortran, c] : [c, fortran];
    for (let b = 0; b < bytes; b++) result[target + b] = from[source + b];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      fortran += strides[axis];
      if (++index[axis] < shape[axis]) break;
      fortran -= strides[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return result;
}

export type NpyLayout = { readonly version?: 1 | 2; readonly fortranOrder?: boolean };

/** The bytes of an .npy file; the header is padded so that the data begin at a multiple of 64. */
export function encodeNpy(array: NpyArray, layout: NpyLayout = {}): Outcome<Uint8Array> {
  const { dtype, shape, data } = array;
  const file = "(new file)";
  const expected = byteCount(shape, dtype);
  if (expected !== data.byteLength) {
    return failed("LUM6145", { file, shape, expected: expected ?? Number.NaN, found: data.byteLength });
  }
  const descr = [...DESCRS].find(([, name]) => name === dtype)![0];
  const order = layout.fortranOrder ? "True" : "False";
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const version = layout.version ?? 1;
  const before = version === 1 ? 10 : 12;
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${tuple}, }`;
  const dataBegin = Math.ceil((before + text.length + 1) / 64) * 64;
  const bytes = Buffer.alloc(dataBegin + data.byteLength, 0x20);
  MAGIC.copy(bytes);
  bytes[6] = version;
  bytes[7] = 0;
  if (version === 1) bytes.writeUInt16LE(dataBegin - before, 8);
  else bytes.writeUInt32LE(dataBegin - before, 8);
  bytes.write(text, before, "latin1");
  bytes[dataBegin - 1] = 0x0a;
  bytes.set(layout.fortranOrder ? reorder(data, shape, bytesOf(dtype), "toFortran") : data, dataBegin);
  return fine(bytes);
}

export function writeNpy(file: string, array: NpyArray, layout?: NpyLayout): Outcome<void> {
  const encoded = encodeNpy(array, layout);
  return encoded.ok ? writeWhole(file, encoded.value) : encoded;
}
