// A checkpoint: one .safetensors file, several behind an index, or a directory that holds either.

import * as fs from "node:fs";
import * as path from "node:path";
import { failed, fine, type Outcome, systemReason } from "./problems.ts";
import { readSafetensorsHeader, type SafetensorsHeader, type TensorEntry } from "./safetensors.ts";
import { decodeUtf8, isObject, parseStrictJson } from "./strict-json.ts";

export type Checkpoint = {
  /** What was opened: the file or the index. */
  readonly path: string;
  readonly files: readonly SafetensorsHeader[];
  readonly tensors: ReadonlyMap<string, TensorEntry>;
};

/** Indices are small; a larger one is not an index. */
const MAX_INDEX_BYTES = 100_000_000;

/** Opens a file, an index or a directory and checks every header. Reads no tensor data, never throws. */
export function openCheckpoint(location: string): Outcome<Checkpoint> {
  const found = locate(location);
  if (!found.ok) return found;
  return found.value.endsWith(".json") ? openIndex(found.value) : openSingle(found.value);
}

/** The file that a path means: itself, or in a directory the one that other loaders would take. */
function locate(location: string): Outcome<string> {
  let names: string[];
  try {
    if (!fs.statSync(location).isDirectory()) return fine(location);
    names = fs.readdirSync(location).sort();
  } catch (error) {
    return failed("LUM6101", { file: location, reason: systemReason(error) });
  }
  for (const usual of ["model.safetensors", "model.safetensors.index.json"]) {
    if (names.includes(usual)) return fine(path.join(location, usual));
  }
  const indices = names.filter((name) => name.endsWith(".index.json"));
  const candidates = indices.length > 0 ? indices : names.filter((name) => name.endsWith(".safetensors"));
  if (candidates.length === 0) return failed("LUM6117", { directory: location });
  if (candidates.length > 1) return failed("LUM6118", { directory: location, found: candidates.join(", ") });
  return fine(path.join(location, candidates[0]));
}

function openSingle(file: string): Outcome<Checkpoint> {
  const header = readSafetensorsHeader(file);
  return header.ok ? fine({ path: file, files: [header.value], tensors: header.value.tensors }) : header;
}

/** The index decides: a tensor that it doesn't list is not part of the checkpoint. */
function openIndex(file: string): Outcome<Checkpoint> {
  const map = readWeightMap(file);
  if (!map.ok) return map;
  const headers = new Map<string, SafetensorsHeader>();
  for (const shard of [...new Set(map.value.values())].sort()) {
    const header = readSafetensorsHeader(path.join(path.dirname(file), shard));
    if (!header.ok) return header;
    headers.set(shard, header.value);
  }
  const tensors = new Map<string, TensorEntry>();
  for (const [name, shard] of map.value) {
    const tensor = headers.get(shard)?.tensors.get(name);
    if (tensor === undefined) return failed("LUM6115", { file, tensor: name, shard });
    tensors.set(name, tensor);
  }
  return fine({ path: file, files: [...headers.values()], tensors });
}

function readWeightMap(file: string): Outcome<ReadonlyMap<string, string>> {
  let bytes: Buffer;
  try {
    if (fs.statSync(file).size > MAX_INDEX_BYTES) return failed("LUM6114", { file, reason: "is too large" });
    bytes = fs.readFileSync(file);
  } catch (error) {
    return failed("LUM6101", { file, reason: systemReason(error) });
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return failed("LUM6104", { file, at: 0, reason: "not UTF-8" });
  const json = parseStrictJson(text);
  if (!json.ok) {
    return "duplicate" in json
      ? failed("LUM6106", { file, name: json.duplicate })
      : failed("LUM6104", { file, at: json.at, reason: json.reason });
  }
  const map = isObject(json.value) ? json.value.get("weight_map") : undefined;
  if (!isObject(map)) return failed("LUM6114", { file, reason: 'has no object "weight_map"' });
  const shards = new Map<string, string>();
  for (const [name, shard] of map) {
    if (typeof shard !== "string")
      return failed("LUM6114", { file, reason: `maps "${name}" to no file name` });
    if (!isPlainName(shard)) return failed("LUM6116", { file, shard });
    shards.set(name, shard);
  }
  return fine(shards);
}

/** A name that cannot lead out of the index's directory. */
const isPlainName = (name: string): boolean =>
  name !== "" && name !== "." && name !== ".." && !/[/\\\0]/.test(name);
