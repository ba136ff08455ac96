/** A program written by hand, with kernels given as text: what the tests of emission start from. */
import type { DType } from "../../src/ir/dtype.ts";
import type { Family, Kernel, KernelParam } from "../../src/ir/kernel.ts";
import type { Program, WeightSlot } from "../../src/ir/llir.ts";
import { add, dim, int, loopVar, type Poly, subtract } from "../../src/ir/poly.ts";
import type { Span } from "../../src/ir/source.ts";

const text = `model Tiny {
  dim s in 1..4
  dim pos in 0..8 - s
  input tokens: i32[s]
  h[t, d] = embed[tokens[t], d]
  for l in 0..3 { h = h * scale + l }
  seen[pos + t] := tokens[t]
  output y[t, d] = h[t, d]
}
`;
const file = { path: "models/tiny.lum", text };

function spanOf(line: string): Span {
  const start = text.indexOf(line);
  return { file, start, end: start + line.length };
}

const pointer = (name: string, dtype: DType, shapeText: string, mutable = false): KernelParam => ({
  kind: "pointer",
  name,
  dtype,
  mutable,
  shapeText,
});
const size = (name: string): KernelParam => ({ kind: "size", name });

function kernel(name: string, family: Family, params: readonly KernelParam[], line: string): Kernel {
  return {
    name,
    family,
    params,
    computes: name,
    notes: [`${family}: written by hand`],
    variables: [],
    tables: [],
    body: [{ kind: "text", code: "" }],
    bounds: { dims: new Map(), loops: new Map(), axes: [] },
    span: spanOf(line),
  };
}

const bodies = new Map([
  [
    "embed",
    `    for (lum::i64 t = 0; t < s; ++t) {
        const lum::i64 row = indices->inside(tokens[t], 5, "embed[tokens[t], d], axis 0");
        for (lum::i64 d = 0; d < 2; ++d) h[t * 2 + d] = embed[row * 2 + d];
    }`,
  ],
  ["scale", "    for (lum::i64 i = 0; i < s * 2; ++i) h[i] = h[i] * scale[i % 2] + static_cast<float>(l);"],
  ["seen", "    for (lum::i64 t = 0; t < s; ++t) seen[pos + t] = tokens[t];"],
  ["y", "    for (lum::i64 i = 0; i < s * 2; ++i) y[i] = h[i];"],
]);

/** C++ text of a kernel of `tinyProgram`. */
export function tinyKernelSource(k: Kernel): string {
  const params = k.params.map((p) => {
    if (p.kind === "size") return `lum::i64 ${p.name}`;
    if (p.kind === "check") return `lum::IndexCheck* ${p.name}`;
    if (p.kind === "dims") throw new Error("no kernel for the CPU takes dims");
    if (p.kind === "workspace") return `void* ${p.name}`;
    return `${p.mutable ? "" : "const "}${p.dtype === "f32" ? "float" : `lum::${p.dtype}`}* ${p.name}`;
  });
  return `#include "runtime/index_check.h"\n\nnamespace kernels {\n\nvoid ${k.name}(${params.join(", ")}) {\n${bodies.get(k.name)}\n}\n\n}  // namespace kernels\n`;
}

export function tinyProgram(): Program {
  const [s, pos, l] = [dim("s"), dim("pos"), loopVar("l")];
  const h = { kind: "place", place: { kind: "temporary", name: "h" } } as const;
  const value = (p: Poly) => ({ kind: "size", value: p }) as const;
  const place = (kind: "input" | "output" | "state" | "weight" | "tap", name: string) =>
    ({ kind: "place", place: { kind, name } }) as const;
  const weight = (name: string, shape: readonly number[], rest: Partial<WeightSlot>): WeightSlot => ({
    name,
    shape: shape.map(int),
    dtype: "f32",
    source: [name],
    loops: [],
    layout: { kind: "stored" },
    span: spanOf(text),
    ...rest,
  });
  const call = (
    name: string,
    args: Program["entries"][0]["steps"] extends readonly (infer S)[]
      ? S extends { kind: "call"; args: infer A }
        ? A
        : never
      : never,
  ) => ({ kind: "call", kernel: name, args, computes: name, span: spanOf(text) }) as const;
  const spans = { span: spanOf(text) };
  return {
    name: "Tiny",
    dims: [
      { name: "s", low: int(1), high: int(4), ...spans },
      { name: "pos", low: int(0), high: subtract(int(8), s), ...spans },
    ],
    bounds: {
      dims: new Map([
        ["s", { low: int(1), high: int(4) }],
        ["pos", { low: int(0), high: subtract(int(8), s) }],
      ]),
      loops: new Map([["l", { low: int(0), high: int(2) }]]),
      axes: [],
    },
    weights: [
      weight("embed", [5, 2], {}),
      weight("scale", [2], {
        loops: [{ variable: "l", low: 0, high: 3 }],
        source: ["layers.", l, ".scale"],
      }),
    ],
    states: [{ name: "seen", shape: [int(8)], dtype: "i32", init: -1, ...spans }],
    entries: [
      {
        name: "forward",
        inputs: [{ name: "tokens", shape: [s], dtype: "i32" }],
        outputs: [{ name: "y", shape: [s, int(2)], dtype: "f32" }],
        taps: [{ name: "h", shape: [s, int(2)], dtype: "f32" }],
        dims: ["s", "pos"],
        temporaries: [{ name: "h", shape: [s, int(2)], dtype: "f32", offset: 0, bytes: 32 }],
        steps: [
          call("embed", [place("input", "tokens"), place("weight", "embed"), h, value(s)]),
          {
            kind: "loop",
            variable: "l",
            low: int(0),
            high: int(3),
            steps: [call("scale", [h, place("weight", "scale"), value(s), value(l)])],
          },
          call("seen", [place("input", "tokens"), place("state", "seen"), value(s), value(add(pos, int(0)))]),
          call("y", [h, place("output", "y"), value(s)]),
          call("y", [h, place("tap", "h"), value(s)]),
        ],
        variants: [],
      },
    ],
    kernels: [
      kernel(
        "embed",
        "elementwise",
        [
          pointer("tokens", "i32", "[s]"),
          pointer("embed", "f32", "[5, 2]"),
          pointer("h", "f32", "[s, 2]", true),
          size("s"),
          { kind: "check", name: "indices" },
        ],
        "h[t, d] = embed[tokens[t], d]",
      ),
      kernel(
        "scale",
        "elementwise",
        [pointer("h", "f32", "[s, 2]", true), pointer("scale", "f32", "[2]"), size("s"), size("l")],
        "h = h * scale + l",
      ),
      kernel(
        "seen",
        "update",
        [pointer("tokens", "i32", "[s]"), pointer("seen", "i32", "[8]", true), size("s"), size("pos")],
        "seen[pos + t] := tokens[t]",
      ),
      kernel(
        "y",
        "copy",
        [pointer("h", "f32", "[s, 2]"), pointer("y", "f32", "[s, 2]", true), size("s")],
        "output y[t, d] = h[t, d]",
      ),
    ],
    arenaBytes: 64,
  };
}
