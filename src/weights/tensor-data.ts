// Reading tensors' bytes on demand, and writing .safetensors files.

import * as fs from "node:fs";
import * as path from "node:path";
import { bytesOf, type StoredDtype, toFileName } from "./dtypes.ts";
import { failed, fine, type Outcome, systemReason } from "./problems.ts";
import { byteCount, type TensorEntry } from "./safetensors.ts";

/** Bytes `begin` to `begin + count` of a tensor, by default all of them, as stored. */
export function readTensorBytes(
  tensor: TensorEntry,
  begin = 0,
  count = tensor.bytes - begin,
): Outcome<Uint8Array> {
  const { file } = tensor;
  if (!(begin >= 0 && count >= 0 && begin + count <= tensor.bytes)) {
    return failed("LUM6119", {
      file,
      reason: `bytes ${begin}..${begin + count} are outside "${tensor.name}"`,
    });
  }
  try {
    const handle = fs.openSync(file, "r");
    try {
      return readFully(handle, tensor, begin, count);
    } finally {
      fs.closeSync(handle);
    }
  } catch (error) {
    return failed("LUM6119", { file, reason: systemReason(error) });
  }
}

function readFully(handle: number, tensor: TensorEntry, begin: number, count: number): Outcome<Uint8Array> {
  // A buffer of its own, not a slice of Node's pool: callers view it as wider types, which needs alignment.
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count; ) {
    const step = Math.min(count - done, 1 << 30);
    const got = fs.readSync(handle, bytes, done, step, tensor.begin + begin + done);
    if (got === 0) return failed("LUM6119", { file: tensor.file, reason: "it became shorter" });
    done += got;
  }
  return fine(bytes);
}

export type TensorToWrite = {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
};

/**
 * The bytes of a .safetensors file. Deterministic: tensors ordered by falling element size, then by
 * name, so that each is aligned; metadata by key; the header padded with spaces to a multiple of 8.
 */
export function encodeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Outcome<Uint8Array> {
  const file = "(new file)";
  const ordered = [...tensors].sort(
    (a, b) => bytesOf(b.dtype) - bytesOf(a.dtype) || compareNames(a.name, b.name),
  );
  const members: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].sort(([a], [b]) => compareNames(a, b));
    members.push(
      `"__metadata__":{${pairs.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(",")}}`,
    );
  }
  const names = new Set<string>(["__metadata__"]);
  let end = 0;
  for (const { name, dtype, shape, data } of ordered) {
    if (names.has(name)) return failed("LUM6106", { file, name });
    names.add(name);
    const expected = byteCount(shape, dtype);
    if (expected !== data.byteLength) {
      const bytes = data.byteLength;
      return failed("LUM6112", { file, tensor: name, dtype, shape, bytes, expected: expected ?? Number.NaN });
    }
    const begin = end;
    end += data.byteLength;
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${toFileName(dtype)}","shape":[${shape.join(",")}],"data_offsets":[${begin},${end}]}`,
    );
  }
  const json = Buffer.from(`{${members.join(",")}}`, "utf8");
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(json, 8);
  let at = 8 + headerBytes;
  for (const { data } of ordered) {
    bytes.set(data, at);
    at += data.byteLength;
  }
  return fine(bytes);
}

const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Writes a .safetensors file whole or not at all: a temporary file, synced, then renamed. */
export function writeSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  metadata?: ReadonlyMap<string, string>,
): Outcome<void> {
  const encoded = encodeSafetensors(tensors, metadata);
  return encoded.ok ? writeWhole(file, encoded.value) : encoded;
}

/** Replaces `file` in one step, so that an interruption leaves the old content in place. */
export function writeWhole(file: string, bytes: Uint8Array): Outcome<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    const handle = fs.openSync(temporary, "w");
    try {
      fs.writeFileSync(handle, bytes);
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(temporary, file);
    return fine(undefined);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    return failed("LUM6120", { file, reason: systemReason(error) });
  }
}
