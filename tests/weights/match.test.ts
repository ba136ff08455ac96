import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect, test } from "vitest";
import { openCheckpoint } from "../../src/weights/checkpoint.ts";
import { matchWeights, reportText, type WeightMatch } from "../../src/weights/match.ts";
import { editDistance, nearestNames } from "../../src/weights/names.ts";
import { writeSafetensors } from "../../src/weights/tensor-data.ts";
import { held, type MatchCase, matchCases, wants } from "./match-cases.ts";

function matched({ held, required, extraIsError }: Omit<MatchCase, "name">): WeightMatch {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "lumc-match-"));
  try {
    const file = path.join(directory, "model.safetensors");
    writeSafetensors(file, held);
    const checkpoint = openCheckpoint(directory);
    if (!checkpoint.ok) throw new Error(checkpoint.problem.message);
    return matchWeights(required, checkpoint.value, { extraIsError });
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

const summary: Readonly<Record<string, string[]>> = {
  "everything is there": [],
  "a name is misspelt": [
    "LUM6131 missing: embed.weight f32[2]; nearest: embed.weigth",
    "extra: embed.weigth f32[2]",
  ],
  "two are missing, one has a namesake with another beginning": [
    "LUM6131 missing: norm.weight f32[2]; nearest: encoder.norm.weight",
    "LUM6131 missing: head.bias bf16[2, 2]",
    "extra: encoder.norm.weight f32[2]",
    "extra: zzzzzzzzzz f32[2]",
  ],
  "layers are missing": ["LUM6131 missing: model.layers.{4..5}.mlp.up.weight f32[2]"],
  "every third layer is missing": ["LUM6131 missing: model.layers.{2, 5, 8}.attn.weight f32[2]"],
  "transposed and misshapen": [
    "LUM6133 misshapen: w is [3, 2] in the checkpoint, [2, 3] in the model",
    "LUM6133 misshapen: t is [5, 2, 3] in the checkpoint, [5, 3, 2] in the model",
    "LUM6133 misshapen: v is [2, 3] in the checkpoint, [2, 4] in the model",
    "LUM6133 misshapen: r is [6] in the checkpoint, [2, 3] in the model",
  ],
  "layers are misshapen": [
    "LUM6133 misshapen: model.layers.{0..2}.q.weight is [2, 3] in the checkpoint, [3, 2] in the model",
  ],
  "float converts to float, not to int, not from 8 bits, not where it is forbidden": [
    "LUM6134 mistyped: b is i32 in the checkpoint, f32 in the model",
    "LUM6134 mistyped: c is f8e4m3 in the checkpoint, f32 in the model",
    "LUM6134 mistyped: d is f16 in the checkpoint, f32 in the model",
    "converted: a from bf16 to f32",
  ],
  "layers are converted": ["converted: model.layers.{0..11}.k.weight from f16 to f32"],
  "extra tensors are noted": ["extra: b i64[0]"],
  "extra tensors are errors": ["LUM6132 extra: model.layers.{0..2}.rotary.weight f32[2]"],
  "a prefix is added": ['all names match with the prefix "transformer." added'],
  "a prefix is removed": ['all names match with the prefix "transformer." removed'],
  "a prefix of two parts is removed": ['all names match with the prefix "model.text." removed'],
  "a prefix fits all names but one": [
    "LUM6131 missing: a.w f32[2]; nearest: model.a.w",
    "LUM6131 missing: b.w f32[2]; nearest: model.b.w",
    "LUM6131 missing: c.w f32[2]",
    "extra: model.a.w f32[2]",
    "extra: model.b.w f32[2]",
  ],
  "two prefixes fit": [
    'LUM6135 the names would match with any of the prefixes "decoder.", "encoder."',
    "extra: decoder.a.w f32[2]",
    "extra: encoder.a.w f32[2]",
  ],
  "a prefix that would mix two copies of the weights is not taken": [
    "LUM6131 missing: bias f32[2]; nearest: ema.bias",
    "extra: ema.bias f32[2]",
    "extra: ema.weight f32[2]",
  ],
  "a tensor that is used twice": [
    "LUM6133 misshapen: embed is [2, 3] in the checkpoint, [3, 2] in the model",
  ],
  "nothing is there": ["LUM6131 missing: a f32[2]", "LUM6131 missing: b.{0..1}.c f32[2]"],
};

test.each(matchCases)("$name", (matchCase) => {
  const match = matched(matchCase);
  const lines = [...match.problems.map((p) => `${p.code} ${p.message}`), ...match.notes];
  expect(lines.map((line) => line.replace(" is not used by the model", ""))).toEqual(summary[matchCase.name]);
});

test("the found tensors are those of the checkpoint, under the model's names", () => {
  const match = matched({ held: [held("m.a", [3])], required: [wants("a", [3])] });
  expect([...match.found].map(([name, tensor]) => [name, tensor.name])).toEqual([["a", "m.a"]]);
  expect(match.prefix).toEqual({ kind: "added", prefix: "m." });
});

test("a transposed tensor gets the hint, and the report ends with the notes", () => {
  const text = reportText(matched({ held: [held("w", [3, 2]), held("x")], required: [wants("w", [2, 3])] }));
  expect(text).toMatch(
    /^LUM6133: misshapen[^\n]*\n {2}the two are transposes[^\n]*\nnote: extra: x [^\n]*\n$/,
  );
});

test("problems point to the declaration", () => {
  const file = { path: "m.lum", text: "weight w: f32[2]" };
  const span = { file, start: 7, end: 8 };
  const match = matched({ held: [], required: [{ ...wants("w"), span }] });
  expect(match.problems[0].span).toBe(span);
});

test("edit distance", () => {
  expect(editDistance("kitten", "sitting", 9)).toBe(3);
  expect(editDistance("kitten", "sitting", 2)).toBe(3);
  expect(editDistance("", "abc", 5)).toBe(3);
  expect(nearestNames("layer.wieght", ["layer.weight", "layer.bias", "other", "model.layer.wieght"])).toEqual(
    ["model.layer.wieght", "layer.weight"],
  );
});
