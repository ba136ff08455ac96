/** Kernels that read beyond the edges of images, of sizes that leave some, much or nothing between the borders. */
import type { KernelCase } from "./kernel-cases.ts";

const depthwise = 'import { depthwise_conv2d } from "std/nn"';
const ofWidth = (w: number): KernelCase => ({
  name: `border, an image ${w} wide`,
  body: "dim w in 1..40\ninput x: f32[3, 11, w], k: f32[3, 3, 5]\noutput y[c, p in 0..11, q in 0..w] = sum(r in 0..3, s in 0..5) x[c, p + r - 1, q + s - 2 else 0] * k[c, r, s]",
  dims: { w },
});

export const borderCases: readonly KernelCase[] = [
  {
    name: "border, depthwise with an ending",
    head: depthwise,
    body: "input x: f32[2, 18, 13, 11], k: f32[18, 3, 3], b: f32[18]\ny = depthwise_conv2d(x, k, pad = 1)\noutput z[n, c, p, q] = max(y[n, c, p, q] + b[c], 0)",
  },
  {
    name: "border, depthwise with strides",
    head: depthwise,
    body: "input x: f32[1, 3, 23, 20], k: f32[3, 3, 3]\noutput y = depthwise_conv2d(x, k, stride = 2, pad = 1)",
  },
  {
    name: "border, a window of even size, spread",
    body: "input x: f32[5, 21, 26], k: f32[5, 4, 2]\noutput y[c, p in 0..11, q in 0..26] = sum(r in 0..4, s in 0..2) x[c, 2 * p + r - 1, q + 3 * s - 2 else 0] * k[c, r, s]",
  },
  {
    name: "border, on one side of each axis",
    body: "input x: f32[3, 12, 14], k: f32[3, 3, 3]\noutput y[c, p in 0..12, q in 0..12] = sum(r in 0..3, s in 0..3) x[c, p + r - 2, q + s else 0.5] * k[c, r, s]\noutput z[c, p in 0..10, q in 0..14] = sum(r in 0..3, s in 0..3) x[c, p + r, q + s - 2 else 0] * k[c, r, s]\noutput v[c, p in 0..12, q in 0..14] = sum(r in 0..3, s in 0..3) x[c, p + r, q + s else 0] * k[c, r, s]",
  },
  {
    name: "border, an image wider than it is read",
    body: "input x: f32[2, 9, 30], k: f32[2, 3, 3]\noutput y[c, p in 0..9, q in 0..7] = sum(r in 0..3, s in 0..3) x[c, p + r - 1, q + s - 1 else 0] * k[c, r, s]\noutput z[c, p in 0..30, q in 0..40] = sum(r in 0..3, s in 0..3) x[c, p + r - 1, q + s - 1 else 0] * k[c, r, s]",
  },
  {
    name: "border, channels last",
    body: "input x: f32[2, 10, 9, 12], k: f32[3, 3, 12]\noutput y[n, p in 0..10, q in 0..9, c] = sum(r in 0..3, s in 0..3) x[n, p + r - 1, q + s - 1, c else 0] * k[r, s, c]",
  },
  {
    name: "border, one plane",
    body: "input x: f32[40, 33], k: f32[3, 3]\noutput y[p in 0..40, q in 0..33] = max(r in 0..3, s in 0..3) (x[p + r - 1, q + s - 1 else -inf] + k[r, s])",
  },
  {
    name: "border, one axis",
    body: "input x: f32[7, 50], k: f32[7, 4]\noutput y[c, p in 0..50] = sum(r in 0..4) x[c, p + r - 3 else 0] * k[c, r]",
  },
  {
    name: "border, three axes",
    body: "input x: f32[2, 11, 12, 13], k: f32[2, 2, 3, 2]\noutput y[c, i in 0..11, j in 0..12, l in 0..13] = sum(a in 0..2, r in 0..3, s in 0..2) x[c, i + a - 1, j + r - 1, l + s else 0] * k[c, a, r, s]",
  },
  {
    name: "border, elements",
    body: "input x: f32[3, 9, 14]\noutput y[c, p, q] = x[c, p, q] - 0.25 * (x[c, p - 1, q else 0] + x[c, p + 1, q else 0] + x[c, p, q - 1 else 0] + x[c, p, q + 2 else 1])\noutput z[c, p in 0..12, q in 0..17] = exp(x[c, p - 1, q - 2 else 0])",
  },
  {
    name: "border, two images of their own edges",
    body: "input x: f32[2, 12, 12], v: f32[2, 9, 12], k: f32[2, 3, 3]\noutput y[c, p in 0..12, q in 0..12] = sum(r in 0..3, s in 0..3) x[c, p + r - 1, q + s - 1 else 0] * k[c, r, s] + v[c, p - 2, q else 3]",
  },
  ...[1, 2, 3, 4, 5, 17, 40].map(ofWidth),
];
