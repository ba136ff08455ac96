// .npy files to accept or refuse, each with the code it must give.

import fc from "fast-check";
import type { Case } from "./corpus.ts";

/** A file of the given version with this header text. */
export function npy(
  header: string,
  data: Uint8Array,
  version: readonly [number, number] = [1, 0],
): Uint8Array {
  const text = Buffer.from(header, "latin1");
  const length = Buffer.alloc(version[0] === 1 ? 2 : 4);
  if (version[0] === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from("\x93NUMPY", "latin1"), Buffer.from(version), length, text, data]);
}

const dictionary = (descr: string, order: string, shape: string): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => i + 1);
const good = dictionary("<f4", "False", "(2,)");

const cases: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  "as numpy writes it": [npy(`${good.padEnd(117)}\n`, bytes(8)), "ok"],
  "version 2": [npy(good, bytes(8), [2, 0]), "ok"],
  "a scalar": [npy(dictionary("<f8", "False", "()"), bytes(8)), "ok"],
  "two axes": [npy(dictionary("<i4", "False", "(2, 3)"), bytes(24)), "ok"],
  "comma after the last of two": [npy(dictionary("<i4", "False", "(2, 3,)"), bytes(24)), "ok"],
  "Fortran order": [npy(dictionary("<i2", "True", "(2, 3, 2)"), bytes(24)), "ok"],
  "Fortran order, empty": [npy(dictionary("<i2", "True", "(2, 0, 2)"), bytes(0)), "ok"],
  "single bytes with '<'": [npy(dictionary("<i1", "False", "(3,)"), bytes(3)), "ok"],
  booleans: [npy(dictionary("|b1", "False", "(3,)"), bytes(3)), "ok"],
  "double quotes and no last comma": [
    npy('{"shape":(2,),"descr":"<f2","fortran_order":True}', bytes(4)),
    "ok",
  ],

  empty: [new Uint8Array(0), "LUM6141"],
  "another magic": [Buffer.from("hello, hello, hello"), "LUM6141"],
  "header longer than the file": [npy(good, bytes(8)).slice(0, 30), "LUM6141"],
  "version 2 cut off in its length": [npy(good, bytes(8), [2, 0]).slice(0, 11), "LUM6141"],
  "version 3": [npy(good, bytes(8), [3, 0]), "LUM6142"],
  "version 1.1": [npy(good, bytes(8), [1, 1]), "LUM6142"],

  "no header": [npy("", bytes(8)), "LUM6143"],
  "not a dictionary": [npy("[1, 2]", bytes(8)), "LUM6143"],
  "more after the dictionary": [npy(`${good} x`, bytes(8)), "LUM6143"],
  "no shape": [npy("{'descr': '<f4', 'fortran_order': False}", bytes(8)), "LUM6143"],
  "a key twice": [
    npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", bytes(4)),
    "LUM6143",
  ],
  "an unknown key": [
    npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", bytes(4)),
    "LUM6143",
  ],
  "order is a number": [npy(dictionary("<f4", "0", "(2,)"), bytes(8)), "LUM6143"],
  "a number is not a tuple": [npy(dictionary("<f4", "False", "(2)"), bytes(8)), "LUM6143"],
  "negative size": [npy(dictionary("<f4", "False", "(-2,)"), bytes(8)), "LUM6143"],
  "size 2^53": [npy(dictionary("<f4", "False", "(9007199254740992,)"), bytes(8)), "LUM6143"],
  "size 10^20": [npy(dictionary("<f4", "False", "(100000000000000000000,)"), bytes(8)), "LUM6143"],
  "product beyond 2^53": [npy(dictionary("<f4", "False", "(4294967296, 4294967296)"), bytes(8)), "LUM6143"],
  "65 axes": [npy(dictionary("<f4", "False", `(${"1, ".repeat(65)})`), bytes(4)), "LUM6143"],
  "a string without end": [npy("{'descr", bytes(0)), "LUM6143"],
  "a backslash": [npy(dictionary("\\x3cf4", "False", "(2,)"), bytes(8)), "LUM6143"],
  "structured dtype": [
    npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}", bytes(4)),
    "LUM6143",
  ],

  "big endian": [npy(dictionary(">f4", "False", "(2,)"), bytes(8)), "LUM6144"],
  complex: [npy(dictionary("<c8", "False", "(1,)"), bytes(8)), "LUM6144"],
  objects: [npy(dictionary("|O", "False", "(1,)"), bytes(8)), "LUM6144"],
  "'|' for four bytes": [npy(dictionary("|f4", "False", "(2,)"), bytes(8)), "LUM6144"],

  "one byte too few": [npy(good, bytes(7)), "LUM6145"],
  "one byte too many": [npy(good, bytes(9)), "LUM6145"],
};

export const npyCorpus: readonly Case[] = Object.entries(cases).map(([name, [bytes, expected]]) => ({
  name,
  bytes,
  expected,
}));

const accepted = npyCorpus.filter((c) => c.expected === "ok").map((c) => c.bytes);

/** A good file with one byte set. */
export const npyDamaged: fc.Arbitrary<Uint8Array> = fc
  .record({
    bytes: fc.constantFrom(...accepted),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.oneof(fc.constantFrom(...Buffer.from("0123456789(){}',: <|fiub")), fc.nat(255)),
  })
  .map(({ bytes, at, byte }) => {
    const copy = Uint8Array.from(bytes);
    copy[Math.floor(at * copy.length)] = byte;
    return copy;
  });
