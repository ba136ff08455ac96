/** Concatenations, rotary embeddings and padded reads: parts of one size and of several, odd ones, written in place. */

export type SeamCase = {
  readonly name: string;
  readonly body: string;
  readonly dims: Readonly<Record<string, number>>;
  /** Loads of vectors in the text, and loops over the grid. */
  readonly vectors: number;
  readonly loops: number;
};

export const seamTypes = ["f32", "f16", "bf16"];

/** The two halves of a row turned against each other. */
const rotated = (t: string, half: number): string => `dim s in 1..9, pos in 0..20
input q: ${t}[s, 3, ${2 * half}], c: f32[s, ${half}], d: f32[s, ${half}]
low[t, h, i in 0..${half}] = (q[t, h, i] * c[t, i] - q[t, h, i + ${half}] * d[t, i]) as ${t}
high[t, h, i in 0..${half}] = (q[t, h, i + ${half}] * c[t, i] + q[t, h, i] * d[t, i]) as ${t}
`;

const cases = (t: string): SeamCase[] => [
  ...[
    { half: 64, vectors: 4, loops: 1 },
    { half: 6, vectors: 0, loops: 1 },
    { half: 5, vectors: 0, loops: 1 },
  ].map(({ half, vectors, loops }) => ({
    name: `rotary embedding of ${t}, halves of ${half}`,
    body: `${rotated(t, half)}output y = concat(low, high, axis = -1)`,
    dims: { s: 5, pos: 0 },
    vectors,
    loops,
  })),
  {
    name: `rotary embedding of ${t} into a cache`,
    body: `state cache: ${t}[32, 3, 32]\n${rotated(t, 16)}turned = concat(low, high, axis = -1)\ncache[pos + t, h, j] := turned[t, h, j]\noutput y = low * 2.0`,
    dims: { s: 7, pos: 11 },
    vectors: 8,
    loops: 2,
  },
  {
    name: `parts of three sizes, ${t}`,
    body: `dim s in 1..9\ninput a: ${t}[s, 8], b: ${t}[s, 24], c: ${t}[s, 16]\noutput y = concat(a * 2.0, b, c + 1.0, axis = -1)`,
    dims: { s: 5 },
    vectors: 3,
    loops: 3,
  },
  {
    name: `parts of odd sizes, ${t}`,
    body: `dim s in 1..9\ninput a: ${t}[s, 3], b: ${t}[s, 7]\noutput y = concat(a * 2.0, b, axis = -1)`,
    dims: { s: 5 },
    vectors: 0,
    loops: 1,
  },
  {
    name: `parts of sizes of a call, ${t}`,
    body: `dim s in 1..9, n in 0..8\ninput a: ${t}[s, n], b: ${t}[s, 8]\noutput y = concat(a * 2.0, b, axis = -1)`,
    dims: { s: 5, n: 6 },
    vectors: 0,
    loops: 1,
  },
  {
    name: `parts beside each other in the middle, ${t}`,
    body: `dim s in 1..9\ninput a: ${t}[s, 4, 16], b: ${t}[s, 8, 16]\noutput y = concat(a, b * 2.0, axis = 1)`,
    dims: { s: 5 },
    vectors: 2,
    loops: 2,
  },
  {
    name: `padded reads, ${t}`,
    body: `dim s in 1..9\ninput x: ${t}[s, 24]\noutput y[t, i in 0..36] = x[t, i - 4 else 0.5] * 2.0\noutput z[t, i in 0..27] = x[t, i - 1 else 0.5] * 2.0`,
    dims: { s: 5 },
    vectors: 1,
    loops: 4,
  },
];

export const seamCases: readonly SeamCase[] = [
  ...seamTypes.flatMap(cases),
  {
    name: "tensors by names that the loops over vectors would take",
    body: "dim s in 1..9\ninput chunk: f32[s, 24], chunk_vector: f32[24], item: f32[s, 7], v: f32[7]\noutput y[t, i] = chunk[t, i] * chunk_vector[i]\noutput z[t, i] = item[t, i] + v[i]",
    dims: { s: 5 },
    vectors: 2,
    loops: 2,
  },
];
