/** Random programs give the same numbers in the interpreter and in emitted kernels. LUMC_RANDOM=500 runs more. */
import { expect, test } from "vitest";
import { checkHlir } from "../../src/ir/hlir-check.ts";
import { printHlir } from "../../src/ir/hlir-print.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { plan } from "../../src/lower/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import type { Tensor } from "../../src/lower/tensor.ts";
import { type Draw, randomProgram } from "./random-programs.ts";
import { randomInputs } from "./random-tensors.ts";
import { Bundle } from "./run-kernels.ts";

const count = Number(process.env.LUMC_RANDOM ?? 40);
const operations = 14;

function drawFrom(seed: number): Draw {
  let state = (seed * 2654435761) >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Largest difference, relative where the value is large. */
function difference(wanted: Tensor, got: Tensor): number {
  return wanted.data.reduce((worst, w, i) => {
    const d = Object.is(w, got.data[i]) ? 0 : Math.abs(w - got.data[i]) / (1 + Math.abs(w));
    return Math.max(d, worst);
  }, 0);
}

test(`${count} random programs`, { timeout: 600_000 + 5_000 * count }, () => {
  const bundle = new Bundle();
  const programs = Array.from({ length: count }, (_, seed) => randomProgram(drawFrom(seed + 1), operations));
  let kernels = 0;
  programs.forEach((h, seed) => {
    checkHlir(h, "the generator");
    const planned = plan(h, { search: "direct" });
    checkPlan(planned, "plan");
    const program = schedule(planned);
    checkLlir(program, "schedule");
    kernels += program.kernels.length;
    bundle.add(String(seed), program);
  });
  expect(kernels).toBeGreaterThan(3 * count);
  bundle.compile();
  try {
    programs.forEach((h, seed) => {
      const inputs = randomInputs(h.entries[0], {}, { seed, below: 2 });
      const [wanted, got] = [initialStates(h), initialStates(h)];
      const reference = interpret(h, "forward", { inputs, states: wanted });
      const answer = bundle.run(String(seed), "forward", { dims: {}, inputs, states: got });
      const pairs = [
        ...Object.entries(reference.outputs).map(([name, value]) => ({
          name,
          value,
          own: answer.outputs[name],
        })),
        ...[...wanted].map(([name, value]) => ({ name, value, own: got.get(name)! })),
      ];
      for (const { name, value, own } of pairs)
        expect(difference(value, own), `${name} of program ${seed}:\n${printHlir(h)}`).toBeLessThan(1e-3);
    });
  } finally {
    bundle.remove();
  }
});
