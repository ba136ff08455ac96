/** The examples at small sizes, with calls that follow one another on the same state. */
import { readFileSync } from "node:fs";
import type { Entry, Hlir } from "../../../src/ir/hlir.ts";
import { elaborate } from "../../../src/lower/elaborate/elaborate.ts";
import { initialStates, interpret, type WeightSource } from "../../../src/lower/interpret.ts";
import type { Tensor } from "../../../src/lower/tensor.ts";
import { randomInputs, randomWeights } from "../../emit/random-tensors.ts";
import type { Bundle } from "../../emit/run-kernels.ts";

export type Example = {
  readonly name: string;
  readonly set: Readonly<Record<string, string | number>>;
  readonly calls: readonly Readonly<Record<string, number>>[];
  /** Of the largest value of an output. */
  readonly tolerance: number;
};

const steps = [
  { s: 9, pos: 0 },
  { s: 1, pos: 9 },
  { s: 3, pos: 10 },
];
const decoder = { vocab: 61, hidden: 44, layers: 2, heads: 4, max_len: 24 };

export const examples: readonly Example[] = [
  {
    name: "mlp",
    set: { pixels: 37, hidden: 21, classes: 7 },
    calls: [{ batch: 5 }, { batch: 1 }],
    tolerance: 1e-4,
  },
  { name: "convnet", set: { size: 9, width: 5, classes: 7 }, calls: [{ batch: 2 }], tolerance: 1e-4 },
  { name: "gpt", set: { ...decoder, T: "f32" }, calls: steps, tolerance: 1e-4 },
  {
    name: "llama",
    set: { ...decoder, kv_heads: 2, head_dim: 12, ffn: 51, T: "f32" },
    calls: steps,
    tolerance: 1e-4,
  },
  { name: "bert", set: { ...decoder, heads: 4, ffn: 51 }, calls: [{ batch: 3, s: 11 }], tolerance: 1e-4 },
];

export function exampleHlir({ name, set }: Example): Hlir {
  const path = new URL(`../../../examples/${name}/${name}.lum`, import.meta.url).pathname;
  const text = readFileSync(path, "utf8");
  const options = { set: new Map(Object.entries(set).map(([k, v]) => [k, String(v)])) };
  const { hlir, diagnostics } = elaborate({ path, text }, options);
  if (hlir === undefined) throw new Error(`${name}: ${diagnostics.map((d) => d.message).join("; ")}`);
  return hlir;
}

/** Small enough that nothing saturates; variances positive. */
function weightsOf(hlir: Hlir): WeightSource {
  const all = randomWeights(hlir, {});
  return (name, loops) => {
    const t = all(name, loops);
    const data = /var/.test(name) ? t.data.map((x) => 0.5 + Math.abs(x)) : t.data.map((x) => x / 4);
    return { ...t, data };
  };
}

function inputsFor(
  entry: Entry,
  dims: Readonly<Record<string, number>>,
  seed: number,
): Record<string, Tensor> {
  const inputs = randomInputs(entry, dims, { seed, below: 50 });
  const { mask } = inputs;
  return mask === undefined ? inputs : { ...inputs, mask: { ...mask, data: mask.data.map((x) => x % 2) } };
}

/** What the interpreter makes of the calls, once for all candidates. */
export function references(e: Example, hlir: Hlir) {
  const states = initialStates(hlir);
  return e.calls.map((dims, i) => {
    const inputs = inputsFor(hlir.entries[0], dims, i + 1);
    const answer = interpret(hlir, "forward", { dims, inputs, weights: weightsOf(hlir), states });
    return { dims, inputs, outputs: answer.outputs, states: new Map(states) };
  });
}

/** What differs from the references, undefined where nothing does. */
export function differenceFrom(
  e: Example,
  hlir: Hlir,
  wanted: ReturnType<typeof references>,
  bundle: Bundle,
  name: string,
): string | undefined {
  const states = initialStates(hlir);
  for (const [i, call] of wanted.entries()) {
    const weights = weightsOf(hlir);
    const answer = bundle.run(name, "forward", { dims: call.dims, inputs: call.inputs, weights, states });
    if (answer.fault !== undefined) return answer.fault;
    const pairs = [...Object.entries(call.outputs), ...call.states];
    const got = { ...answer.outputs, ...Object.fromEntries(states) };
    for (const [what, t] of pairs) {
      const error = errorOf(got[what], t);
      if (!(error <= e.tolerance)) return `${what} of call ${i + 1} is off by ${error}`;
    }
  }
  return undefined;
}

function errorOf(got: Tensor, wanted: Tensor): number {
  const scale = wanted.data.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
  const worst = wanted.data.reduce((m, x, i) => {
    const d = Math.abs(x - got.data[i]);
    return Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(m, d);
  }, 0);
  return worst / scale;
}
