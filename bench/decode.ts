/** Decoding a model whose weights fit no cache: the time of a token is the time of reading them once. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Arch } from "../src/emit/arch.ts";
import { fromFloat32, type NativeModel } from "../src/loader/native.ts";
import type { SearchOptions } from "../src/search/search.ts";
import type { RequiredTensor } from "../src/weights/match.ts";
import type { Feeds } from "./case.ts";
import { headerBytes } from "./checkpoint-file.ts";
import { type BuiltModel, buildLumc, openLumc } from "./lumc-side.ts";
import { type Effort, interleave, type Sample } from "./measure.ts";
import { createRandom, type Random } from "./random.ts";
import { openStream, STREAM_BYTES } from "./read-bandwidth.ts";

export type Decode = {
  readonly case: string;
  readonly detail: string;
  readonly threads: number;
  readonly token: Sample;
  /** Bytes of weights that a token reads. */
  readonly bytes: number;
  readonly stream: Sample;
  readonly streamBytes: number;
  /** Bandwidth of the weights over that of the stream. */
  readonly share: number;
};

export type DecodeModel = { readonly name: string; readonly dtype: "bf16" | "f32"; readonly layers: number };

const [vocab, hidden, ffn, heads, kvHeads, headDim, pos] = [32000, 2048, 5632, 16, 4, 128, 128];

export const decodeModels: readonly DecodeModel[] = [
  { name: "llama-decode-bf16", dtype: "bf16", layers: 8 },
  { name: "llama-decode-f32", dtype: "f32", layers: 4 },
];

/** A token at one position, after a prompt; the position stays, so that every call does the same. */
export function decodeCase({ name, dtype, layers }: DecodeModel) {
  const sizes = {
    vocab,
    hidden,
    layers,
    heads,
    kv_heads: kvHeads,
    head_dim: headDim,
    ffn,
    max_len: 256,
    T: dtype,
  };
  return {
    name,
    file: "examples/llama/llama.lum",
    set: Object.fromEntries(Object.entries(sizes).map(([key, value]) => [key, String(value)])),
    dims: { s: 1, pos },
    inputs: (random: Random): Feeds => ({ tokens: { data: random.i32(1, vocab), shape: [1] } }),
    prepareLumc: (model: NativeModel): void => {
      model.run("forward", { s: pos, pos: 0 }, { tokens: createRandom(5).i32(pos, vocab) });
    },
  };
}

export async function decode(
  root: string,
  model: DecodeModel,
  { arch, search }: { readonly arch: Arch; readonly search: SearchOptions | undefined },
  threads: readonly number[],
  effort: Effort,
): Promise<Decode[]> {
  const { name, dtype, layers } = model;
  const c = decodeCase(model);
  const built = await buildLumc(root, c, arch, search);
  const folder = mkdtempSync(join(tmpdir(), "lumc-bench-"));
  try {
    const weights = join(folder, "model.safetensors");
    writeRandomWeights(weights, built.tensors, dtype);
    const detail = `examples/llama with hidden ${hidden}, ${layers} layers, ffn ${ffn}, vocab ${vocab}, ${dtype}, one token at position ${pos}`;
    const bytes = bytesPerToken(built.tensors, dtype);
    const results: Decode[] = [];
    for (const count of threads) {
      const { token, stream } = await time(root, c, built, arch, weights, count, effort);
      const share = bytes / token.median / (STREAM_BYTES / stream.median);
      results.push({
        case: name,
        detail,
        threads: count,
        token,
        bytes,
        stream,
        streamBytes: STREAM_BYTES,
        share,
      });
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function time(
  root: string,
  c: ReturnType<typeof decodeCase>,
  built: BuiltModel,
  arch: Arch,
  weights: string,
  threads: number,
  effort: Effort,
): Promise<{ token: Sample; stream: Sample }> {
  const stream = await openStream(root, arch, threads);
  const random = createRandom(3);
  const inputs = Array.from({ length: 4 }, () => c.inputs(random));
  const lumc = openLumc(built, c, inputs, { threads, weights });
  try {
    if (!lumc.outputs.logits.every((x) => Number.isFinite(Number(x)) && x !== 0))
      throw new Error("the logits are not finite numbers");
    const [token, read] = interleave([lumc, stream], effort);
    return { token, stream: read };
  } finally {
    lumc.close();
    stream.close();
  }
}

const elements = (t: RequiredTensor): number => t.shape.reduce((a, b) => a * b, 1);
const width = (dtype: "bf16" | "f32"): number => (dtype === "bf16" ? 2 : 4);

/** All weights but the table of embeddings, of which a token reads one row. */
const bytesPerToken = (tensors: readonly RequiredTensor[], dtype: "bf16" | "f32"): number =>
  width(dtype) *
  tensors.reduce((sum, t) => sum + (t.name === "model.embed_tokens.weight" ? hidden : elements(t)), 0);

/** The same four million random numbers over and over: no tensor is shorter than its rows are wide. */
export function writeRandomWeights(
  path: string,
  tensors: readonly RequiredTensor[],
  dtype: "bf16" | "f32",
): void {
  const values = createRandom(4).f32(2 ** 22, Math.sqrt(3 / hidden));
  const block = dtype === "bf16" ? fromFloat32(values, "bf16") : values;
  const pool = new Uint8Array(block.buffer);
  const file = openSync(path, "w");
  const named = dtype === "bf16" ? "BF16" : "F32";
  writeSync(
    file,
    headerBytes(
      tensors.map((t) => ({ name: t.name, dtype: named, shape: t.shape, bytes: elements(t) * width(dtype) })),
    ),
  );
  for (const t of tensors)
    for (let left = elements(t) * width(dtype); left > 0; left -= pool.length)
      writeSync(file, pool, 0, Math.min(left, pool.length));
  closeSync(file);
}
