/** Recorded outputs of other implementations: `tests/fixtures/<name>/`, made by `tests/oracle/make_fixtures.py`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hlir } from "../../src/ir/hlir.ts";
import { elaborate } from "../../src/lower/elaborate/elaborate.ts";
import { type WeightSource, weightsByName } from "../../src/lower/interpret.ts";
import { conversion, fromBytes, type Tensor } from "../../src/lower/tensor.ts";
import { type Checkpoint, openCheckpoint } from "../../src/weights/checkpoint.ts";
import type { Outcome } from "../../src/weights/problems.ts";
import { readTensorBytes } from "../../src/weights/tensor-data.ts";

export const fixtureNames = [
  "llama",
  "gpt2",
  "bert",
  "resnet",
  "qwen3",
  "gemma2",
  "whisper-encoder",
  "gpt-trained",
] as const;
export type FixtureName = (typeof fixtureNames)[number];

export type Fixture = {
  readonly name: string;
  readonly folder: string;
  /** The .lum file. */
  readonly model: string;
  readonly set: ReadonlyMap<string, string>;
  readonly dims: Readonly<Record<string, number>>;
  readonly tolerance: number;
  /** Named inputs and expected outputs. */
  readonly io: ReadonlyMap<string, Tensor>;
  readonly weights: string;
  /** Tokens that follow the given ones greedily. */
  readonly greedy: readonly number[];
};

const root = new URL("../../", import.meta.url).pathname;

export function unwrap<T>(o: Outcome<T>): T {
  if (o.ok) return o.value;
  throw new Error(JSON.stringify(o));
}

export function readTensor(checkpoint: Checkpoint, name: string): Tensor {
  const entry = checkpoint.tensors.get(name);
  if (entry === undefined) throw new Error(`no tensor ${name} in ${checkpoint.path}`);
  return fromBytes(entry.dtype as Tensor["dtype"], entry.shape, unwrap(readTensorBytes(entry)));
}

export function loadFixture(name: FixtureName, overrides: Record<string, string> = {}): Fixture {
  const folder = join(root, "tests/fixtures", name);
  const stated = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  const io = unwrap(openCheckpoint(join(folder, "io.safetensors")));
  const set = Object.entries({ ...stated.set, ...overrides }).map(([k, v]) => [k, String(v)] as const);
  return {
    name,
    folder,
    model: join(root, stated.model),
    set: new Map(set),
    dims: stated.dims,
    tolerance: stated.tolerance,
    io: new Map([...io.tensors.keys()].map((k) => [k, readTensor(io, k)])),
    weights: stated.weights === undefined ? join(folder, "model.safetensors") : join(root, stated.weights),
    greedy: stated.greedy ?? [],
  };
}

export function hlirOf(f: Fixture): Hlir {
  const { hlir, diagnostics } = elaborate(
    { path: f.model, text: readFileSync(f.model, "utf8") },
    { set: f.set },
  );
  if (hlir === undefined) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join("\n"));
  return hlir;
}

/** The checkpoint's tensors, converted to what the model declares. */
export function checkpointWeights(h: Hlir, path: string): WeightSource {
  const checkpoint = unwrap(openCheckpoint(path));
  const cache = new Map<string, Tensor>();
  const declared = new Map(h.weights.map((w) => [w.name, w.dtype]));
  const find = weightsByName(h, (name) => {
    const found = cache.get(name) ?? readTensor(checkpoint, name);
    cache.set(name, found);
    return found;
  });
  return (name, loops) => {
    const stored = find(name, loops);
    const dtype = declared.get(name) ?? stored.dtype;
    return { ...stored, dtype, data: stored.data.map(conversion(stored.dtype, dtype)) };
  };
}

/** max |a - b| / max |b|: the error against the largest expected value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values for ${expected.length}`);
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, difference);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return worst / largest;
}

/** A row of a [rows, n] tensor. */
export function row(t: Tensor, i: number): Float64Array {
  const n = t.shape[1];
  return t.data.subarray(i * n, (i + 1) * n);
}
