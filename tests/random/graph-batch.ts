/** Random graphs through plan, schedule and the C++ compiler in one translation unit, and against the interpreter. */
import type { Hlir } from "../../src/ir/hlir.ts";
import { checkHlir } from "../../src/ir/hlir-check.ts";
import { printHlir } from "../../src/ir/hlir-print.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { plan } from "../../src/lower/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import type { Tensor } from "../../src/lower/tensor.ts";
import { randomInputs } from "../emit/random-tensors.ts";
import { Bundle } from "../emit/run-kernels.ts";

/** What differs by more than rounding explains, with the graph that it is of. */
export function graphFailuresOf(graphs: readonly Hlir[]): string[] {
  const bundle = new Bundle();
  try {
    graphs.forEach((h, i) => {
      checkHlir(h, "the generator");
      const planned = plan(h, { search: "direct" });
      checkPlan(planned, "plan");
      const program = schedule(planned);
      checkLlir(program, "schedule");
      bundle.add(String(i), program);
    });
    bundle.compile();
    return graphs.flatMap((h, i) => differencesOf(h, bundle, i));
  } finally {
    bundle.remove();
  }
}

function differencesOf(h: Hlir, bundle: Bundle, number: number): string[] {
  const inputs = randomInputs(h.entries[0], {}, { seed: number, below: 2 });
  const [wanted, got] = [initialStates(h), initialStates(h)];
  const reference = interpret(h, "forward", { inputs, states: wanted });
  const answer = bundle.run(String(number), "forward", { dims: {}, inputs, states: got });
  const pairs: [name: string, wanted: Tensor, got: Tensor | undefined][] = [
    ...Object.entries(reference.outputs).map(([name, value]): [string, Tensor, Tensor | undefined] => [
      name,
      value,
      answer.outputs[name],
    ]),
    ...[...wanted].map(([name, value]): [string, Tensor, Tensor | undefined] => [name, value, got.get(name)]),
  ];
  return pairs
    .filter(([, value, own]) => own === undefined || difference(value, own) > 1e-3)
    .map(([name]) => `${name} of graph ${number}:\n${printHlir(h)}`);
}

/** Largest difference, relative where the value is large. */
function difference(wanted: Tensor, got: Tensor): number {
  return wanted.data.reduce((worst, w, i) => {
    const d = Object.is(w, got.data[i]) ? 0 : Math.abs(w - got.data[i]) / (1 + Math.abs(w));
    return Number.isNaN(d) ? Infinity : Math.max(d, worst);
  }, 0);
}
