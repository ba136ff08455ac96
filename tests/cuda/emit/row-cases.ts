/** Rows and elementwise work: lengths that are whole vectors and odd ones, rows longer than the registers, views. */

export type RowCase = {
  readonly name: string;
  readonly body: string;
  readonly dims: Readonly<Record<string, number>>;
};

export const rowHead = 'import { softmax, rms_norm, layer_norm } from "std/nn"\n';
const lengths = [5, 33, 136, 1024, 4104, 17408];
export const rowTypes = ["f32", "f16", "bf16"];

const wholeCases: RowCase[] = lengths.flatMap((n) =>
  rowTypes.flatMap((t) => {
    const dims = { s: n > 4000 ? 1 : 3 };
    // Of few long rows each would be several blocks' work.
    const rows = `dim s in 1..${n > 4000 ? 4096 : 4}\ninput x: ${t}[s, ${n}], w: ${t}[${n}], b: f32[${n}]\n`;
    return [
      { name: `softmax ${t} ${n}`, body: `${rows}output y = softmax(x)`, dims },
      {
        name: `norms ${t} ${n}`,
        body: `${rows}output y = rms_norm(x, w)\noutput z = layer_norm(x, w, b)`,
        dims,
      },
      { name: `argmax ${t} ${n}`, body: `${rows}output y[i] = argmax(j) x[i, j]`, dims },
    ];
  }),
);

const viewCases = rowTypes.flatMap((t): RowCase[] => [
  {
    name: `a part of each row, ${t}`,
    body: `dim s in 1..4\ninput x: ${t}[s, 80]\noutput y = softmax(x[0..s, 3..67])\noutput z = softmax(x[0..s, 8..72])`,
    dims: { s: 3 },
  },
  {
    name: `rows backwards and transposed, ${t}`,
    body: `dim s in 1..4\ninput x: ${t}[64, s]\noutput y[i, j in 0..64] = x[63 - j, i] * 2.0\noutput z = softmax(transpose(x, [1, 0]))`,
    dims: { s: 3 },
  },
  {
    name: `elementwise with what is left over, ${t}`,
    body: `dim n in 1..9000\ninput x: ${t}[n], b: f32[n]\noutput y[i] = x[i] * 3.0 + b[i]\noutput z[i] = x[i] + x[i]`,
    dims: { n: 2061 },
  },
  {
    name: `elementwise below one vector, ${t}`,
    body: `dim n in 1..9000\ninput x: ${t}[n]\noutput y[i] = x[i] * 3.0`,
    dims: { n: 3 },
  },
  {
    name: `odd rows, ${t}`,
    body: `dim s in 1..9\ninput x: ${t}[s, 1031]\noutput y = x * 2.0\noutput z = softmax(x)`,
    dims: { s: 5 },
  },
]);

export const rowCases: readonly RowCase[] = [...wholeCases, ...viewCases];
