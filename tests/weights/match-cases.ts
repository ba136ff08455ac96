// Checkpoints against what a model requires. Both implementations run all of them; match.test.ts looks at what comes out.

import type { StoredDtype } from "../../src/weights/dtypes.ts";
import { bytesOf } from "../../src/weights/dtypes.ts";
import type { RequiredTensor } from "../../src/weights/match.ts";
import type { TensorToWrite } from "../../src/weights/tensor-data.ts";

export type MatchCase = {
  readonly name: string;
  readonly held: readonly TensorToWrite[];
  readonly required: readonly RequiredTensor[];
  readonly extraIsError?: boolean;
};

export function held(
  name: string,
  shape: readonly number[] = [2],
  dtype: StoredDtype = "f32",
): TensorToWrite {
  const bytes = shape.reduce((product, size) => product * size, bytesOf(dtype));
  return { name, dtype, shape, data: new Uint8Array(bytes) };
}

export function wants(
  name: string,
  shape: readonly number[] = [2],
  dtype: StoredDtype = "f32",
  acceptsConversion = true,
): RequiredTensor {
  return { name, shape, dtype, span: undefined, acceptsConversion };
}

const layers = (count: number, name: string): string[] =>
  Array.from({ length: count }, (_, l) => `model.layers.${l}.${name}.weight`);

export const matchCases: readonly MatchCase[] = [
  {
    name: "everything is there",
    held: [held("a"), held("b", [3, 4])],
    required: [wants("a"), wants("b", [3, 4])],
  },
  { name: "a name is misspelt", held: [held("embed.weigth")], required: [wants("embed.weight")] },
  {
    name: "two are missing, one has a namesake with another beginning",
    held: [held("encoder.norm.weight"), held("zzzzzzzzzz"), held("x")],
    required: [wants("norm.weight"), wants("head.bias", [2, 2], "bf16"), wants("x")],
  },
  {
    name: "layers are missing",
    held: layers(4, "mlp.up").map((name) => held(name)),
    required: layers(6, "mlp.up").map((name) => wants(name)),
  },
  {
    name: "every third layer is missing",
    held: layers(9, "attn").flatMap((name, l) => (l % 3 === 2 ? [] : [held(name)])),
    required: layers(9, "attn").map((name) => wants(name)),
  },
  {
    name: "transposed and misshapen",
    held: [held("w", [3, 2]), held("v", [2, 3]), held("s", [4, 4]), held("t", [5, 2, 3]), held("r", [6])],
    required: [
      wants("w", [2, 3]),
      wants("v", [2, 4]),
      wants("s", [4, 4]),
      wants("t", [5, 3, 2]),
      wants("r", [2, 3]),
    ],
  },
  {
    name: "layers are misshapen",
    held: layers(3, "q").map((name) => held(name, [2, 3])),
    required: layers(3, "q").map((name) => wants(name, [3, 2])),
  },
  {
    name: "float converts to float, not to int, not from 8 bits, not where it is forbidden",
    held: [held("a", [2], "bf16"), held("b", [2], "i32"), held("c", [2], "f8e4m3"), held("d", [2], "f16")],
    required: [wants("a"), wants("b"), wants("c"), wants("d", [2], "f32", false)],
  },
  {
    name: "layers are converted",
    held: layers(12, "k").map((name) => held(name, [2], "f16")),
    required: layers(12, "k").map((name) => wants(name)),
  },
  { name: "extra tensors are noted", held: [held("a"), held("b", [0], "i64")], required: [wants("a")] },
  {
    name: "extra tensors are errors",
    held: [held("a"), ...layers(3, "rotary").map((name) => held(name))],
    required: [wants("a")],
    extraIsError: true,
  },
  {
    name: "a prefix is added",
    held: [held("transformer.wte.weight"), held("transformer.h.0.w"), held("lm_head.weight")],
    required: [wants("wte.weight"), wants("h.0.w"), wants("lm_head.weight")],
  },
  {
    name: "a prefix is removed",
    held: [held("wte.weight"), held("h.0.w"), held("lm_head.weight")],
    required: [wants("transformer.wte.weight"), wants("transformer.h.0.w"), wants("lm_head.weight")],
  },
  {
    name: "a prefix of two parts is removed",
    held: [held("w"), held("v.w")],
    required: [wants("model.text.w"), wants("model.text.v.w")],
  },
  {
    name: "a prefix fits all names but one",
    held: [held("model.a.w"), held("model.b.w")],
    required: [wants("a.w"), wants("b.w"), wants("c.w")],
  },
  {
    name: "two prefixes fit",
    held: [held("encoder.a.w"), held("decoder.a.w")],
    required: [wants("a.w")],
  },
  {
    name: "a prefix that would mix two copies of the weights is not taken",
    held: [held("weight"), held("ema.weight"), held("ema.bias")],
    required: [wants("weight"), wants("bias")],
  },
  {
    name: "a tensor that is used twice",
    held: [held("embed", [2, 3])],
    required: [wants("embed", [3, 2]), wants("embed", [3, 2])],
  },
  { name: "nothing is there", held: [], required: [wants("a"), wants("b.0.c"), wants("b.1.c")] },
];
