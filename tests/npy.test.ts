import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeNpy, type NpyArray, type NpyDtype, parseNpy, readNpy, writeNpy } from "../src/npy.ts";
import { bytesOf } from "../src/weights/dtypes.ts";
import { npyCorpus, npyDamaged } from "./weights/npy-corpus.ts";

const codeOf = (bytes: Uint8Array): string => {
  const array = parseNpy("case.npy", bytes);
  return array.ok ? "ok" : array.problem.code;
};

test.each(npyCorpus)("$name → $expected", ({ bytes, expected }) => {
  expect(codeOf(bytes)).toBe(expected);
});

const dtypes: readonly NpyDtype[] = ["f64", "f32", "f16", "i64", "i32", "i16", "i8", "u8", "bool"];
const arrays: fc.Arbitrary<NpyArray> = fc
  .record({ dtype: fc.constantFrom(...dtypes), shape: fc.array(fc.nat(4), { maxLength: 4 }) })
  .chain(({ dtype, shape }) => {
    const length = shape.reduce((product, size) => product * size, bytesOf(dtype));
    return fc.uint8Array({ minLength: length, maxLength: length }).map((data) => ({ dtype, shape, data }));
  });

test("what is written is read back, in both versions and both orders, with aligned data", () => {
  fc.assert(
    fc.property(
      arrays,
      fc.constantFrom(1 as const, 2 as const),
      fc.boolean(),
      (array, version, fortranOrder) => {
        const bytes = encodeNpy(array, { version, fortranOrder });
        if (!bytes.ok) throw new Error(bytes.problem.message);
        expect((bytes.value.length - array.data.length) % 64).toBe(0);
        expect(parseNpy("x.npy", bytes.value)).toEqual({ ok: true, value: array });
      },
    ),
  );
});

test("Fortran order is what numpy means by it", () => {
  // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]]) lies in memory as 1 4 2 5 3 6.
  const bytes = encodeNpy(
    { dtype: "u8", shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    { fortranOrder: true },
  );
  if (!bytes.ok) throw new Error(bytes.problem.message);
  expect([...bytes.value.slice(-6)]).toEqual([1, 4, 2, 5, 3, 6]);
});

test("damaged files never throw", () => {
  fc.assert(
    fc.property(npyDamaged, (bytes) => {
      parseNpy("x.npy", bytes);
    }),
    { numRuns: 1000 },
  );
});

test("files: written whole, read back, absent", () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "lumc-npy-"));
  const file = path.join(directory, "a.npy");
  const array: NpyArray = { dtype: "f32", shape: [2], data: new Uint8Array(8).fill(3) };
  expect(writeNpy(file, array).ok).toBe(true);
  expect(fs.readdirSync(directory)).toEqual(["a.npy"]);
  expect(readNpy(file)).toEqual({ ok: true, value: array });
  const absent = readNpy(path.join(directory, "b.npy"));
  expect(absent.ok ? "ok" : absent.problem.code).toBe("LUM6101");
  const misfit = writeNpy(file, { ...array, shape: [3] });
  expect(misfit.ok ? "ok" : misfit.problem.code).toBe("LUM6145");
  fs.rmSync(directory, { recursive: true });
});
