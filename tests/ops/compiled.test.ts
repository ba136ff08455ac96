// The C++ text of every operation, compiled with the runtime's headers under the sanitizer for undefined
// behaviour, gives what the interpreter gives: integers exactly, floats within a few units in the last place.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DType, isFloat } from "../../src/ir/dtype.ts";
import { binaryOps, unaryOps } from "../../src/ops/index.ts";
import { accepts, type BinaryOp, resultType, type UnaryOp } from "../../src/ops/op.ts";
import { literal } from "../../src/ops/spelling.ts";
import { accumulationTypes, someValues } from "./samples.ts";

type Case = {
  readonly op: UnaryOp | BinaryOp;
  readonly t: DType;
  readonly operands: readonly (readonly number[])[];
};

const spelled: Readonly<Record<string, string>> = {
  f64: "double",
  f32: "float",
  i64: "int64_t",
  i32: "int32_t",
  bool: "bool",
};

const cases: readonly Case[] = [...unaryOps.values(), ...binaryOps.values()].flatMap((op) =>
  accumulationTypes
    .filter((t) => accepts(op.accepts, t))
    .map((t) => ({ op, t, operands: operandsOf(op, t) })),
);

/** Pairs of few values for two operands; angles within what a float resolves. */
function operandsOf(op: UnaryOp | BinaryOp, t: DType): readonly (readonly number[])[] {
  const isAngle = op.name === "sin" || op.name === "cos";
  if (op.arity === 1)
    return someValues(t, 60)
      .filter((x) => !isAngle || !(Math.abs(x) > 1e4))
      .map((x) => [x]);
  const values = someValues(t, 12);
  return values.flatMap((a) => values.map((b) => [a, b]));
}

const array = (name: string, t: DType, values: readonly number[]) =>
  `const ${spelled[t]} ${name}[] = {${values.map((x) => literal(x, t)).join(", ")}};`;

function block({ op, t, operands }: Case, index: number): string {
  const text = op.arity === 1 ? op.cpp(t, "a[i]") : op.cpp(t, "a[i]", "b[i]");
  const columns = ["a", "b"].slice(0, op.arity);
  const result = resultType(op, t);
  return [
    `static void case_${index}() {`,
    ...columns.map((name, k) =>
      array(
        name,
        t,
        operands.map((row) => row[k]),
      ),
    ),
    `for (int i = 0; i < ${operands.length}; ++i) {`,
    `const ${spelled[result]} y = ${text};`,
    isFloat(result)
      ? `std::printf("%.17g\\n", static_cast<double>(y));`
      : `std::printf("%lld\\n", static_cast<long long>(y));`,
    "}",
    "}",
  ].join("\n");
}

const program = [
  "#include <cstdint>",
  "#include <cstdio>",
  '#include "integers.h"',
  '#include "math.h"',
  ...cases.map(block),
  "int main() {",
  ...cases.map((_, i) => `case_${i}();`),
  "}",
  "",
].join("\n");

const runtime = join(import.meta.dirname, "../../templates/cpu/runtime");
let folder: string;
let printed: number[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lum-ops-"));
  const [source, binary] = [join(folder, "ops.cpp"), join(folder, "ops")];
  writeFileSync(source, program);
  const flags = [
    "-std=c++17",
    "-O0",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fno-trapping-math",
    "-fno-math-errno",
    "-fopenmp-simd",
  ];
  const sanitizer = [
    "-fsanitize=undefined",
    "-fno-sanitize-recover=all",
    "-fno-sanitize=float-divide-by-zero",
  ];
  execFileSync("g++", [...flags, ...sanitizer, `-iquote${runtime}`, source, "-o", binary]);
  const text = execFileSync(binary, { encoding: "utf8", maxBuffer: 1 << 26 });
  printed = text.trim().split("\n").map(parseNumber);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function parseNumber(text: string): number {
  if (text.includes("nan")) return Number.NaN;
  return text.includes("inf") ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text);
}

/** The interpreter's value in the result's type. */
function reference({ op, t }: Case, operands: readonly number[]): number {
  const typed = t === "f32" ? operands.map(Math.fround) : operands;
  const value = op.arity === 1 ? op.interpret(t)(typed[0]) : op.interpret(t)(typed[0], typed[1]);
  return t === "f32" && op.result === "same" ? Math.fround(value) : value;
}

/** Integers and bools exactly; floats to 1e-6 (f32) or 1e-14 (f64), with subnormals to their own resolution. */
function agrees(found: number, wanted: number, t: DType): boolean {
  if (Object.is(found + 0, wanted + 0)) return true;
  if (!isFloat(t) || !Number.isFinite(found) || !Number.isFinite(wanted)) return false;
  const [relative, least] = t === "f32" ? [1e-6, 2 ** -126] : [1e-14, 2 ** -1022];
  return Math.abs(found - wanted) <= relative * Math.max(Math.abs(wanted), least);
}

describe("compiled C++ agrees with the interpreter", () => {
  let at = 0;
  for (const c of cases) {
    const start = at;
    at += c.operands.length;
    test(`${c.op.name} of ${c.t}`, () => {
      const wrong = c.operands.flatMap((operands, i) => {
        const [found, wanted] = [printed[start + i], reference(c, operands)];
        return agrees(found, wanted, c.t)
          ? []
          : [`${c.op.name}(${operands.join(", ")}) = ${found}, not ${wanted}`];
      });
      expect(wrong).toEqual([]);
    });
  }
  test("every line was read", () => expect(printed).toHaveLength(at));
});
