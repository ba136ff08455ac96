/** Elementwise work whose reads lie along another axis than its writes. */

export type ExchangeCase = {
  readonly name: string;
  readonly body: string;
  readonly dims: Readonly<Record<string, number>>;
  /** Tensors that go through tiles, in the order of the text. */
  readonly tiles: readonly string[];
};

const types = ["f64", "f32", "f16", "bf16", "f8e4m3", "i64", "i32", "i16", "u8", "bool"];

const ofType = (t: string): ExchangeCase => ({
  name: `transposed ${t}`,
  body: `dim s in 1..100\ninput x: ${t}[s, 70]\noutput y[o, t] = x[t, o]`,
  dims: { s: 61 },
  tiles: ["x"],
});

const ofFloats = (t: string): ExchangeCase[] => [
  {
    name: `whole tiles, ${t}`,
    body: `input x: ${t}[96, 64]\noutput y[o, t] = x[t, o] * 2.0`,
    dims: {},
    tiles: ["x"],
  },
  {
    name: `transposed with axes around, ${t}`,
    body: `dim s in 1..100\ninput x: ${t}[2, s, 3, 45]\noutput y[b, d, h, t] = exp(x[b, t, h, d])`,
    dims: { s: 35 },
    tiles: ["x"],
  },
  {
    name: `the outermost axis, ${t}`,
    body: `dim s in 1..100\ninput x: ${t}[3, 33, s]\noutput y[t, a, b] = x[a, b, t] + 1.0`,
    dims: { s: 67 },
    tiles: ["x"],
  },
  {
    name: `several beside straight ones, ${t}`,
    body: `dim s in 1..100\ninput a: ${t}[s, 67], b: f32[s, 67], c: ${t}[67, s], d: ${t}[s], e: f32[67]\noutput y[o, t] = a[t, o] * b[t, o] + c[o, t] * d[t] + e[o]`,
    dims: { s: 50 },
    tiles: ["a", "b"],
  },
  {
    name: `one at two places, ${t}`,
    body: `dim s in 1..100\ninput a: ${t}[s, 134]\noutput y[o in 0..67, t] = a[t, o] - a[t, o + 67]`,
    dims: { s: 65 },
    tiles: ["a", "a"],
  },
  {
    name: `read along a third axis too, ${t}`,
    body: `input a: ${t}[20, 28, 24], b: ${t}[28, 24, 20]\noutput y[i, j, k] = a[i, k, j] + b[k, j, i]`,
    dims: {},
    tiles: ["b"],
  },
  {
    name: `read backwards, ${t}`,
    body: `dim s in 1..100\ninput x: ${t}[s, 70]\noutput y[o in 0..70, t] = x[t, 69 - o]`,
    dims: { s: 61 },
    tiles: [],
  },
  {
    name: `padded, ${t}`,
    body: `dim s in 1..100\ninput x: ${t}[s, 70]\noutput y[o in 0..80, t] = x[t, o - 3 else 0.5]`,
    dims: { s: 61 },
    tiles: [],
  },
  {
    name: `too few to be worth it, ${t}`,
    body: `input x: ${t}[8, 700], y: ${t}[700, 8]\noutput a[i, j] = x[j, i]\noutput b[i, j] = y[j, i]`,
    dims: {},
    tiles: [],
  },
  {
    name: `into a state that lies the other way, ${t}`,
    body: `dim s in 1..200, pos in 0..64\nstate cache: ${t}[40, 264]\ninput k: ${t}[s, 40]\ncache[d, pos + t] := k[t, d]\noutput y = k`,
    dims: { s: 45, pos: 64 },
    tiles: ["k"],
  },
];

export const exchangeCases: readonly ExchangeCase[] = [
  ...types.map(ofType),
  ...["f32", "f16", "bf16"].flatMap(ofFloats),
  {
    name: "transposed tensors by names that the loops would take",
    body: "dim s in 1..100\ninput tile: f32[s, 67], first: f32[s], lane: f32[67], row: f32[67, s], o_start: f32[67]\noutput y[o, t] = tile[t, o] * first[t] + lane[o] * row[o, t] + o_start[o]",
    dims: { s: 65 },
    tiles: ["tile"],
  },
  {
    name: "by every thread's place in a grid smaller than the tiles",
    body: "dim s in 1..600\ninput x: f32[3, s, 130]\noutput y[b, o, t] = x[b, t, o]",
    dims: { s: 257 },
    tiles: ["x"],
  },
];
