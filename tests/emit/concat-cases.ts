/** Concatenations whose parts are written where they belong, and some whose parts can't be. */
import type { KernelCase } from "./kernel-cases.ts";

export const concatCases: readonly KernelCase[] = [
  ...[1, 5, 64].map(
    (s): KernelCase => ({
      name: `joined columns of ${s} rows`,
      body: "dim s in 1..64\ninput a: f32[s, 16]\nweight w: f32[16, 24], v: f32[16, 9], u: f32[16, 7]\noutput y = concat(a @ w, tanh(a @ v), a @ u, axis = -1)",
      dims: { s },
      calls: 2,
    }),
  ),
  {
    name: "joined rows, read by a product",
    body: "dim s in 1..64\ninput a: f32[s, 16], b: f32[5, 16], w: f32[16, 24], v: f32[24, 11]\nh = concat(a @ w, b @ w, axis = 0)\noutput y = h @ v\noutput z[i] = sum(j) h[i, j]",
    dims: { s: 9 },
  },
  {
    name: "joined between other axes",
    body: "input a: f32[3, 5, 16], b: f32[3, 4, 16], w: f32[16, 6]\noutput y = concat(a @ w, b @ w, axis = 1)",
  },
  {
    name: "joined with what is given",
    body: "input a: f32[7, 16], x: f32[7, 5], w: f32[16, 24]\noutput y = concat(x, a @ w, x * 2.0, axis = -1)",
  },
  {
    name: "joined rows of other kernels",
    head: 'import { softmax } from "std/nn"',
    body: "input a: f32[7, 40], b: f32[7, 21], w: f32[40, 9]\noutput y = concat(softmax(a), softmax(b), a @ w, axis = -1)",
  },
  {
    name: "joined heads of attention",
    head: 'import { attention } from "std/nn"',
    body: "input q: f32[9, 4, 8], k: f32[9, 2, 8], v: f32[9, 2, 8], w: f32[16, 5], x: f32[9, 4, 16]\no = attention(q, k, v, causal_from = 0)\np[t, h, d] = sum(c) x[t, h, c] * w[c, d]\noutput y = concat(o, p, axis = -1)",
  },
  {
    name: "joined channels of convolutions",
    head: 'import { conv2d, depthwise_conv2d, relu } from "std/nn"',
    body: "input x: f32[2, 6, 9, 8], m: f32[4, 6, 1, 1], d: f32[6, 3, 3]\nweight k: f32[8, 6, 3, 3]\ny = concat(relu(conv2d(x, k, pad = 1)), conv2d(x, m), depthwise_conv2d(x, d, pad = 1), axis = 1)\noutput z = y\noutput v = conv2d(y, y[0..2, 0..18, 0..3, 0..3] * 0.1)",
  },
  {
    name: "joined with itself, and read elsewhere",
    body: "input a: f32[7, 16], w: f32[16, 24], v: f32[16, 6]\np = a @ w\nq = a @ v\noutput y = concat(p, p, axis = -1)\noutput z = concat(q, p, axis = -1)\noutput r = q * 2.0",
  },
  {
    name: "joined with itself alone, and with itself turned",
    body: "input a: f32[7, 16], w: f32[16, 24], v: f32[16, 6]\np = a @ w\nq = a @ v\noutput y = concat(p, p, axis = -1)\noutput z[i, j in 0..12] = where(j < 6, q[i, j else 0], q[6 - i, 11 - j else 0])",
  },
  {
    name: "joined parts that are results too",
    body: "input a: f32[7, 16], w: f32[16, 24], v: f32[16, 6]\noutput p = a @ w\nq = a @ v\ntap q\noutput y = concat(p, q, axis = -1)\noutput z = y",
  },
  {
    name: "joined in a loop",
    body: 'input x: f32[6, 8]\nh = x\nfor l in 0..3 {\n  weight w: f32[8, 3] from "w.{l}", v: f32[8, 5] from "v.{l}"\n  g = concat(h @ w, h @ v, axis = -1)\n  h = tanh(g) + h[0..6] * g[0..6]\n}\noutput y = h',
  },
  {
    name: "joined to what a loop carries",
    body: 'input x: f32[6, 8]\nh = x\nfor l in 0..3 {\n  weight w: f32[8, 3] from "w.{l}", v: f32[8, 5] from "v.{l}"\n  h = concat(h @ w, h @ v, axis = -1)\n}\noutput y = h\noutput z = concat(h @ transpose(x, [1, 0]), x @ transpose(h, [1, 0]), axis = 0)',
  },
  {
    name: "joined once more",
    body: "input a: f32[7, 16], w: f32[16, 24], v: f32[16, 6]\np = concat(a @ w, a @ v, axis = -1)\nq = concat(a @ v, a @ w * 2.0, axis = -1)\noutput y = concat(p, q, axis = 0)\noutput m[i] = sum(j) p[i, j]",
  },
  {
    name: "joined halves of rows",
    body: "input a: bf16[7, 16], w: bf16[16, 24], v: bf16[16, 6]\noutput y = concat(a @ w, a @ v, axis = -1)",
    tolerance: 2e-2,
  },
  {
    name: "joined parts that may be empty",
    body: "dim s in 0..9\ninput a: f32[s, 16], b: f32[4, 16], w: f32[16, 6]\noutput y = concat(a @ w, b @ w, axis = 0)\noutput z = concat(b @ w, a @ w, axis = 0)",
    dims: { s: 0 },
  },
  {
    name: "joined columns of one product kernel",
    body: "dim s in 1..70\ninput a: f32[s, 40]\nweight w: f32[50, 40], v: f32[19, 40]\np[i, o] = sum(c) a[i, c] * w[o, c]\nq[i, o] = sum(c) a[i, c] * v[o, c]\noutput z = concat(p, q, axis = -1)",
    dims: { s: 33 },
    policy: { merge: () => true },
  },
  {
    name: "joined and stacked",
    body: "input a: f32[7, 16], w: f32[16, 24], v: f32[16, 24]\noutput y = stack(a @ w, a @ v, axis = 1)",
  },
  {
    name: "joined in turn with a mask",
    body: "input a: f32[7, 16], m: bool[7], w: f32[16, 24], v: f32[16, 24]\np = a @ w\nq = a @ v\noutput y[i, j] = where(m[i], p[i, j], q[i, j])\noutput z[i in 0..8, j] = where(i < 7, p[i, j else 0], q[i - 7, 23 - j else 0])",
  },
];
