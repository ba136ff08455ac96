/** The steps of an entry as lines of C++: calls by name, loops as loops. */
import type { KernelParam } from "../ir/kernel.ts";
import type { Argument, Place, Program, Routine, Step } from "../ir/llir.ts";
import { atomsOf, type Poly } from "../ir/poly.ts";
import { cppType } from "./cpp.ts";
import type { Names } from "./names.ts";
import type { StateView } from "./view.ts";
import type { WeightsView } from "./view-weights.ts";

export type Body = {
  readonly lines: readonly string[];
  /** `temporary h`, `input tokens`, … that some call is given. */
  readonly places: ReadonlySet<string>;
  readonly dims: ReadonlySet<string>;
  readonly usesWeights: boolean;
  readonly usesArena: boolean;
};

type Context = {
  /** Of the entry. */
  readonly name: string;
  readonly program: Program;
  readonly weights: WeightsView;
  readonly states: readonly StateView[];
  readonly names: Names;
  readonly text: (p: Poly) => string;
};

const lineWidth = 118;

export function writeSteps(routine: Routine, c: Context): Body {
  const places = new Set<string>();
  const dims = new Set<string>();
  let usesWeights = false;
  let usesArena = false;
  for (const t of routine.temporaries) c.names.give(`temporary ${t.name}`, t.name);

  const poly = (p: Poly): string => {
    for (const a of atomsOf(p)) if (a.kind === "dim") dims.add(a.name);
    return c.text(p);
  };

  function pointer(place: Place, wanted: KernelParam & { kind: "pointer" }): string {
    usesArena ||= place.kind === "scratch" || place.kind === "temporary";
    if (place.kind === "scratch") return `at<${cppType(wanted.dtype)}>(arena, ${place.offset})`;
    places.add(`${place.kind} ${place.name}`);
    usesWeights ||= place.kind === "weight";
    if (place.kind === "weight") return c.weights.access(place.name);
    if (place.kind === "state") return `model.state.${c.states.find((s) => s.name === place.name)!.id}`;
    return c.names.of(`${place.kind} ${place.name}`);
  }

  /** The next of `given`, but for what the model holds for all kernels. */
  function argument(p: KernelParam, given: Iterator<Argument>): string {
    if (p.kind === "workspace") return "model.workspace.data()";
    if (p.kind === "dims") return "model.dims";
    if (p.kind === "check") return c.program.device === "cuda" ? "model.check" : "&model.indices";
    const a = given.next().value;
    if (a?.kind === "size" && p.kind === "size") return poly(a.value);
    if (a?.kind === "place" && p.kind === "pointer") return pointer(a.place, p);
    throw new Error(`${c.name}: parameter ${p.name} was given ${a?.kind ?? "nothing"}`);
  }

  function callLines(step: Step & { kind: "call" }): string[] {
    const kernel = c.program.kernels.find((k) => k.name === step.kernel);
    if (kernel === undefined) throw new Error(`${c.name} calls ${step.kernel}, which is no kernel`);
    const given = step.args.values();
    const args = [kernel.name, ...kernel.params.map((p) => argument(p, given))];
    return wrapped("CALL(", args, noteOf(step));
  }

  function loopLines(step: Step & { kind: "loop" }, outer: readonly string[]): string[] {
    const variable = c.names.give(`loop ${step.variable}`, step.variable);
    const body = lines(step.steps, [...outer, step.variable]);
    const reference = c.weights.reference(step.variable, outer, variable);
    // A reference that no call needs would be an unused variable.
    const isUsed = reference !== undefined && body.some((line) => line.includes(`per_${step.variable}`));
    return [
      `for (int64_t ${variable} = ${poly(step.low)}; ${variable} < ${poly(step.high)}; ++${variable}) {`,
      ...[...(isUsed ? [`const ${reference}`] : []), ...body].map((line) => `    ${line}`),
      "}",
    ];
  }

  const lines = (steps: readonly Step[], outer: readonly string[]): string[] =>
    steps.flatMap((step) => (step.kind === "loop" ? loopLines(step, outer) : callLines(step)));

  const written = lines(routine.steps, []);
  return { lines: written, places, dims, usesWeights, usesArena };
}

/** The definition, where the kernel isn't plainly named after it. */
const noteOf = (step: Step & { kind: "call" }): string =>
  step.computes.replace(/\W/g, "_") === step.kernel ? "" : `  // ${step.computes}`;

/** A call on as many lines as it needs, the arguments under one another's start. */
function wrapped(head: string, args: readonly string[], note: string): string[] {
  const lines: string[] = [];
  let line = head;
  args.forEach((arg, i) => {
    const text = i === args.length - 1 ? `${arg});` : `${arg},`;
    if (line !== head && line.length + 1 + text.length > lineWidth - 8) {
      lines.push(line);
      line = `${" ".repeat(head.length)}${text}`;
    } else line += (i === 0 ? "" : " ") + text;
  });
  return [...lines, line + note];
}
