import { expect, test } from "vitest";
import { printHlir, printNodes } from "../../src/ir/hlir-print.ts";
import { axis, dim, int } from "../../src/ir/poly.ts";
import { freshBuilder, layersModel, linearModel } from "./graphs.ts";

test("a linear layer", () => {
  expect(printHlir(linearModel())).toMatchInlineSnapshot(`
    "model Test
    dim s in 1..8
    dim pos in 0..8 - s
    weight w: f32[3, 4] from "w"
    weight b: f32[3] from "b"

    entry forward
      %0 = input x : f32[s, 4]
      %1 = weight w : f32[3, 4]
      %2 = weight b : f32[3]
      %3 = view %0 [a0, a2] : f32[s, 3, 4]
      %4 = view %1 [a1, a2] : f32[s, 3, 4]
      %5 = mul %3, %4 : f32[s, 3, 4]
      %6 = sum over a2 of %5 : f32[s, 3]
      %7 = view %2 [a1] : f32[s, 3]
      %8 = add %6, %7 : f32[s, 3]  // y
      output y = %8
    "
  `);
});

test("a loop with a weight per iteration and a state", () => {
  expect(printHlir(layersModel())).toMatchInlineSnapshot(`
    "model Test
    dim s in 1..8
    dim pos in 0..8 - s
    weight w: f32[] from "layers.{l}.w" per l
    state k: f32[3, 8] = 0

    entry forward
      %0 = input x : f32[s]
      %1 = state k : f32[3, 8]
      %10 = loop l in 0..3 carry %2: f32[s] = %0, %3: f32[3, 8] = %1 {
        %4 = weight w : f32[]
        %5 = view %4 [] : f32[s]
        %6 = mul %2, %5 : f32[s]
        %7 = view %3 [l, a0 + pos] : f32[s]
        %8 = add %6, %7 : f32[s]
        %9 = update %3 [l, a0 + pos] := %8 : f32[3, 8] of k
        next %8, %9
      }
      %11 = result 0 of %10 : f32[s]
      %12 = result 1 of %10 : f32[3, 8] of k
      output y = %11
      state k = %12
    "
  `);
});

test("numbers come from the place in the text, not from the order of making", () => {
  const make = (before: number) => {
    const b = freshBuilder();
    for (let i = 0; i < before; i++) b.constant(i, "f64");
    const x = b.input("x", [dim("s")], "f32");
    return printNodes([b.unary("exp", b.view(x, [int(2)], [axis(0)], -1))]);
  };
  expect(make(5)).toBe(make(0));
  expect(make(0)).toMatchInlineSnapshot(`
    "%0 = input x : f32[s]
    %1 = view %0 [a0] else -1 : f32[2]
    %2 = exp %1 : f32[2]"
  `);
});
