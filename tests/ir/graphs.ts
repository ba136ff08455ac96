/** Small graphs made by hand, for tests of everything that reads Hlir. */
import { type Bounds, noBounds } from "../../src/ir/bounds.ts";
import { type Builder, createBuilder } from "../../src/ir/builder.ts";
import type { Entry, Hlir, Node } from "../../src/ir/hlir.ts";
import { add, axis, dim, int, loopVar, one, subtract, zero } from "../../src/ir/poly.ts";
import type { Span } from "../../src/ir/source.ts";

export const nowhere: Span = { file: { path: "test.lum", text: "made by hand" }, start: 0, end: 4 };

export function freshBuilder(): Builder {
  const b = createBuilder();
  b.at(nowhere);
  return b;
}

/** s in 1..8 and pos in 0..8 - s */
export const dims = [
  { name: "s", low: one, high: int(8), span: nowhere },
  { name: "pos", low: zero, high: subtract(int(8), dim("s")), span: nowhere },
];

const bounds: Bounds = { ...noBounds, dims: new Map(dims.map((d) => [d.name, d])) };

type Parts = Partial<Pick<Hlir, "weights" | "states">> & {
  readonly loops?: Bounds["loops"];
  readonly inputs?: Entry["inputs"];
  readonly outputs: Readonly<Record<string, Node>>;
  readonly taps?: Readonly<Record<string, Node>>;
  readonly writes?: readonly Node[];
};

/** A model of one entry, `forward`; inputs that are used need no declaration of their own. */
export function modelOf(parts: Parts): Hlir {
  const named = (values: Readonly<Record<string, Node>>) =>
    Object.entries(values).map(([name, value]) => ({ name, value, span: nowhere }));
  const entry: Entry = {
    name: "forward",
    inputs: parts.inputs ?? [],
    outputs: named(parts.outputs),
    states: (parts.writes ?? []).map((value) => ({ cell: value.cell ?? "none", value })),
    taps: named(parts.taps ?? {}),
    span: nowhere,
  };
  return {
    name: "Test",
    dims,
    weights: parts.weights ?? [],
    states: parts.states ?? [],
    entries: [entry],
    bounds: { ...bounds, loops: parts.loops ?? new Map() },
  };
}

/** y[n, o] = sum(i) x[n, i] * w[o, i] + b[o] on the domain (n, o, i). */
export function linearModel(): Hlir {
  const b = freshBuilder();
  const [s, four, three] = [dim("s"), int(4), int(3)];
  const x = b.input("x", [s, four], "f32");
  const w = b.weight("w", [three, four], "f32", []);
  const bias = b.weight("b", [three], "f32", []);
  const domain = [s, three, four];
  const product = b.binary(
    "mul",
    b.view(x, domain, [axis(0), axis(2)]),
    b.view(w, domain, [axis(1), axis(2)]),
  );
  const sum = b.reduce("sum", product, [2]);
  const y = b.binary("add", sum, b.view(bias, [s, three], [axis(1)]));
  y.name = "y";
  return modelOf({
    inputs: [{ name: "x", shape: [s, four], dtype: "f32", span: nowhere }],
    weights: [
      { name: "w", shape: [three, four], dtype: "f32", source: ["w"], loops: [], span: nowhere },
      { name: "b", shape: [three], dtype: "f32", source: ["b"], loops: [], span: nowhere },
    ],
    outputs: { y },
  });
}

/**
 * for l in 0..3: h = h * w_l + k[l, pos + t]; k[l, pos + t] := h[t]. A carried value, a weight per iteration and
 * a state that is written in place.
 */
export function layersModel(): Hlir {
  const b = freshBuilder();
  const [s, l] = [dim("s"), loopVar("l")];
  const range = { low: zero, high: int(2) };
  const x = b.input("x", [s], "f32");
  const k = b.state("k", [int(3), int(8)], "f32");
  const h = b.param("l", 0, x);
  const cache = b.param("l", 1, k);
  const w = b.weight("w", [], "f32", ["l"]);
  const at = [l, add(dim("pos"), axis(0))];
  const scaled = b.binary("mul", h, b.view(w, [s], []));
  const next = b.binary("add", scaled, b.view(cache, [s], at));
  const written = b.update(cache, next, [], at);
  const loop = { variable: "l", low: zero, high: int(3), params: [h, cache], results: [next, written] };
  const [last, lastCache] = b.loop(loop, [x, k]);
  return modelOf({
    inputs: [{ name: "x", shape: [s], dtype: "f32", span: nowhere }],
    weights: [
      { name: "w", shape: [], dtype: "f32", source: ["layers.", l, ".w"], loops: ["l"], span: nowhere },
    ],
    states: [{ name: "k", shape: [int(3), int(8)], dtype: "f32", init: 0, span: nowhere }],
    loops: new Map([["l", range]]),
    outputs: { y: last },
    writes: [lastCache],
  });
}
