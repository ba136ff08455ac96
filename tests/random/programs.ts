/**
 * Random `.lum` programs, well-typed by construction: every read is inside, every size known, every comparison and
 * index computed from exact numbers, so that the interpreter and a compiled program must agree.
 */

import { addLine, anyDType, anyShape, type Draft, declare, type InputSpec, newDraft } from "./draft.ts";
import { type Draw, drawn } from "./draw.ts";
import type { Facts } from "./facts.ts";
import { contraction, defineAny, lookup, windows } from "./indexed.ts";
import { loop } from "./loops.ts";
import { shapeText } from "./sizes.ts";
import { declareState, readState, updateState } from "./states.ts";
import * as whole from "./whole.ts";

export type RandomProgram = {
  readonly text: string;
  readonly inputs: readonly InputSpec[];
  /** Dims of the first and the second call. */
  readonly calls: readonly Readonly<Record<string, number>>[];
  readonly outputs: ReadonlyMap<string, Facts>;
};

type Statement = (p: Draft) => void;

const statements: readonly (readonly [number, Statement])[] = [
  [26, defineAny],
  [14, contraction],
  [5, windows],
  [5, lookup],
  [5, whole.chain],
  [8, whole.broadcast],
  [4, whole.wholeWhere],
  [3, whole.compared],
  [4, whole.casts],
  [8, whole.reduced],
  [6, whole.product],
  [5, whole.joinedParts],
  [4, whole.sliced],
  [4, whole.reshaped],
  [3, whole.turned],
  [4, whole.ordered],
  [4, whole.running],
  [3, whole.made],
  [2, whole.alias],
  [4, whole.standard],
  [3, whole.ownFunction],
];

function pickStatement(draw: Draw): Statement {
  const total = statements.reduce((n, [weight]) => n + weight, 0);
  let at = draw.below(total);
  for (const [weight, statement] of statements) {
    if (at < weight) return statement;
    at -= weight;
  }
  return defineAny;
}

const inLoop: Statement = (p) => {
  const states = p.tensors.filter((t) => t.isState === true);
  if (states.length > 0 && p.draw.chance(40)) return updateState(p, p.draw.pick(states));
  if (p.loops.length < 2 && p.draw.chance(8)) return loop(p, inLoop);
  pickStatement(p.draw)(p);
};

function atTop(p: Draft): void {
  const { draw } = p;
  const states = p.tensors.filter((t) => t.isState === true);
  if (states.length > 0 && draw.chance(35)) {
    const state = draw.pick(states);
    return draw.chance(45) ? readState(p, state) : updateState(p, state);
  }
  if (draw.chance(10)) return loop(p, inLoop);
  pickStatement(draw)(p);
}

export const randomProgram = drawn(build);

function build(draw: Draw): RandomProgram {
  const p = newDraft(draw);
  const first = draw.between(1, 2);
  for (let n = 0; n < first; n++)
    declare(p, anyShape(p, 1, 3), anyDType(p, draw.chance(80) ? "float" : "int"));
  if (draw.chance(28)) declareState(p);
  for (let n = draw.between(2, 7); n > 0; n--) atTop(p);
  finish(p);
  const body = [
    ...(p.hasRunTime ? [`  dim s in ${p.bounds.low}..${p.bounds.high}`] : []),
    ...p.declarations,
    ...p.lines,
  ];
  const head = [
    ...(p.imports.size > 0 ? [`import { ${[...p.imports].sort().join(", ")} } from "std/nn"`, ""] : []),
    ...p.functions.flatMap((f) => [f, ""]),
  ];
  return {
    text: [...head, "model M {", ...body, "}", ""].join("\n"),
    inputs: p.inputs,
    calls: [call(p), call(p)],
    outputs: new Map(p.outputs.map((o) => [o.name, o.facts])),
  };
}

/** Everything that nothing else was built on becomes an output, and some of the rest. */
function finish(p: Draft): void {
  const { draw } = p;
  const out = new Set(p.outputs.map((o) => o.name));
  const defined = p.tensors.filter(
    (t) => !p.inputs.some((i) => i.name === t.name) && t.isState !== true && !/^w\d/.test(t.name),
  );
  for (const t of defined) {
    if (out.has(t.name) || (p.used.has(t.name) && !draw.chance(20))) continue;
    if (draw.chance(10)) {
      addLine(p, `tap ${t.name}`);
      p.outputs.push({ name: t.name, facts: t.facts, dtype: t.dtype });
      continue;
    }
    const named = draw.chance(50);
    const name = named ? t.name : `y${p.counter++}`;
    addLine(p, named ? `output ${t.name}` : `output ${name} = ${t.name}`);
    p.outputs.push({ name, facts: t.facts, dtype: t.dtype });
  }
  if (p.lines.every((l) => !l.startsWith("  output"))) {
    const t = p.tensors.find((x) => x.isState !== true)!;
    addLine(p, `output y = ${t.name}`);
    p.outputs.push({ name: "y", facts: t.facts, dtype: t.dtype });
  }
}

function call(p: Draft): Record<string, number> {
  if (!p.hasRunTime) return {};
  const s = p.draw.between(p.bounds.low, p.bounds.high);
  return p.posEnd === undefined ? { s } : { s, pos: p.draw.below(p.posEnd - s + 1) };
}

export const describeInputs = (p: RandomProgram): string =>
  p.inputs.map((i) => `${i.name}: ${i.dtype}${shapeText(i.shape)}`).join(", ");
