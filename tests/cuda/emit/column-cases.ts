/** Reductions over axes that are not the contiguous one. */

export type ColumnCase = {
  readonly name: string;
  readonly body: string;
  readonly dims: Readonly<Record<string, number>>;
  /** Kernels whose lanes have neighbouring columns. */
  readonly kernels: readonly string[];
};

export const columnHead = 'import { softmax } from "std/nn"\n';

const ofFloats = (t: string): ColumnCase[] => [
  {
    name: `sums, ${t}`,
    body: `dim s in 1..200\ninput x: ${t}[s, 67]\noutput y[o] = sum(t) x[t, o]`,
    dims: { s: 101 },
    kernels: ["y"],
  },
  {
    name: `whole groups of columns, ${t}`,
    body: `input x: ${t}[50, 64]\noutput y[o] = max(t) x[t, o]`,
    dims: {},
    kernels: ["y"],
  },
  {
    name: `columns with axes around, ${t}`,
    body: `dim s in 1..80\ninput x: ${t}[3, s, 2, 35], w: f32[s], b: f32[35]\noutput y[n, h, o] = min(t) (x[n, t, h, o] * w[t] + b[o])`,
    dims: { s: 37 },
    kernels: ["y"],
  },
  {
    name: `two axes at once, ${t}`,
    body: `dim s in 1..80\ninput x: ${t}[s, 3, 41]\noutput y[o] = sum(t, h) x[t, h, o]\noutput z[o] = sum(t, h) x[t, h, o] * x[t, h, o]`,
    dims: { s: 33 },
    kernels: ["y", "z"],
  },
  {
    name: `places of the greatest, ${t}`,
    body: `dim s in 1..80\ninput x: ${t}[s, 70]\noutput y[o] = argmax(t) x[t, o]\noutput z[o] = argmin(t) x[t, o]`,
    dims: { s: 61 },
    kernels: ["y", "z"],
  },
  {
    name: `softmax of columns, ${t}`,
    body: `dim s in 1..80\ninput x: ${t}[s, 45]\noutput y = transpose(softmax(transpose(x, [1, 0])), [1, 0])`,
    dims: { s: 50 },
    kernels: ["softmax_e_max", "y_sum"],
  },
  {
    name: `few columns in parts, ${t}`,
    body: `dim s in 1..3000\ninput x: ${t}[s, 33]\noutput y[o] = sum(t) x[t, o]\noutput m[o] = max(t) x[t, o]\noutput z[o] = argmax(t) x[t, o]`,
    dims: { s: 1777 },
    kernels: ["y_parts", "m_parts", "z_parts"],
  },
  {
    name: `two axes in parts, ${t}`,
    body: `dim s in 1..400\ninput x: ${t}[s, 70], y: f32[7, s]\noutput z[o] = max(t, u) (x[t, o] + y[u, t])`,
    dims: { s: 333 },
    kernels: ["z_parts"],
  },
  {
    name: `both ways, ${t}`,
    body: `dim s in 1..80\ninput x: ${t}[s, 80], y: ${t}[80, s]\noutput z[o] = max(t) (x[t, o] + y[o, t])`,
    dims: { s: 50 },
    kernels: [],
  },
  {
    name: `few columns, ${t}`,
    body: `dim s in 1..80\ninput x: ${t}[s, 9]\noutput z[o] = max(t) x[t, o]`,
    dims: { s: 50 },
    kernels: [],
  },
];

export const columnCases: readonly ColumnCase[] = [
  ...["f32", "f16", "bf16"].flatMap(ofFloats),
  ...["f64", "i32", "i64", "u8"].map((t) => ({
    name: `greatest of ${t}`,
    body: `dim s in 1..80\ninput x: ${t}[s, 70]\noutput y[o] = max(t) x[t, o]\noutput z[o] = argmax(t) x[t, o]`,
    dims: { s: 61 },
    kernels: ["y", "z"],
  })),
  {
    name: "nothing to fold",
    body: "dim s in 0..80\ninput x: f32[s, 70]\noutput y[o] = sum(t) x[t, o]",
    dims: { s: 0 },
    kernels: ["y"],
  },
  {
    name: "columns of a call",
    body: "dim n in 0..80\ninput x: f32[90, n]\noutput y[o] = sum(t) x[t, o]",
    dims: { n: 43 },
    kernels: ["y"],
  },
  {
    name: "tensors by names that the loops would take",
    body: "dim s in 1..80\ninput group: f32[s, 70], i_lane: f32[70], is_column: f32[s], place: f32[s]\noutput y[i] = max(k) (group[k, i] * i_lane[i] + is_column[k]) + place[0]",
    dims: { s: 41 },
    kernels: ["y"],
  },
  {
    name: "columns added to a state",
    body: "dim s in 1..80\nstate total: f32[70]\ninput x: f32[s, 70]\nsummed[o] = sum(t) x[t, o]\ntotal[o] := total[o] + summed[o]\noutput y = summed * 2.0",
    dims: { s: 41 },
    kernels: ["summed"],
  },
];
