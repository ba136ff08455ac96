// Random .safetensors files: valid ones, damaged ones, and ones whose entries are nearly right.

import fc from "fast-check";
import { bytesOf, type StoredDtype, toFileName } from "../../src/weights/dtypes.ts";
import { encodeSafetensors, type TensorToWrite } from "../../src/weights/tensor-data.ts";
import { file } from "./corpus.ts";

const dtypes: readonly StoredDtype[] = ["f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool"];

export const tensors: fc.Arbitrary<TensorToWrite[]> = fc.uniqueArray(
  fc
    .record({
      name: fc
        .string({ minLength: 1, maxLength: 6, unit: "grapheme" })
        .filter((name) => name !== "__metadata__"),
      dtype: fc.constantFrom(...dtypes),
      shape: fc.array(fc.nat(3), { maxLength: 3 }),
      fill: fc.nat(255),
    })
    .map(({ name, dtype, shape, fill }) => {
      const bytes = shape.reduce((product, size) => product * size, bytesOf(dtype));
      return { name, dtype, shape, data: new Uint8Array(bytes).fill(fill) };
    }),
  { selector: (tensor) => tensor.name, maxLength: 4 },
);

const valid: fc.Arbitrary<Uint8Array> = tensors.map((list) => {
  const encoded = encodeSafetensors(list);
  if (!encoded.ok) throw new Error(encoded.problem.message);
  return encoded.value;
});

type Damage = {
  readonly kind: "set" | "insert" | "delete" | "cut";
  readonly at: number;
  readonly byte: number;
};

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom("set", "set", "insert", "delete", "cut"),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  // Bytes that mean something in a header are likelier to get past the JSON reader.
  byte: fc.oneof(fc.constantFrom(...Buffer.from('0123456789{}[]:,"\\ -.eF')), fc.nat(255)),
});

function apply(bytes: Uint8Array, { kind, at, byte }: Damage): Uint8Array {
  const place = Math.floor(at * bytes.length);
  if (kind === "cut") return bytes.slice(0, place);
  const before = bytes.subarray(0, place);
  const middle = kind === "delete" ? [] : [byte];
  return Uint8Array.from([...before, ...middle, ...bytes.subarray(kind === "insert" ? place : place + 1)]);
}

/** A valid file with one to three bytes changed, inserted or deleted, or cut off. */
export const damaged: fc.Arbitrary<Uint8Array> = fc
  .tuple(valid, fc.array(damage, { minLength: 1, maxLength: 3 }))
  .map(([bytes, list]) => list.reduce(apply, bytes));

/** Well-formed JSON with small random sizes and offsets: overlaps, gaps and misfits of every kind, and some fits. */
export const nearlyRight: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.array(
      fc.record({ dtype: fc.constantFrom(...dtypes), size: fc.nat(4), begin: fc.nat(8), skew: fc.nat(9) }),
      {
        maxLength: 4,
      },
    ),
    fc.nat(12),
  )
  .map(([entries, dataBytes]) => {
    const members = entries.map(({ dtype, size, begin, skew }, i) => {
      // Most have the right number of bytes, so that the layout decides.
      const end = begin + size * bytesOf(dtype) + (skew === 9 ? 1 : 0);
      return `"t${i}":{"dtype":"${toFileName(dtype)}","shape":[${size}],"data_offsets":[${begin},${end}]}`;
    });
    return file(`{${members.join(",")}}`, dataBytes);
  });
