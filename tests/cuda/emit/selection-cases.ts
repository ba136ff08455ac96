/** The greatest of rows: long ones in parts and whole, many of few and nearly all, views, equal values, NaN, infinities. */

export type SelectionCase = {
  readonly name: string;
  readonly x: string;
  readonly z?: string;
  readonly call: string;
  readonly dims?: Readonly<Record<string, number>>;
  /** Blocks and threads of the kernels that select, in order. */
  readonly launches: readonly string[];
  readonly fill?: (i: number) => number;
};

const parts = (n: number): string[] => [`${n} x 256`, "1 x 256"];
const long = "dim s in 1..2\ninput x: ";

const types = ["f32", "f16", "bf16", "i32", "f64"].map(
  (t): SelectionCase => ({
    name: `parts of ${t}`,
    x: `${long}${t}[s, 50021]`,
    call: "top_k(x, 40)",
    dims: { s: 2 },
    launches: ["26 x 256", "2 x 256"],
  }),
);

const equal: SelectionCase[] = [
  {
    name: "all equal",
    x: "input x: f32[50001]",
    call: "top_k(x, 50)",
    launches: parts(13),
    fill: () => -3,
  },
  {
    name: "equals in several parts, NaN and zeros",
    x: "input x: f32[60000]",
    call: "top_k(x, 9)",
    launches: parts(15),
    fill: (i) =>
      i === 17001 || i === 4097 ? Number.NaN : i % 5000 === 4999 ? Infinity : i % 2 === 0 ? -0 : 0,
  },
  {
    name: "nearly all masked",
    x: "input x: f32[60000]",
    call: "top_k(x, 40)",
    launches: parts(15),
    fill: (i) => (i % 700 === 3 ? i : -Infinity),
  },
];

const forms: SelectionCase[] = [
  {
    name: "a row that grows",
    x: "dim n in 5..70000\ninput x: f32[n]",
    call: "top_k(x, 5)",
    dims: { n: 8197 },
    launches: parts(23),
  },
  {
    name: "fewer than a part has",
    x: "dim n in 5..70000\ninput x: f32[n]",
    call: "top_k(x, 5)",
    dims: { n: 7 },
    launches: parts(23),
  },
  {
    name: "columns of what is computed, the least first",
    x: "input x: f32[50003, 3]",
    z: "z = transpose(x, [1, 0]) * -2.0",
    call: "top_k(z, 3)",
    launches: ["39 x 256", "3 x 256"],
  },
  {
    name: "backwards, the greatest alone",
    x: "input x: f16[57000]",
    z: "z[j in 0..56999] = x[56999 - j]",
    call: "top_k(z, 1)",
    launches: parts(14),
  },
  {
    name: "as many as a part could have",
    x: "input x: f32[9001]",
    call: "top_k(x, 3000)",
    launches: ["1 x 1024"],
  },
  {
    name: "all of a long row",
    x: "input x: bf16[2, 5003]",
    call: "top_k(x, 5003)",
    launches: ["2 x 1024"],
  },
  {
    name: "experts of a token",
    x: "dim s in 1..9\ninput x: f32[s, 64]",
    call: "top_k(x, 6)",
    dims: { s: 5 },
    launches: ["9 x 256"],
  },
];

export const selectionCases: readonly SelectionCase[] = [...types, ...equal, ...forms];
