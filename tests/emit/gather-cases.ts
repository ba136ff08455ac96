/** Products with a factor whose rows an index from data picks: as the fixed rules plan them, and read through the index. */
import type { Policy } from "../../src/lower/direct/direct.ts";
import type { KernelCase } from "./kernel-cases.ts";

const rows = (s: number): KernelCase => ({
  name: `gathered rows, ${s} of them`,
  body: "dim s in 0..90\ninput t: i32[s], e: f32[11, 37], p: f32[37, 29]\noutput y[i, f] = sum(d) e[t[i], d] * p[d, f]",
  dims: { s },
  below: 11,
  calls: 2,
});

const cases: readonly KernelCase[] = [
  ...[0, 1, 3, 7, 64, 90].map(rows),
  {
    name: "gathered columns",
    body: "input t: i32[19], e: f32[11, 37], p: f32[6, 37]\noutput y[i, j] = sum(d) p[i, d] * e[t[j], d]\noutput z[j, i] = sum(d) p[i, d] * e[t[j], d]",
    below: 11,
  },
  {
    name: "gathered rows of a batch, as stored and turned",
    body: "input t: i32[5, 7], e: f32[11, 24], p: f32[24, 13]\noutput y[b, s, f] = sum(d) e[t[b, s], d] * p[d, f]\noutput z[s, b, f] = sum(d) e[t[b, s], d] * p[d, f]",
    below: 11,
  },
  {
    name: "gathered rows on both sides",
    body: "input t: i32[9], u: i32[12], e: f32[11, 24], p: f32[8, 24]\noutput y[i, j] = sum(d) e[t[i], d] * p[u[j], d]",
    below: 8,
  },
  {
    name: "gathered rows, widened, scaled, with an ending by the same index",
    body: "input t: i32[21], e: bf16[11, 24], g: f32[21], p: f32[24, 10], b: f32[11, 10]\noutput y[i, f] = tanh(sum(d) (e[t[i], d] as f32) * g[i] * p[d, f] + b[t[i], f])",
    below: 11,
    tolerance: 1e-2,
  },
  {
    name: "gathered rows by an index of an index",
    body: "input t: i32[21], u: i32[11], e: f32[11, 24], p: f32[24, 10]\noutput y[i, f] = sum(d) e[u[t[i]], d] * p[d, f]",
    below: 11,
  },
  {
    name: "gathered rows, some of none",
    body: "input t: i32[21], e: f32[6, 24], p: f32[24, 10]\noutput y[i, f] = sum(d) e[t[i] - 1, d else 0.5] * p[d, f]",
    below: 9,
  },
  {
    name: "gathered heads of rows",
    body: "input t: i32[9], e: f32[11, 3, 24], p: f32[24, 10]\noutput y[i, h, f] = sum(d) e[t[i], h, d] * p[d, f]",
    below: 11,
  },
  {
    name: "gathered rows of columns",
    body: "input t: i32[9], e: f32[24, 11], p: f32[24, 10]\noutput y[i, f] = sum(d) e[d, t[i]] * p[d, f]",
    below: 11,
  },
  {
    name: "gathered experts that some rows share",
    body: "input x: f32[6, 8], w: f32[5, 12, 8], e: i32[6, 2], g: i32[3, 4]\noutput y[t, k, f] = sum(d) x[t, d] * w[e[t, k], f, d]\noutput z[t, k in 0..2, f] = sum(d) x[t, d] * w[g[t / 2, 2 * (t % 2) + k], f, d]",
    below: 5,
  },
  {
    name: "gathered along what is summed",
    body: "input t: i32[24], e: f32[30, 10], p: f32[9, 24]\noutput y[i, f] = sum(d) p[i, d] * e[t[d], f]",
    below: 30,
  },
  {
    name: "windows of gathered images and rows",
    body: "input t: i32[4], u: i32[7], x: f32[5, 6, 9, 10], k: f32[8, 6, 3, 3], h: f32[8, 6, 3]\noutput y[n, f, p in 0..9, q in 0..10] = sum(c, r in 0..3, s in 0..3) x[t[n], c, p + r - 1, q + s - 1 else 0] * k[f, c, r, s]\noutput z[f, p in 0..7, q in 0..8] = sum(c, s in 0..3) x[u[p], c, p + 1, q + s] * h[f, c, s]\noutput v[f, p in 0..7, q in 0..8] = sum(c, r in 0..3, s in 0..3) x[u[p], c, p + r, q + s] * k[f, c, r, s]",
    below: 5,
  },
  {
    name: "gathered rows in a loop",
    body: 'input t: i32[9], x: f32[9, 24]\nh = x\nfor l in 0..3 {\n  weight w: f32[24, 24] from "w.{l}"\n  h[i, f] = x[i, f] + tanh(sum(d) h[t[i], d] * w[d, f])\n}\noutput y = h',
    below: 9,
  },
];

const readThrough: Policy = { inline: (n) => (n.op.kind === "gather" ? true : undefined) };

export const gatherCases: readonly KernelCase[] = cases.flatMap((c) => [
  c,
  { ...c, name: `${c.name}, read through`, policy: readThrough },
]);
