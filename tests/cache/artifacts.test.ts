/** What differs between two builds: every kind of file, found at the right place. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compareArtifacts } from "../../src/emit/artifacts.ts";
import { sha256 } from "../../src/emit/object-cache.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lumc-artifacts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tree(name: string, files: { readonly [path: string]: string | Uint8Array }): string {
  for (const [path, text] of Object.entries(files)) {
    const at = join(folder, name, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text);
  }
  return join(folder, name);
}

const object = (last: number) => Uint8Array.from([0x7f, 0x45, 0, 1, 2, last, 9]);

test("kinds and first differences", () => {
  const shared = { "src/model.cpp": "same\n", "node_modules/x/index.js": "1" };
  const a = tree("a", {
    ...shared,
    "src/kernels/y.cpp": "one\ntwo\nthree\n",
    "build/objects/y.o": object(3),
    "build/libm.so": object(3),
    "build/m": object(3),
    "lumc.lock.json": "{}\n",
    "index.ts": "x",
  });
  const b = tree("b", {
    ...shared,
    "node_modules/x/index.js": "2",
    "src/kernels/y.cpp": "one\ntwo\nfour\n",
    "build/objects/y.o": object(4),
    "build/libm.so": object(4),
    "build/m": object(4),
    "weights.json": "[]",
    "lumc.lock.json": "{}\nmore",
  });
  const { equal, differences } = compareArtifacts(a, b);
  expect(equal).toBe(1);
  expect(differences.map(({ path, kind, first }) => [path, kind, first?.unit, first?.at])).toEqual([
    ["build/libm.so", "library", "byte", 5],
    ["build/m", "program", "byte", 5],
    ["build/objects/y.o", "object", "byte", 5],
    ["index.ts", "loader", undefined, undefined],
    ["lumc.lock.json", "lock", "line", 2],
    ["src/kernels/y.cpp", "kernel", "line", 3],
    ["weights.json", "weights", undefined, undefined],
  ]);
  expect(differences[0].first).toMatchObject({ a: "0309", b: "0409" });
  expect(differences[5]).toMatchObject({
    a: { sha256: sha256("one\ntwo\nthree\n"), bytes: 14 },
    first: { a: "three", b: "four" },
  });
  expect([differences[3].b, differences[6].a]).toEqual([undefined, undefined]);
});

test("a difference beyond the first part of a large file, and one that has ended", () => {
  const long = new Uint8Array(3 << 20);
  const changed = long.slice();
  changed[(2 << 20) + 7] = 1;
  const [a, b] = [tree("a", { x: long }), tree("b", { x: changed })];
  expect(compareArtifacts(join(a, "x"), join(b, "x")).differences[0].first).toMatchObject({
    unit: "byte",
    at: (2 << 20) + 7,
  });
  writeFileSync(join(b, "x"), long.subarray(0, 2 << 20));
  expect(compareArtifacts(a, b).differences[0].first).toEqual({
    unit: "byte",
    at: 2 << 20,
    a: "0000000000000000",
    b: "",
  });
});

test("a folder is no file, and what is not there is said", () => {
  const a = tree("a", { x: "1" });
  expect(() => compareArtifacts(a, join(a, "x"))).toThrow(/LUM5301/);
  expect(() => compareArtifacts(a, join(folder, "none"))).toThrow(/LUM5101/);
});
