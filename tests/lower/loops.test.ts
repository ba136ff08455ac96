/** `for`: rolled where the body is one for all iterations, by periods or runs where conditions say so. */
import { expect, test } from "vitest";
import { type Hlir, type Node, reachable, rootsOf } from "../../src/ir/hlir.ts";
import { checkHlir } from "../../src/ir/hlir-check.ts";
import { elaborate } from "../../src/lower/elaborate/elaborate.ts";
import { interpret, weightsByName } from "../../src/lower/interpret.ts";
import { filled, tensor } from "../../src/lower/tensor.ts";

function model(body: string): Hlir {
  const text = `model M(layers = 12) {\n  input x: f32[4]\n  h = x * 1.0\n${body}\n  output y = h\n}`;
  const { hlir, diagnostics } = elaborate({ path: "loop.lum", text });
  expect(diagnostics.map((d) => d.message)).toEqual([]);
  checkHlir(hlir!, "elaborate");
  return hlir!;
}

const loopsOf = (h: Hlir): Node[] => reachable(rootsOf(h.entries[0])).filter((n) => n.op.kind === "loop");

const counts = (h: Hlir): string[] =>
  loopsOf(h).map((n) => (n.op.kind === "loop" ? `${n.op.loop.low.key}..${n.op.loop.high.key}` : ""));

/** Value of y[0] for x = 1, with weights that are 2 ^ (number of their layer). */
function run(h: Hlir): number {
  const weights = weightsByName(h, (name) => filled("f32", [4], 2 ** Number(/\d+/.exec(name)![0])));
  const x = tensor("f32", [4], [1, 1, 1, 1]);
  return interpret(h, "forward", { inputs: { x }, weights }).outputs.y.data[0];
}

test("twelve layers are one loop", () => {
  const h = model(
    `  for l in 0..layers prefix "layer.{l}" {\n    weight w: f32[4] from "w"\n    h = h + w\n  }`,
  );
  expect(counts(h)).toEqual(["0..12"]);
  expect(
    h.weights.map((w) => w.source.map((p) => (typeof p === "string" ? p : `{${p.key}}`)).join("")),
  ).toEqual(["layer.{l}.w"]);
  expect(run(h)).toBe(1 + (2 ** 12 - 1));
});

test("the number of nodes does not depend on the number of layers", () => {
  const nodes = [2, 32, 80].map((n) => {
    const h = model(
      `  for l in 0..${n} prefix "layer.{l}" {\n    weight w: f32[4] from "w"\n    h = exp(h) + w\n  }`,
    );
    return loopsOf(h).flatMap((l) => (l.op.kind === "loop" ? reachable(l.op.loop.results) : [])).length;
  });
  expect(new Set(nodes).size).toBe(1);
});

test("a condition with a period makes a loop over periods", () => {
  const h = model(
    `  for l in 0..layers prefix "layer.{l}" {\n    weight w: f32[4] from "w"\n    if l % 6 == 5 { h = h + w } else { h = h - w }\n  }`,
  );
  expect(counts(h)).toEqual(["0..2"]);
  const expected = Array.from({ length: 12 }, (_, l) => (l % 6 === 5 ? 1 : -1) * 2 ** l).reduce(
    (a, b) => a + b,
    1,
  );
  expect(run(h)).toBe(expected);
});

test("two periods in one body meet in their common multiple, the rest is written out", () => {
  const h = model(
    `  for l in 0..13 prefix "layer.{l}" {\n    weight w: f32[4] from "w"\n    if l % 2 == 0 { h = h + w }\n    if l % 3 == 0 { h = h * 2.0 }\n  }`,
  );
  expect(counts(h)).toEqual(["0..2"]);
  let expected = 1;
  for (let l = 0; l < 13; l++) {
    if (l % 2 === 0) expected += 2 ** l;
    if (l % 3 === 0) expected *= 2;
  }
  expect(run(h)).toBe(expected);
});

test("a condition on runs makes a loop per run", () => {
  const h = model(
    `  for l in 0..layers prefix "layer.{l}" {\n    weight w: f32[4] from "w"\n    if l < 3 { h = h + w } else { h = h - w }\n  }`,
  );
  expect(counts(h)).toEqual(["0..3", "0..9"]);
  expect(run(h)).toBe(1 + 7 - (2 ** 12 - 8));
});

test("the first and the last iteration may differ", () => {
  const h = model(
    `  for l in 0..layers prefix "layer.{l}" {\n    weight w: f32[4] from "w"\n    if l == 0 or l == 11 { h = h + w } else { h = h - w }\n  }`,
  );
  expect(run(h)).toBe(1 + 1 + 2048 - (2 ** 11 - 2));
});

test("a carried value that changes its shape is written out", () => {
  const h = model("  for l in 0..3 { h = concat(h, h) }");
  expect(loopsOf(h)).toEqual([]);
  expect(h.entries[0].outputs[0].value.shape.map((p) => p.key)).toEqual(["32"]);
});

test("loops nest", () => {
  const h = model(
    `  for l in 0..3 {\n    for m in 0..4 prefix "layer.{4 * l + m}" {\n      weight w: f32[4] from "w"\n      h = h + w\n    }\n  }`,
  );
  expect(run(h)).toBe(1 + (2 ** 12 - 1));
});

test("a loop over nothing is nothing", () => {
  expect(run(model("  for l in 0..0 { h = h + 1 }"))).toBe(1);
});
