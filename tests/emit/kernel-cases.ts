/** Small models, each with a kernel shape of its own, for the comparison of emitted kernels with the interpreter. */
import type { Policy } from "../../src/lower/direct/direct.ts";

export type KernelCase = {
  readonly name: string;
  /** Body of the model. */
  readonly body: string;
  readonly head?: string;
  readonly dims?: Readonly<Record<string, number>>;
  /** Inputs of integers are below this. */
  readonly below?: number;
  readonly tolerance?: number;
  readonly calls?: number;
  /** Decisions in place of the fixed rules. */
  readonly policy?: Policy;
};

export const kernelCases: readonly KernelCase[] = [
  {
    name: "one row against a computed factor",
    body: "dim s in 1..6\ninput x: f16[3, 8, s], w: f32[3, s]\noutput y[b] = sum(i, j) x[i, b, j] * w[i, j]",
    dims: { s: 4 },
    tolerance: 1e-2,
  },
  {
    name: "conv, channels last",
    body: "input x: f32[2, 6, 9, 8], k: f32[5, 6, 3, 3]\noutput y[n, p in 0..9, q in 0..8, f] = sum(c, r in 0..3, s in 0..3) x[n, c, p + r - 1, q + s - 1 else 0] * k[f, c, r, s]",
  },
  {
    name: "conv 1d turned",
    body: "input x: f32[2, 6, 19], k: f32[5, 6, 3]\noutput y[n, p in 0..10, f] = sum(c, r in 0..3) x[n, c, 2 * p + r - 1 else 0] * k[f, c, r]",
  },
  {
    name: "packed weights",
    body: "dim n in 1..70\ninput x: f32[n, 37]\nweight w: f32[29, 37], v: f32[29, 21]\nh[t, o] = tanh(sum(i) x[t, i] * w[o, i])\noutput y = h @ v",
    dims: { n: 35 },
  },
  {
    name: "packed weights, few rows",
    body: "dim n in 1..70\ninput x: f32[n, 37]\nweight w: f32[29, 37], v: f32[29, 21]\nh[t, o] = tanh(sum(i) x[t, i] * w[o, i])\noutput y = h @ v",
    dims: { n: 3 },
  },
  {
    name: "weight read twice",
    body: "dim n in 1..70\ninput x: f32[n, 29]\nweight w: f32[29, 29]\nh = x @ w\noutput y[t, o] = h[t, o] + sum(i) h[t, i] * w[o, i]",
    dims: { n: 35 },
  },
  { name: "chain", body: "input x: f32[7, 5]\noutput y = exp(x * 2.0 + 1.0) - x" },
  {
    name: "broadcast",
    body: "input x: f32[7, 5], b: f32[5], c: f32[7]\noutput y[i, j] = x[i, j] * b[j] + c[i]",
  },
  { name: "turned", body: "input x: f32[7, 5]\noutput y[j, i] = x[i, j] + 1.0" },
  { name: "sliced", body: "input x: f32[9, 6]\noutput y = x[2..7, 1..4] * 3.0" },
  { name: "padded", body: "input x: f32[9]\noutput y[i in 0..12] = x[i - 2 else 0.5] * 2.0" },
  {
    name: "shifted both ways",
    body: "input x: f32[4, 9]\noutput y[i, j] = x[i, j] + x[i, j - 1 else 0] + x[i, j + 1 else 0]",
  },
  { name: "concat last", body: "input a: f32[3, 4], b: f32[3, 5]\noutput y = concat(a * 2.0, b, axis = -1)" },
  {
    name: "concat first",
    body: "dim n in 0..6\ninput a: f32[n, 4], b: f32[3, 4]\noutput y = concat(a, b + 1.0, axis = 0)",
    dims: { n: 4 },
  },
  { name: "stacked", body: "input a: f32[3, 4], b: f32[3, 4]\noutput y = stack(a, b * 2.0, axis = 1)" },
  { name: "reshaped", body: "input x: f32[6, 4]\noutput y = reshape(x, [8, 3]) + 1.0" },
  { name: "row sums", body: "input x: f32[7, 33]\noutput y[i] = sum(j) x[i, j]" },
  { name: "column sums", body: "input x: f32[7, 33]\noutput y[j] = sum(i) x[i, j]" },
  {
    name: "every reduction",
    body: "input x: f32[5, 19]\noutput a = max(x, axis = 1)\noutput b = min(x, axis = 0)\noutput c = mean(x, axis = -1)\noutput d = prod(x, axis = 1)",
  },
  { name: "whole sum", body: "input x: f32[5, 19]\noutput y = sum(x) + 1.0" },
  {
    name: "any and all",
    body: "input x: f32[5, 7]\noutput a[i] = any(j) (x[i, j] > 0.4)\noutput b[i] = all(j) (x[i, j] > -0.4)",
  },
  {
    name: "argmax",
    body: "input x: f32[5, 17]\noutput a = argmax(x, axis = 1)\noutput b = argmin(x, axis = 0)",
  },
  {
    name: "softmax",
    head: 'import { softmax } from "std/nn"',
    body: "dim n in 1..40\ninput x: f32[3, n]\noutput y = softmax(x)",
    dims: { n: 13 },
  },
  {
    name: "layer norm",
    head: 'import { layer_norm } from "std/nn"',
    body: "input x: f32[6, 32], w: f32[32], b: f32[32]\noutput y = layer_norm(x, w, b)",
  },
  {
    name: "softmax first axis",
    body: "input x: f32[6, 5]\ne = exp(x - max(x, axis = 0, keep = true))\noutput y = e / sum(e, axis = 0, keep = true)",
  },
  { name: "centre of all", body: "input x: f32[6, 5]\noutput y = x - mean(x)" },
  {
    name: "max pool",
    head: 'import { max_pool2d, avg_pool2d } from "std/nn"',
    body: "input x: f32[2, 3, 9, 7]\noutput y = max_pool2d(x, 3, stride = 2, pad = 1)\noutput z = avg_pool2d(x, 2)",
  },
  {
    name: "matmul",
    body: "dim n in 1..70\ninput x: f32[n, 37]\ninput w: f32[37, 29]\noutput y = x @ w",
    dims: { n: 61 },
  },
  {
    name: "matmul transposed",
    body: "input x: f32[19, 37]\ninput w: f32[29, 37]\noutput y[o, n] = max(sum(i) x[n, i] * w[o, i], 0.0)",
  },
  {
    name: "linear gelu",
    head: 'import { gelu } from "std/nn"',
    body: "dim n in 1..70\ninput x: f32[n, 37], w: f32[29, 37], b: f32[29], r: f32[n, 29]\nh[t, o] = gelu(sum(i) x[t, i] * w[o, i] + b[o])\noutput y = h + r",
    dims: { n: 3 },
  },
  {
    name: "gated",
    body: "input x: f32[5, 16], g: f32[24, 16], u: f32[24, 16], d: f32[16, 24]\nh[n, f] = sigmoid(sum(i) x[n, i] * g[f, i]) * sum(i) x[n, i] * u[f, i]\noutput y[n, o] = x[n, o] + sum(f) h[n, f] * d[o, f]",
  },
  {
    name: "batched matmul",
    body: "input a: f32[3, 8, 16], b: f32[3, 16, 9]\noutput y[n, i, j] = sum(k) a[n, i, k] * b[n, k, j]",
  },
  {
    name: "leading axes",
    body: "input x: f32[3, 5, 16], w: f32[16, 8]\noutput y[n, t, o] = sum(i) x[n, t, i] * w[i, o]",
  },
  {
    name: "two summed axes",
    body: "input x: f32[6, 4, 8], w: f32[10, 32]\noutput y[t, o] = sum(h, d) x[t, h, d] * w[o, h * 8 + d]",
  },
  {
    name: "summed axes apart",
    body: "input x: f32[4, 6, 8], w: f32[10, 4, 8]\noutput y[t, o] = sum(h, d) x[h, t, d] * w[o, h, d]",
  },
  {
    name: "grouped heads",
    body: "input q: f32[5, 4, 16], k: f32[7, 2, 16]\noutput s[h, i, j] = 0.25 * sum(d) q[i, h, d] * k[j, h / 2, d]",
  },
  {
    name: "scaled factor",
    body: "input x: f32[9, 16], g: f32[16], w: f32[12, 16]\noutput y[n, o] = sum(i) (x[n, i] * g[i]) * w[o, i]",
  },
  {
    name: "exp factor",
    body: "input x: f32[9, 16], w: f32[12, 16]\noutput y[n, o] = sum(i) exp(x[n, i]) * w[o, i]",
  },
  { name: "matvec", body: "input x: f32[64], w: f32[40, 64]\noutput y[o] = sum(i) x[i] * w[o, i]" },
  { name: "matvec turned", body: "input x: f32[64], w: f32[64, 40]\noutput y[o] = sum(i) x[i] * w[i, o]" },
  { name: "dot", body: "input x: f32[64], y: f32[64]\noutput z = sum(i) x[i] * y[i]" },
  { name: "outer", body: "input x: f32[6], y: f32[7]\noutput z[i, j] = x[i] * y[j]" },
  {
    name: "norm of product",
    head: 'import { rms_norm } from "std/nn"',
    body: "input x: f32[5, 16], w: f32[24, 16], g: f32[24]\nh = x @ w'\noutput y = rms_norm(h + 1.0, g)\noutput z = h",
  },
  {
    name: "conv",
    head: 'import { conv2d } from "std/nn"',
    body: "dim n in 1..4\ninput x: f32[n, 3, 11, 9], k: f32[5, 3, 3, 3], b: f32[5]\ny = conv2d(x, k, pad = 1)\noutput z[i, f, p, q] = max(y[i, f, p, q] + b[f], 0.0)",
    dims: { n: 2 },
  },
  {
    name: "conv strided dilated",
    head: 'import { conv2d } from "std/nn"',
    body: "input x: f32[2, 3, 13, 12], k: f32[5, 3, 3, 2]\noutput y = conv2d(x, k, stride = 2, pad = 2, dilation = 2)",
  },
  {
    name: "conv no pad",
    head: 'import { conv2d } from "std/nn"',
    body: "input x: f32[1, 2, 8, 8], k: f32[4, 2, 3, 3]\noutput y = conv2d(x, k)",
  },
  {
    name: "conv 1x1",
    head: 'import { conv2d } from "std/nn"',
    body: "input x: f32[2, 6, 5, 7], k: f32[4, 6, 1, 1]\noutput y = conv2d(x, k)\noutput z = conv2d(x, k, stride = 2)",
  },
  {
    name: "conv 1d",
    head: 'import { conv1d } from "std/nn"',
    body: "input x: f32[2, 6, 19], k: f32[4, 6, 3]\noutput y = conv1d(x, k, stride = 2, pad = 1)",
  },
  {
    name: "depthwise",
    head: 'import { depthwise_conv2d } from "std/nn"',
    body: "input x: f32[2, 6, 9, 8], k: f32[6, 3, 3]\noutput y = depthwise_conv2d(x, k, pad = 1)",
  },
  {
    name: "grouped conv",
    body: "input x: f32[2, 6, 9, 8], k: f32[4, 3, 3, 3]\noutput y[n, g in 0..2, f in 0..2, p in 0..7, q in 0..6] = sum(c in 0..3, r in 0..3, s in 0..3) x[n, g * 3 + c, p + r, q + s] * k[g * 2 + f, c, r, s]",
  },
  {
    name: "conv of relu",
    head: 'import { conv2d, relu } from "std/nn"',
    body: "input x: f32[1, 2, 8, 8], k: f32[4, 2, 3, 3]\noutput y = conv2d(relu(x), k, pad = 1)",
  },
  { name: "embedding", body: "input t: i32[6], e: f32[10, 8]\noutput y[i, d] = e[t[i], d] * 2.0", below: 10 },
  {
    name: "embedding else",
    body: "input t: i32[6], e: f32[4, 8]\noutput y[i, d] = e[t[i], d else -1]",
    below: 9,
  },
  { name: "pick per row", body: "input t: i32[6], x: f32[6, 8]\noutput y[i] = x[i, t[i]]", below: 8 },
  {
    name: "experts",
    body: "input x: f32[3, 8], w: f32[5, 12, 8], e: i32[3, 2]\noutput y[t, k, f] = sum(d) x[t, d] * w[e[t, k], f, d]",
    below: 5,
  },
  {
    name: "picked rows as a factor",
    body: "input t: i32[6], e: bf16[7, 24], w: bf16[24, 19]\noutput y = e[t] @ w",
    below: 7,
    tolerance: 1e-2,
  },
  {
    name: "a product's other rows picked",
    body: "dim s in 1..9\ninput t: i32[11], x: f32[s, 24], w: f32[30, 24]\noutput y[i, j] = sum(d) x[i, d] * w[t[j], d]",
    below: 30,
    dims: { s: 5 },
  },
  {
    name: "picked keys and what they are worth",
    body: "input t: i32[9], q: f32[5, 16], k: f32[20, 16], v: f32[20, 16]\np = softmax(q @ transpose(k[t], [1, 0]))\noutput y = p @ v[t]",
    head: 'import { softmax } from "std/nn"',
    below: 20,
  },
  {
    name: "cast table",
    body: "input t: i32[6], e: bf16[10, 8]\noutput y[i, d] = e[t[i], d] as f32",
    below: 10,
  },
  { name: "top k", body: "input x: f32[4, 20]\nv, i = top_k(x, 3)\noutput a = v\noutput b = i" },
  { name: "sort", body: "input x: f32[4, 20]\noutput a = sort(x)\noutput b = argsort(x, descending = true)" },
  {
    name: "cumsum",
    body: "input x: f32[4, 20]\noutput a = cumsum(x, axis = 1)\noutput b = cumprod(x * 0.5 + 1.0, axis = 0)",
  },
  {
    name: "integers",
    body: "input a: i32[30], b: i32[30]\noutput s = a * b + 7\noutput q = a / (b + 1)\noutput m = a % (b + 1)\noutput x = bitxor(shl(a, 3), b)",
    below: 50,
  },
  {
    name: "wide integers",
    body: "input a: i64[12], b: i8[12], c: u8[12]\noutput s = a * 3 + (b as i64)\noutput t = (b as i32) * (c as i32)",
    below: 50,
  },
  {
    name: "bools",
    body: "input a: f32[12], b: f32[12]\noutput x = (a < b) and not (a > 0.1)\noutput y = where(a < b, a, b * 2.0)",
  },
  {
    name: "halves",
    body: "input a: f16[5, 12], b: bf16[5, 12]\noutput x = a * 2.0\noutput y = (a as f32) + (b as f32)\noutput z = b",
    tolerance: 1e-2,
  },
  {
    name: "eights",
    body: "input a: f8e4m3[24], b: f8e5m2[24]\noutput x = (a as f32) * (b as f32)",
    tolerance: 1e-4,
  },
  {
    name: "doubles",
    body: "input a: f64[5, 12], w: f64[7, 12]\noutput y[i, o] = exp(sum(k) a[i, k] * w[o, k])",
    tolerance: 1e-9,
  },
  {
    name: "half matmul",
    body: "input a: bf16[9, 32], w: bf16[11, 32]\noutput y[i, o] = sum(k) a[i, k] * w[o, k]",
    tolerance: 1e-2,
  },
  {
    name: "integer matmul",
    body: "input a: i8[5, 12], w: i8[7, 12]\noutput y[i, o] = sum(k) (a[i, k] as i32) * (w[o, k] as i32)",
    below: 100,
  },
  {
    name: "index values",
    body: "dim n in 1..9\ninput x: f32[n, 6]\noutput y[i, j] = where(j <= i, x[i, j] * i, -inf)",
    dims: { n: 7 },
  },
  {
    name: "literal array",
    body: "input x: f32[3, 4]\nw = [[1.0, 2.0, 3.0, 4.0], [0.5, 0.25, 0.125, 0.0], [9.0, 8.0, 7.0, 6.0]]\noutput y = x * w",
  },
  {
    name: "same output twice",
    body: "input x: f32[3, 4]\ny = x + 1.0\noutput a = y\noutput b = y\noutput c = x",
  },
  {
    name: "state",
    body: "dim n in 1..4\ndim pos in 0..8 - n\nstate c: f32[8, 3]\ninput x: f32[n, 3]\nc[pos + i, j] := x[i, j] * 2.0\noutput y[j] = sum(i) c[i, j]",
    dims: { n: 2, pos: 3 },
    calls: 2,
  },
  {
    name: "state old and new",
    body: "state c: f32[6]\ninput x: f32[6]\nbefore = c[0..6] * 1.0\nc[i] := x[i] + c[i]\noutput a = before\noutput b = c[0..6] + before",
    calls: 2,
  },
  {
    name: "state turned",
    body: "state c: f32[5, 5]\ninput x: f32[5, 5]\nc[i, j] := c[j, i] + x[i, j]\noutput y = c[0..5]",
    calls: 2,
  },
  {
    name: "state scattered",
    body: "state c: f32[9, 3]\ninput t: i32[4], x: f32[4, 3]\nc[t[i], j] := x[i, j]\noutput y = c[0..9] * 1.0",
    below: 9,
  },
  {
    name: "loop",
    body: 'input x: f32[4, 8]\nh = x\nfor l in 0..3 {\n  weight w: f32[8, 8] from "w.{l}"\n  h = h + tanh(h @ w)\n}\noutput y = h',
  },
  {
    name: "loop carries two",
    body: "input x: f32[6], z: f32[6]\na = x\nb = z\nfor l in 0..5 {\n  t = a + 0.5 * b\n  a = b\n  b = t\n}\noutput y = a\noutput w = b",
  },
  {
    name: "loop swaps",
    body: "input x: f32[6], z: f32[6]\na = x * 1.0\nb = z\nfor l in 0..3 {\n  c = a\n  a = b\n  b = c\n}\noutput y = a - 2.0 * b",
  },
  {
    name: "loop reads turned",
    body: "input x: f32[6, 6]\nh = x\nfor l in 0..3 {\n  h[i, j] = h[j, i] * 0.5 + h[i, j]\n}\noutput y = h",
  },
  {
    name: "loop norms",
    head: 'import { layer_norm } from "std/nn"',
    body: 'input x: f32[4, 8], g: f32[8], b: f32[8]\nh = x\nfor l in 0..3 {\n  weight w: f32[8, 8] from "w.{l}"\n  h = layer_norm(h + h @ w, g, b)\n}\noutput y = h',
  },
  {
    name: "loop invariant",
    body: "input x: f32[4, 8], t: f32[8]\nangle = sin(exp(t))\nh = x\nfor l in 0..3 {\n  h = h * angle + 1.0\n}\noutput y = h",
  },
  {
    name: "loop over state",
    body: "state k: f32[3, 5, 4]\ninput x: f32[5, 4]\nh = x\nfor l in 0..3 {\n  k[l, i, j] := h[i, j] + k[l, i, j]\n  h = h * 0.5 + k[l] * 0.25\n}\noutput y = h",
    calls: 2,
  },
  {
    name: "state kept under a name",
    body: "state c: f32[2, 3] = 0.5\ninput t: i32[2], v: f32[2, 3]\ng = c[0..2]\no = argsort(t)\nc[o[i], j in 0..2] := v[i, j] + t[i]\noutput y = g\noutput z[i, j] = g[1 - i, j] - c[i, j]",
    calls: 2,
  },
  {
    name: "state kept across two writes",
    body: "dim s in 1..5\ndim pos in 0..5 - s\ninput x: i32[s]\nstate c: i32[5]\ng = c[0..2]\nc[i in 0..5] := (i + g[i % 2]) % 8\nc[pos + i] := (g[1] + x[i]) % 8\noutput y = g",
    dims: { s: 2, pos: 1 },
    calls: 2,
  },
  {
    name: "state kept in loops",
    body: "state k: f32[3, 4] = 0.5\nstate v: f32[3, 4]\ninput x: f32[4]\na = k\nfor l in 0..3 {\n  g = k[l]\n  h = k\n  k[l, i] := x[i] + a[2 - l, i]\n  k[l, i] := g[i] * 2.0 + k[l, i] - h[2 - l, i]\n  v[l] := a[l]\n}\nb = k\nk[i in 0..3, j in 0..4] := x[j] * i\noutput y = b\noutput z = a * 2.0 + v",
    calls: 2,
  },
  {
    name: "loop start is output",
    body: "input x: f32[6]\na = x * 2.0\nh = a\nfor l in 0..3 {\n  h = h + 1.0\n}\noutput y = h\noutput z = a",
  },
  {
    name: "attention",
    head: 'import { attention } from "std/nn"',
    body: "dim s in 1..6\ndim pos in 0..8 - s\nstate k: f32[8, 2, 4]\nstate v: f32[8, 2, 4]\ninput q: f32[s, 4, 4], nk: f32[s, 2, 4], nv: f32[s, 2, 4]\nk[pos + t, h, d] := nk[t, h, d]\nv[pos + t, h, d] := nv[t, h, d]\noutput o = attention(q, k[0..pos + s], v[0..pos + s], causal_from = pos)",
    dims: { s: 3, pos: 2 },
  },
  {
    name: "rope",
    head: 'import { rope } from "std/nn"',
    body: "dim s in 1..6\ndim pos in 0..8\ninput q: f32[s, 4, 8]\noutput o = rope(q, pos)",
    dims: { s: 5, pos: 3 },
  },
  {
    name: "concat in heads",
    body: "dim s in 1..6\ninput q: f32[s, 3, 8]\nlow[t, h, i in 0..4] = exp(q[t, h, i])\nhigh[t, h, i in 0..4] = exp(q[t, h, i + 4])\noutput o = concat(low, high, axis = -1)\noutput p = low * 2.0\noutput r = high * 3.0",
    dims: { s: 5 },
  },
  {
    name: "reshape of rows of run-time length",
    body: "dim s in 1..5\ninput x: i32[3, s]\noutput y = reshape(x, [1, 3, s])\noutput z = reshape(x, [s, 3])\noutput w = reshape(x, [3 * s])",
    dims: { s: 4 },
  },
  {
    name: "reads and comparisons that are decided",
    body: "dim s in 1..5\ninput x: f32[s], z: f32[s, 3], t: i32[s]\noutput a = x[s else -0.5]\noutput b[i in 0..3] = z[s - 1, i] + x[0 - 1 else 2.0]\noutput c[i] = where(t[i] <= t[i], x[i], 0.0) + z[t[i], 3 else 4.0]\noutput d[i] = x[i] + where(s == s, 1.0, 2.0) + where(i == i + 1, 3.0, 4.0)",
    dims: { s: 4 },
  },
  {
    name: "a fill that is cast with what it stands for",
    body: "input x: f32[3, 2], b: bf16[4]\noutput y[i in 0..5, j in 0..4] = (x[i - 1, j - 1 else 1.25] as i32) <= i - 2\noutput z[i in 0..6] = b[i - 1 else 0.1] as f32",
  },
  {
    name: "the position in a range of one",
    body: "input x: f32[4]\noutput y = x[(argmin(i in 3..4) i) % 3]",
  },
  { name: "random", body: "input x: f32[40], seed: i32[]\noutput y = x + random([40], seed)", below: 7 },
  {
    name: "strided windows of an image whose width is known at run time",
    body: "dim w in 3..23\ninput x: f32[2, 3, 7, w], k: f32[5, 3, 3, 3]\ny[b, f, p in 0..4, q in 0..(w + 1) / 2] = sum(c, r, t) x[b, c, 2 * p + r - 1, 2 * q + t - 1 else 0] * k[f, c, r, t]\noutput z = max(y, 0)\noutput m[b, f, p in 0..2, q in 0..((w + 1) / 2 + 1) / 2] = max(r in 0..2, t in 0..2) y[b, f, 2 * p + r, 2 * q + t else -inf]",
    dims: { w: 17 },
  },
  {
    name: "random, of a seed in 64 bits",
    body: "input x: f32[40], seed: i64[], small: u8[]\noutput y = x + random([40], seed * 3000000001)\noutput z = random([7], small)",
    below: 7,
  },
  { name: "tap", body: "input x: f32[4, 8], w: f32[8, 8]\nh = x @ w\ntap h\noutput y = tanh(h)" },
  {
    name: "user kernel",
    head: 'kernel doubled(x: f32[n]) -> f32[n] {\n  reference x + x\n  cpu """\n    for (lum::i64 i = 0; i < n; ++i) out[i] = 2.0f * x[i];\n  """\n  cuda grid(n / 256 + 1) block(256) """\n    for (i64 i = lum::global_thread(); i < n; i += lum::global_threads()) out[i] = 2.0f * x[i];\n  """\n}',
    body: "dim n in 1..30\ninput x: f32[n]\noutput y = doubled(x + 1.0) * 0.5",
    dims: { n: 11 },
  },
];
