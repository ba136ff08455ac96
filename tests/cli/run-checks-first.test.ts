/** `lumc run` finds what is wrong with the call before it compiles: there is no compiler here, and it isn't missed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../src/npy.ts";
import { unwrap } from "../models/fixtures.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "lumc-call-"));
const at = (name: string): string => join(scratch, name);

const model = `model Small {
  dim s in 1..4, pos in 1..8
  input x: f32[s, 3], y: f32[2 * s, pos * pos]
  output z[t, j] = sum(k) x[t, k] + y[t, j]
}
model Weighted {
  input x: f32[3]
  weight w: f32[3, 2]
  output y[o] = sum(k) x[k] * w[k, o]
}
`;

function npy(name: string, dtype: "f32" | "i32", shape: readonly number[]): string {
  const count = shape.reduce((a, b) => a * b, 1);
  const array = new { f32: Float32Array, i32: Int32Array }[dtype](count).fill(1);
  const data = new Uint8Array(array.buffer);
  unwrap(writeNpy(at(name), { dtype, shape, data }));
  return at(name);
}

beforeAll(() => {
  writeFileSync(at("small.lum"), model);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const x = () => ["--input", `x=${npy("x.npy", "f32", [2, 3])}`];
const y = () => ["--input", `y=${npy("y.npy", "f32", [4, 9])}`];
const small = ["--model", "Small"];

const cases: readonly (readonly [title: string, code: string, words: () => string[]])[] = [
  ["a missing input", "LUM6202", () => [...small, ...x(), "--dim", "pos=3"]],
  ["an unknown input", "LUM6201", () => [...small, ...x(), ...y(), "--input", `v=${at("x.npy")}`]],
  ["an unknown entry", "LUM6004", () => [...small, ...x(), ...y(), "--entry", "backward"]],
  ["an unknown dim", "LUM6004", () => [...small, ...x(), ...y(), "--dim", "pos=3", "--dim", "bos=3"]],
  ["a dim without a value", "LUM6204", () => [...small, ...x(), ...y()]],
  [
    "a dim out of its range",
    "LUM6002",
    () => [...small, ...x(), "--input", `y=${npy("81.npy", "f32", [4, 81])}`, "--dim", "pos=9"],
  ],
  ["a size that no dim tells", "LUM6203", () => [...small, ...x(), ...y(), "--dim", "pos=2"]],
  [
    "sizes that disagree",
    "LUM6203",
    () => [...small, ...y(), "--input", `x=${npy("3.npy", "f32", [3, 3])}`, "--dim", "pos=3"],
  ],
  [
    "another dtype",
    "LUM6203",
    () => [...small, ...y(), "--input", `x=${npy("i.npy", "i32", [2, 3])}`, "--dim", "pos=3"],
  ],
  ["missing weights", "LUM6208", () => ["--input", `x=${npy("w.npy", "f32", [3])}`]],
];

const lumc = (words: readonly string[]) =>
  spawnSync(
    process.execPath,
    [join(root, "cli/main.ts"), "run", at("small.lum"), "--out", at("out"), ...words],
    { encoding: "utf8", cwd: scratch, env: { ...process.env, PATH: "/nonexistent", CXX: "" } },
  );

test.each(cases.map(([title, code, words]) => ({ title, code, words })))(
  "$title is $code",
  ({ code, words }) => {
    const { status, stderr } = lumc(words());
    expect(stderr).toMatch(new RegExp(`^error\\[${code}\\]`));
    expect(status).toBe(1);
    expect(existsSync(at("out")), "nothing was written").toBe(false);
  },
);

test("so it is where kernels would be timed", () => {
  expect(lumc([...small, ...x(), "--dim", "pos=3", "--measure"]).stderr).toMatch(/^error\[LUM6202\]/);
});

test("the compiler is missed where the call is fine", () => {
  expect(lumc([...small, ...x(), ...y(), "--dim", "pos=3"]).stderr).toMatch(/^error\[LUM5001\]/);
});
