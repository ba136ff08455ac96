/** What the ranking is taken over: the examples at sizes that fit a small machine, and random programs. */
import { rankingProgram } from "./ranking-programs.ts";

export type RankingModel = {
  readonly name: string;
  /** Path of a .lum file relative to the project's root, or its text. */
  readonly file?: string;
  readonly text?: string;
  readonly set?: Readonly<Record<string, string>>;
  /** Sizes that kernels are timed at. */
  readonly calls: readonly Readonly<Record<string, number>>[];
};

const decoder = { hidden: "320", layers: "4", heads: "5", max_len: "256", vocab: "2048" };

const examples: readonly RankingModel[] = [
  { name: "mlp", file: "bench/models/mlp.lum", calls: [{ batch: 1 }, { batch: 64 }] },
  {
    name: "gpt",
    file: "examples/gpt/gpt.lum",
    calls: [
      { s: 1, pos: 128 },
      { s: 64, pos: 0 },
    ],
  },
  {
    name: "llama",
    file: "examples/llama/llama.lum",
    set: { ...decoder, kv_heads: "5", head_dim: "64", ffn: "896", T: "f32" },
    calls: [
      { s: 1, pos: 128 },
      { s: 48, pos: 0 },
    ],
  },
  {
    name: "bert",
    file: "examples/bert/bert.lum",
    set: { hidden: "192", layers: "3", heads: "6", ffn: "768", vocab: "2048" },
    calls: [{ batch: 1, s: 128 }],
  },
  {
    name: "convnet",
    file: "examples/convnet/convnet.lum",
    set: { size: "64", width: "32", classes: "100" },
    calls: [{ batch: 1 }],
  },
  {
    name: "convnet-small",
    file: "examples/convnet/convnet.lum",
    set: { size: "33", width: "12", classes: "8" },
    calls: [{ batch: 8 }],
  },
];

export const rankingModels = (programs: number): readonly RankingModel[] => [
  ...examples,
  ...Array.from({ length: programs }, (_, i) => ({
    name: `random-${i + 1}`,
    text: rankingProgram(i + 1),
    calls: [{}],
  })),
];
