/**
 * LUM61xx: checkpoints and .npy files. The C++ runtime (templates/cpu/runtime: safetensors.h, weights.h,
 * npy.h) reports the same codes.
 */
type Entry<P> = { readonly text: (p: P) => string; readonly help: (p: P) => string };

const entry = <P>(text: (p: P) => string, help: (p: P) => string): Entry<P> => ({ text, help });

const DAMAGED = "the file is damaged or was cut off while it was copied: fetch or write it again";
const WRITER = "write the file again with the safetensors library; it does not produce such headers";

export const weightMessages = {
  LUM6101: entry(
    (p: { file: string; reason: string }) => `cannot open "${p.file}": ${p.reason}`,
    () => "check the path and that you may read it",
  ),
  LUM6102: entry(
    (p: { file: string; size: number; needed: number | bigint }) =>
      `"${p.file}" is truncated: ${p.size} bytes, but its header needs ${p.needed}`,
    () => DAMAGED,
  ),
  LUM6103: entry(
    (p: { file: string; length: bigint; limit: number }) =>
      `"${p.file}" states a header of ${p.length} bytes; at most ${p.limit} are allowed`,
    () => "this is probably not a .safetensors file: its first 8 bytes are not a header length",
  ),
  LUM6104: entry(
    (p: { file: string; at: number; reason: string }) =>
      `the JSON in "${p.file}" is malformed at character ${p.at}: ${p.reason}`,
    () => DAMAGED,
  ),
  LUM6105: entry(
    (p: { file: string; where: string; reason: string }) =>
      `the header of "${p.file}": ${p.where} ${p.reason}`,
    () => WRITER,
  ),
  LUM6106: entry(
    (p: { file: string; name: string }) => `"${p.file}" says "${p.name}" twice`,
    () => WRITER,
  ),
  LUM6107: entry(
    (p: { file: string; tensor: string; dtype: string; known: string }) =>
      `tensor "${p.tensor}" in "${p.file}" has the unknown dtype "${p.dtype}"; known: ${p.known}`,
    () => "convert the tensor to a known dtype and write the file again",
  ),
  LUM6108: entry(
    (p: { file: string; tensor: string; what: string; found: string }) =>
      `tensor "${p.tensor}" in "${p.file}": ${p.what} must be a whole number from 0 to 2^53 - 1, found ${p.found}`,
    () => WRITER,
  ),
  LUM6109: entry(
    (p: { file: string; tensor: string; begin: number; end: number; available: number }) =>
      `tensor "${p.tensor}" in "${p.file}" claims bytes ${p.begin}..${p.end} of ${p.available}`,
    () => DAMAGED,
  ),
  LUM6110: entry(
    (p: { file: string; first: string; second: string; at: number }) =>
      `tensors "${p.first}" and "${p.second}" in "${p.file}" overlap at byte ${p.at}`,
    () => WRITER,
  ),
  LUM6111: entry(
    (p: { file: string; begin: number; end: number }) =>
      `bytes ${p.begin}..${p.end} of the data in "${p.file}" belong to no tensor`,
    () => "the header and the data do not belong together: fetch or write the file again",
  ),
  LUM6112: entry(
    (p: {
      file: string;
      tensor: string;
      dtype: string;
      shape: readonly number[];
      bytes: number;
      expected: number;
    }) =>
      `tensor "${p.tensor}" in "${p.file}" has ${p.bytes} bytes, but ${p.dtype}[${p.shape.join(", ")}] takes ${p.expected}`,
    () => WRITER,
  ),
  LUM6113: entry(
    (p: { file: string; key: string }) =>
      `"__metadata__" in "${p.file}" must map names to strings${p.key === "" ? "" : `; "${p.key}" does not`}`,
    () => WRITER,
  ),
  LUM6114: entry(
    (p: { file: string; reason: string }) => `the index "${p.file}" ${p.reason}`,
    () => 'an index is {"weight_map": {"tensor name": "shard.safetensors", …}}',
  ),
  LUM6115: entry(
    (p: { file: string; tensor: string; shard: string }) =>
      `the index "${p.file}" puts tensor "${p.tensor}" into "${p.shard}", which does not hold it`,
    () => "index and shards come from different versions: fetch them together",
  ),
  LUM6116: entry(
    (p: { file: string; shard: string }) =>
      `the index "${p.file}" names the shard "${p.shard}"; only plain file names beside the index are allowed`,
    () => "put the shards beside the index",
  ),
  LUM6117: entry(
    (p: { directory: string }) => `"${p.directory}" holds no .safetensors file and no index`,
    () => "name the file itself, or fetch model.safetensors into the directory",
  ),
  LUM6118: entry(
    (p: { directory: string; found: string }) => `"${p.directory}" holds several candidates: ${p.found}`,
    () => "name the one that is meant",
  ),
  LUM6119: entry(
    (p: { file: string; reason: string }) => `reading "${p.file}" failed: ${p.reason}`,
    () => "the file changed or its disk failed while it was read: try again",
  ),
  LUM6120: entry(
    (p: { file: string; reason: string }) => `cannot write "${p.file}": ${p.reason}`,
    () => "check the directory, its permissions and the free space; what was there before is untouched",
  ),
  LUM6131: entry(
    (p: { name: string; wanted: string; nearest: readonly string[] }) =>
      `missing: ${p.name} ${p.wanted}${p.nearest.length === 0 ? "" : `; nearest: ${p.nearest.join(", ")}`}`,
    (p) =>
      p.nearest.length === 0
        ? "the checkpoint belongs to another model, or the `from` name in the .lum file is wrong"
        : `change the name after \`from\` in the .lum file, perhaps to "${p.nearest[0]}"`,
  ),
  LUM6132: entry(
    (p: { name: string; found: string }) => `extra: ${p.name} ${p.found} is not used by the model`,
    () => "nothing to do if the model leaves it out on purpose",
  ),
  LUM6133: entry(
    (p: { name: string; wanted: readonly number[]; found: readonly number[]; transposed: boolean }) =>
      `misshapen: ${p.name} is [${p.found.join(", ")}] in the checkpoint, [${p.wanted.join(", ")}] in the model`,
    (p) =>
      p.transposed
        ? "the two are transposes of each other: swap the sizes in the declaration and the indices where it is read"
        : "check the model's size parameters (`--set name=value`) against the checkpoint's config",
  ),
  LUM6134: entry(
    (p: { name: string; wanted: string; found: string; convertible: boolean }) =>
      `mistyped: ${p.name} is ${p.found} in the checkpoint, ${p.wanted} in the model`,
    (p) =>
      p.convertible
        ? `declare it as ${p.found}, or allow the conversion`
        : "only f64, f32, f16 and bf16 convert into each other: declare the dtype that is stored",
  ),
  LUM6135: entry(
    (p: { prefixes: readonly string[] }) =>
      `the names would match with any of the prefixes ${p.prefixes.map((x) => `"${x}"`).join(", ")}`,
    () => "write the prefix that is meant into the .lum file",
  ),
  LUM6141: entry(
    (p: { file: string; reason: string }) => `"${p.file}" is not an .npy file: ${p.reason}`,
    () => "write it with numpy.save",
  ),
  LUM6142: entry(
    (p: { file: string; version: string }) =>
      `"${p.file}" is .npy version ${p.version}; 1.0 and 2.0 are read`,
    () => "write it with numpy.save and plain field names",
  ),
  LUM6143: entry(
    (p: { file: string; at: number; reason: string }) =>
      `the .npy header of "${p.file}" is malformed at character ${p.at}: ${p.reason}`,
    () => "write it with numpy.save",
  ),
  LUM6144: entry(
    (p: { file: string; descr: string; known: string }) =>
      `"${p.file}" holds the dtype ${p.descr}; known: ${p.known} (little endian)`,
    () => "convert it in numpy with .astype before saving",
  ),
  LUM6145: entry(
    (p: { file: string; shape: readonly number[]; expected: number; found: number }) =>
      `"${p.file}" has ${p.found} bytes of data, but its shape [${p.shape.join(", ")}] takes ${p.expected}`,
    () => DAMAGED,
  ),
  // The emitted program's own: printed by weights.h and weight_cache.h.
  LUM6136: entry(
    (p: { tensor: string; byte: number }) => `tensor "${p.tensor}" is bool, but holds the byte ${p.byte}`,
    () => "write it again with 0 for false and 1 for true",
  ),
  LUM6151: entry(
    (p: { bytes: number }) => `no memory for ${p.bytes} bytes of converted weights`,
    () => "let the program write its cache file, or free memory",
  ),
  LUM6152: entry(
    (p: { file: string; reason: string }) => `"${p.file}" cannot be used: ${p.reason}`,
    () => "it is made again from the weights",
  ),
};
