/** Few long rows, which several blocks have together: every float type, odd lengths, views, equal values, NaN, infinities. */

export type LongRowCase = {
  readonly name: string;
  readonly body: string;
  readonly dims: Readonly<Record<string, number>>;
  /** The names of its kernels, in order. */
  readonly kernels: readonly string[];
  /** In place of random elements of x: by number, and how many there are. */
  readonly fill?: (i: number, count: number) => number;
};

export const longRowHead = 'import { softmax, log_softmax, rms_norm, layer_norm } from "std/nn"\n';

const types = ["f32", "f16", "bf16"];
const none = {};
const two = ["y_parts", "y"];

/** A whole number of parts of vectors, one element beside it, and odd. */
const lengths = [49152, 49153, 50257];

const everyType = types.flatMap((t) =>
  lengths.flatMap((n): LongRowCase[] => [
    {
      name: `softmax ${t} ${n}`,
      body: `input x: ${t}[${n}]\noutput y = softmax(x)`,
      dims: none,
      kernels: two,
    },
    {
      name: `argmax ${t} ${n}`,
      body: `dim s in 1..3\ninput x: ${t}[s, ${n}]\noutput y[i] = argmax(j) x[i, j]`,
      dims: { s: 3 },
      kernels: two,
    },
  ]),
);

const odd = types.flatMap((t): LongRowCase[] => [
  {
    name: `log_softmax of rows ${t}`,
    body: `dim s in 1..3\ninput x: ${t}[s, 50257]\noutput y = log_softmax(x)`,
    dims: { s: 2 },
    kernels: two,
  },
  {
    name: `argmin ${t}`,
    body: `input x: ${t}[50257]\noutput y = argmin(j) x[j]`,
    dims: none,
    kernels: two,
  },
]);

const argmax = (n: number): string => `input x: f32[${n}]\noutput y = argmax(j) x[j]`;
const argmin = (n: number): string => `input x: f32[${n}]\noutput y = argmin(j) x[j]`;
const softmax = (n: number): string => `input x: f32[2, ${n}]\noutput y = softmax(x)`;
const at = (places: readonly number[], value: number, other: (i: number) => number) => (i: number) =>
  places.includes(i) ? value : other(i);

const special: LongRowCase[] = [
  { name: "argmax of equals", body: argmax(33000), dims: none, kernels: two, fill: () => 0.5 },
  {
    name: "argmax, the first of equals in another part",
    body: argmax(33000),
    dims: none,
    kernels: two,
    fill: at([32999, 20001, 20000, 31000], 7, (i) => Math.sin(i)),
  },
  {
    name: "argmin, the first of equals in the last part",
    body: argmin(33000),
    dims: none,
    kernels: two,
    fill: at([32999, 32998], -7, (i) => Math.sin(i)),
  },
  {
    name: "argmax with NaN, the first",
    body: argmax(33000),
    dims: none,
    kernels: two,
    fill: at([31000, 17000], Number.NaN, (i) => i),
  },
  {
    name: "argmin with NaN and -infinity",
    body: argmin(33000),
    dims: none,
    kernels: two,
    fill: (i) => (i === 5 ? -Infinity : i === 30000 ? Number.NaN : i),
  },
  { name: "argmax of -infinity", body: argmax(33000), dims: none, kernels: two, fill: () => -Infinity },
  {
    name: "argmax behind parts of -infinity",
    body: argmax(33000),
    dims: none,
    kernels: two,
    fill: (i) => (i < 32500 ? -Infinity : -3),
  },
  {
    name: "softmax behind parts of -infinity",
    body: softmax(20000),
    dims: none,
    kernels: two,
    fill: (i) => (i % 20000 < 15000 ? -Infinity : Math.cos(i)),
  },
  {
    name: "softmax of a row of -infinity beside another",
    body: softmax(20000),
    dims: none,
    kernels: two,
    fill: (i) => (i < 20000 ? -Infinity : Math.cos(i)),
  },
  {
    name: "softmax with NaN",
    body: softmax(20000),
    dims: none,
    kernels: two,
    fill: (i) => (i === 30001 ? Number.NaN : Math.cos(i)),
  },
  {
    name: "softmax of parts far apart",
    body: softmax(20000),
    dims: none,
    kernels: two,
    fill: (i) => Math.floor((i % 20000) / 2000) * 40 + Math.sin(i),
  },
];

const forms: LongRowCase[] = [
  {
    name: "a row that grows",
    body: "dim n in 1..60000\ninput x: f32[n]\noutput y = softmax(x)",
    dims: { n: 13 },
    kernels: two,
  },
  {
    name: "whole vectors of a row that grows",
    body: "dim n in 1..6000\ninput x: bf16[8 * n]\noutput y = softmax(x)",
    dims: { n: 4001 },
    kernels: two,
  },
  {
    name: "a part of rows, backwards",
    body: "input x: f16[2, 50000]\noutput y[i, j in 0..40001] = exp(x[i, 40003 - j] as f32 - max(k in 0..40001) (x[i, 40003 - k] as f32))",
    dims: none,
    kernels: two,
  },
  {
    name: "columns",
    body: "input x: f32[20011, 3]\noutput y = softmax(transpose(x, [1, 0]))",
    dims: none,
    kernels: two,
  },
  {
    name: "one column for all rows",
    body: "input x: f32[40000], b: f32[2]\noutput y[i] = argmax(j) (x[j] * b[i])",
    dims: none,
    kernels: two,
  },
  {
    name: "two axes",
    body: "input x: f32[3, 200, 301]\noutput y[b] = sum(i, j) x[b, j, i]",
    dims: none,
    kernels: two,
  },
  {
    name: "integers",
    body: "input x: i32[70000]\noutput y = sum(x)",
    dims: none,
    kernels: two,
  },
  {
    name: "the place of an integer",
    body: "input x: i32[70000]\noutput y = argmin(j) x[j]",
    dims: none,
    kernels: two,
  },
  {
    name: "norms",
    body: "input x: bf16[2, 60000], w: bf16[60000]\noutput y = rms_norm(x, w)",
    dims: none,
    kernels: two,
  },
  {
    name: "mean and variance",
    body: "input x: f32[60000], w: f32[60000], b: f32[60000]\noutput y = layer_norm(x, w, b)",
    dims: none,
    kernels: ["y_parts", "y_parts2", "y"],
  },
  {
    name: "softmax of what is computed",
    body: "input x: f32[2, 50000], b: f32[50000]\noutput y = softmax(x * 3.0 + b)",
    dims: none,
    kernels: two,
  },
  {
    name: "two lengths with one kernel's text",
    body: "dim m in 1..60000, n in 1..200000\ninput a: f32[m], x: f32[n]\noutput b = max(a)\noutput y = max(x)",
    dims: { m: 3, n: 199000 },
    kernels: ["b_parts", "b", "b_parts_of_n"],
    fill: (i) => i,
  },
  {
    name: "the greatest and the sum below it",
    body: "input x: f32[60000]\nm = max(x)\noutput y = log(sum(exp(x - m))) + m",
    dims: none,
    kernels: two,
  },
];

export const longRowCases: readonly LongRowCase[] = [...everyType, ...odd, ...special, ...forms];
