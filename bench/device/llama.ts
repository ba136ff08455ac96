/** The llama example with random weights: a token at some positions, and a prompt, beside transformers. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../../src/emit/toolchain.ts";
import { type Bench, root } from "./bench.ts";
import { limitOf } from "./limits.ts";
import { benchProgram, type Found, type Project, projectOf, type Wanted } from "./project.ts";
import type { Row } from "./results.ts";
import { askRivals } from "./rivals.ts";
import type { Roofs } from "./roofs.ts";

type Size = {
  readonly vocab: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kv_heads: number;
  readonly head_dim: number;
  readonly ffn: number;
  readonly theta: number;
  readonly max_len: number;
};

/** The defaults of the example. */
const large: Size = {
  vocab: 128256,
  hidden: 4096,
  layers: 32,
  heads: 32,
  kv_heads: 8,
  head_dim: 128,
  ffn: 14336,
  theta: 500000,
  max_len: 8192,
};

const tiny: Size = {
  vocab: 64,
  hidden: 64,
  layers: 2,
  heads: 4,
  kv_heads: 2,
  head_dim: 16,
  ffn: 96,
  theta: 10000,
  max_len: 64,
};

/** Largest error of a logit against f32, over the largest logit; three times what PyTorch's bf16 has, where that is more. */
const least = 2e-2;

/** What was allowed of each call. */
const toleranceIn = (cases: string): number =>
  Math.max(
    ...readdirSync(cases).map(
      (name) => JSON.parse(readFileSync(join(cases, name, "case.json"), "utf8")).tolerance,
    ),
  );

const wantedOf = (size: Size): Wanted => ({
  model: join(root, "examples/llama/llama.lum"),
  set: size,
  buckets: ["s=1"],
});

export const llamaProject = (bench: Bench, emulated: boolean): Promise<Project> =>
  projectOf(wantedOf(emulated ? tiny : large), bench);

export type Llama = {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, Found["kernels"]>>;
};

export async function runLlama(roofs: Roofs, bench: Bench, keep: (soFar: Llama) => void): Promise<Llama> {
  const emulated = bench.gpu === undefined;
  const size = emulated ? tiny : large;
  const positions = emulated ? [5, 20] : [128, 4096];
  const prompt = emulated ? 8 : 512;
  const nothing = (notes: readonly string[], versions = {}): Llama => ({
    rows: [],
    notes,
    versions,
    details: {},
  });

  const folder = join(bench.work, emulated ? "llama-tiny" : "llama");
  mkdirSync(folder, { recursive: true });
  const checkpoint = join(folder, "model.safetensors");
  const cases = join(folder, "cases");
  const common = {
    size,
    checkpoint,
    cases,
    tolerance: least,
    check_prompt: emulated ? 4 : 64,
    positions,
    prompt,
  };
  const made = await askRivals([{ name: "checkpoint", kind: "llama_checkpoint", ...common }], bench);
  if (
    made.notes.length > 0 ||
    !existsSync(checkpoint) ||
    !existsSync(cases) ||
    readdirSync(cases).length === 0
  )
    return nothing([
      "llama was not run: transformers makes its weights and what is expected of it",
      ...made.notes,
    ]);

  const project = await llamaProject(bench, emulated);
  const verified = await runTool(project.programs.verify, ["--weights", checkpoint, "--cases", cases]);
  if (verified.code !== 0)
    return nothing([`llama is WRONG, and was not timed: ${verified.output.slice(-800)}`], made.versions);
  const error = Math.max(...[...verified.output.matchAll(/relative ([\d.e+-]+)/g)].map((m) => Number(m[1])));

  const tolerance = toleranceIn(cases);
  const answers = await askRivals([{ name: "llama", kind: "llama", ...common }], bench);
  const details: Record<string, Found["kernels"]> = {};
  const rows: Row[] = [];
  const time = async (name: string, s: number, pos: number, bytes: number, flops: number): Promise<void> => {
    const words = ["--weights", checkpoint, "--below", size.vocab, "--runs", bench.runs];
    const at = ["--dim", `s=${s}`, "--dim", `pos=${pos}`];
    const first = pos === 0 ? [] : ["--first", `s=${pos}`, "--first", "pos=0"];
    const call = await benchProgram(project, [...words, ...at, ...first, "--only", "device"]);
    const limit = pos > 0 ? "read" : "tensor cores";
    const timed = { lumc: call.device, bytes, flops, limit, rivals: answers.times.get(name) ?? {} } as const;
    rows.push({ name, error, tolerance, ...limitOf(timed, roofs, bench.arch) });
    keep({ rows, notes: answers.notes, versions: answers.versions, details });
    details[name] = (await benchProgram(project, [...words, ...at, ...first, "--only", "kernels"])).kernels;
  };
  for (const position of positions)
    await time(`token at ${position}`, 1, position, bytesOf(size, position), flopsOf(size, 1, position));
  await time(`prompt of ${prompt}`, prompt, 0, bytesOf(size, prompt), flopsOf(size, prompt, 0));
  const notes = [
    ...made.notes,
    ...answers.notes,
    ...verified.output.split("\n").filter((line) => /^(ok|FAIL) /.test(line)),
  ];
  return { rows, notes, versions: answers.versions, details };
}

/** Weights of the products of all layers and of the head. */
function parameters({ vocab, hidden, layers, heads, kv_heads, head_dim, ffn }: Size): number {
  const attention = 2 * hidden * heads * head_dim + 2 * hidden * kv_heads * head_dim;
  return layers * (attention + 3 * hidden * ffn) + vocab * hidden;
}

/** Read by a call: all weights once, and the keys and values up to a position. */
const bytesOf = (size: Size, position: number): number =>
  2 * (parameters(size) + 2 * size.layers * position * size.kv_heads * size.head_dim);

/** Only the last position has logits. */
function flopsOf(size: Size, s: number, pos: number): number {
  const head = size.vocab * size.hidden;
  const pairs = s * pos + (s * (s + 1)) / 2;
  return 2 * (s * (parameters(size) - head) + head) + 4 * size.layers * pairs * size.heads * size.head_dim;
}
