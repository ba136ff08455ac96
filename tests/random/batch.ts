/** Random programs through the compiler, many in one translation unit, and against the interpreter. */
import type { Hlir } from "../../src/ir/hlir.ts";
import { checkHlir } from "../../src/ir/hlir-check.ts";
import type { Program } from "../../src/ir/llir.ts";
import { checkLlir } from "../../src/ir/llir-check.ts";
import { checkPlan } from "../../src/ir/plan-check.ts";
import { elaborate } from "../../src/lower/elaborate/elaborate.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { plan } from "../../src/lower/plan.ts";
import { schedule } from "../../src/lower/schedule.ts";
import type { Tensor } from "../../src/lower/tensor.ts";
import { randomWeights } from "../emit/random-tensors.ts";
import { Bundle, type Writer } from "../emit/run-kernels.ts";
import type { Facts } from "./facts.ts";
import { inputsOf } from "./inputs.ts";
import type { RandomProgram } from "./programs.ts";

export type Failure = { readonly program: RandomProgram; readonly stage: string; readonly message: string };

export type Lowered = { readonly program: RandomProgram; readonly hlir: Hlir; readonly llir: Program };

/** Everything that goes wrong with these programs, at most one failure each. */
export function failuresOf(programs: readonly RandomProgram[], perUnit = 100, level = "-O1"): Failure[] {
  const failures: Failure[] = [];
  const lowered = programs.flatMap((program) => {
    const result = lower(program);
    if ("stage" in result) failures.push(result);
    return "stage" in result ? [] : [result];
  });
  for (let i = 0; i < lowered.length; i += perUnit)
    failures.push(...compare(lowered.slice(i, i + perUnit), level));
  return failures;
}

/** The first stage that rejects the program or breaks what its checker proves. */
function lower(program: RandomProgram): Lowered | Failure {
  let stage = "elaborate";
  try {
    const { hlir, diagnostics } = elaborate({ path: "random.lum", text: program.text });
    if (hlir === undefined) {
      const message = diagnostics
        .map(
          (d) => `${d.code} ${d.message}${d.span ? `: ${program.text.slice(d.span.start, d.span.end)}` : ""}`,
        )
        .join("\n");
      return { program, stage, message };
    }
    stage = "checkHlir";
    checkHlir(hlir, "elaborate");
    stage = "plan";
    const planned = plan(hlir, { search: "direct" });
    stage = "checkPlan";
    checkPlan(planned, "plan");
    stage = "schedule";
    const llir = schedule(planned);
    stage = "checkLlir";
    checkLlir(llir, "schedule");
    return { program, hlir, llir };
  } catch (error) {
    return {
      program,
      stage,
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

/** Compiles programs together; where that fails, without those that the compiler names, or by halves. */
export function compare(lowered: readonly Lowered[], level = "-O1", writer?: Writer): Failure[] {
  const bundle = new Bundle(writer);
  try {
    lowered.forEach(({ llir }, i) => {
      bundle.add(String(i), llir);
    });
    bundle.compile({ level });
    return lowered.flatMap((l, i) => runBoth(l, bundle, String(i)) ?? []);
  } catch (error) {
    if (lowered.length === 1)
      return [{ program: lowered[0].program, stage: "emit", message: String(error).slice(0, 3000) }];
    const named = new Set([...String(error).matchAll(/kernels_(\d+)::/g)].map((m) => Number(m[1])));
    if (named.size > 0 && named.size < lowered.length)
      return [
        ...lowered.filter((_, i) => named.has(i)).flatMap((l) => compare([l], level, writer)),
        ...compare(
          lowered.filter((_, i) => !named.has(i)),
          level,
          writer,
        ),
      ];
    const half = lowered.length >> 1;
    return [lowered.slice(0, half), lowered.slice(half)].flatMap((part) => compare(part, level, writer));
  } finally {
    bundle.remove();
  }
}

/** Two calls, the second on the state that the first left. */
function runBoth({ program, hlir }: Lowered, bundle: Bundle, name: string): Failure | undefined {
  const [wanted, got] = [initialStates(hlir), initialStates(hlir)];
  let stage = "interpret";
  try {
    for (const [call, dims] of program.calls.entries()) {
      const inputs = inputsOf(program.inputs, dims, 17 + call);
      const weights = randomWeights(hlir, dims);
      stage = "interpret";
      const reference = interpret(hlir, "forward", { dims, inputs, weights, states: wanted });
      stage = "run";
      const answer = bundle.run(name, "forward", {
        dims: { s: 0, pos: 0, ...dims },
        inputs,
        weights,
        states: got,
      });
      if (answer.fault !== undefined) return { program, stage, message: answer.fault };
      const results = { ...answer.outputs, ...answer.taps };
      const where = `call ${call + 1} with ${JSON.stringify(dims)}`;
      for (const [o, value] of Object.entries({ ...reference.outputs, ...reference.taps })) {
        const message = difference(results[o], value, program.outputs.get(o));
        if (message !== undefined) return { program, stage: "numbers", message: `${o}${message}, ${where}` };
      }
      for (const [s, value] of wanted) {
        const message = difference(got.get(s)!, value, roughState(value));
        if (message !== undefined)
          return { program, stage: "numbers", message: `state ${s}${message}, ${where}` };
      }
    }
    return undefined;
  } catch (error) {
    return { program, stage, message: error instanceof Error ? error.message : String(error) };
  }
}

/** States hold values within ±2 whose rounding may be of 16 bits. */
const roughState = (t: Tensor): Facts => ({
  low: -2,
  high: 2,
  step: undefined,
  error: t.dtype === "f32" ? 2e-5 : 1e-2,
  coarse: true,
});

/** Integers, truth values and exact floats are equal; other floats close, by what their computation may lose. */
function difference(got: Tensor, wanted: Tensor, facts: Facts | undefined): string | undefined {
  if (got.shape.join() !== wanted.shape.join())
    return ` has shape [${got.shape}], expected [${wanted.shape}]`;
  const isExact = !/f/.test(wanted.dtype) || facts?.step !== undefined;
  const relative = facts?.coarse === true || /16/.test(wanted.dtype) ? 2e-2 : 1e-4;
  const scale = wanted.data.reduce(
    (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
    1e-6,
  );
  const tolerance = isExact ? 0 : Math.max(relative * scale, 8 * (facts?.error ?? 0));
  for (const [i, w] of wanted.data.entries()) {
    const g = got.data[i];
    const same = g === w || (Number.isNaN(g) && Number.isNaN(w)) || Math.abs(g - w) <= tolerance;
    if (!same) return `[${i}] is ${g}, expected ${w} within ${tolerance}`;
  }
  return undefined;
}
