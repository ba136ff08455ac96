/** The kernel cases of the tests under the SIMT layer on a device, against the interpreter. */
import { backends } from "../../src/backends.ts";
import type { Hlir } from "../../src/ir/hlir.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import type { Tensor } from "../../src/lower/tensor.ts";
import { attentionCases } from "../attention/cases.ts";
import { columnCases, columnHead } from "../cuda/emit/column-cases.ts";
import { exchangeCases } from "../cuda/emit/exchange-cases.ts";
import { rowCases, rowHead } from "../cuda/emit/row-cases.ts";
import { seamCases } from "../cuda/emit/seam-cases.ts";
import { hlirFromText } from "../emit/from-text.ts";
import { kernelCases } from "../emit/kernel-cases.ts";
import { randomInputs, randomWeights } from "../emit/random-tensors.ts";
import { Bundle, type Writer } from "../emit/run-kernels.ts";

type DeviceCase = {
  readonly name: string;
  readonly head?: string;
  readonly body: string;
  readonly sizes: readonly Readonly<Record<string, number>>[];
  readonly below?: number;
  readonly tolerance?: number;
  readonly calls?: number;
};

const deviceCases: readonly DeviceCase[] = [
  ...kernelCases.map((c) => ({ ...c, sizes: [c.dims ?? {}] })),
  ...rowCases.map((c) => ({ ...c, head: rowHead, sizes: [c.dims], tolerance: 1e-2 })),
  ...[...seamCases, ...exchangeCases].map((c) => ({ ...c, sizes: [c.dims], tolerance: 1e-2 })),
  ...columnCases.map((c) => ({ ...c, head: columnHead, sizes: [c.dims], tolerance: 1e-2 })),
  ...attentionCases.map((c) => ({ ...c, below: 2 })),
];

/** Cases that are compiled together. */
const groupSize = 16;

export const kernelGroups: readonly (readonly DeviceCase[])[] = Array.from(
  { length: Math.ceil(deviceCases.length / groupSize) },
  (_, i) => deviceCases.slice(i * groupSize, (i + 1) * groupSize),
);

/** Throws with everything of the group that is wrong. */
export async function runKernelGroup(
  cases: readonly DeviceCase[],
  writer: Writer,
  arch: string,
): Promise<void> {
  const bundle = new Bundle(writer);
  const models = new Map<string, Hlir>();
  for (const c of cases) {
    const h = hlirFromText(c);
    models.set(c.name, h);
    bundle.add(c.name, backends.cuda.schedule(backends.cuda.direct(h), [], { arch }));
  }
  try {
    await bundle.build();
    const faults = cases.flatMap((c) => {
      try {
        runCase(c, models.get(c.name)!, bundle);
        return [];
      } catch (error) {
        return [`${c.name}: ${String(error).slice(0, 400)}`];
      }
    });
    if (faults.length > 0) throw new Error(faults.join("; "));
  } finally {
    bundle.remove();
  }
}

function runCase(c: DeviceCase, h: Hlir, bundle: Bundle): void {
  const [entry] = h.entries;
  const tolerance = c.tolerance ?? 1e-4;
  for (const dims of c.sizes) {
    const weights = randomWeights(h, dims);
    const [wanted, got] = [initialStates(h), initialStates(h)];
    for (let call = 0; call < (c.calls ?? 1); call++) {
      const inputs = randomInputs(entry, dims, { seed: 11 + call, below: c.below ?? 4 });
      const reference = interpret(h, entry.name, { dims, inputs, weights, states: wanted });
      const answer = bundle.run(c.name, entry.name, { dims, inputs, weights, states: got });
      if (answer.fault !== undefined) throw new Error(`an index is outside: ${answer.fault}`);
      for (const [o, value] of Object.entries({ ...reference.outputs, ...reference.taps }))
        requireClose(o, answer.outputs[o] ?? answer.taps[o], value, tolerance);
      for (const [s, value] of wanted) requireClose(s, got.get(s)!, value, tolerance);
    }
  }
}

/** Within a share of the largest expected value; NaN and infinities where they are expected. */
function requireClose(name: string, got: Tensor, wanted: Tensor, tolerance: number): void {
  const scale = wanted.data.reduce((m, w) => (Number.isFinite(w) ? Math.max(m, Math.abs(w)) : m), 1e-6);
  for (const [i, w] of wanted.data.entries()) {
    const g = got.data[i];
    const same = g === w || (Number.isNaN(g) && Number.isNaN(w)) || Math.abs(g - w) <= tolerance * scale;
    if (!same) throw new Error(`${name}[${i}] is ${g}, expected ${w}`);
  }
}
