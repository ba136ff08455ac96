/** `for` loops: carried values, a weight per iteration, slices of a state, conditions that repeat. */
import { addKnown, addLine, type Draft, freshName, type Known, operand, operands } from "./draft.ts";
import { floats, ints } from "./expressions.ts";
import { exactly, type Facts, roughly } from "./facts.ts";
import { siteOver, target } from "./indexed.ts";
import { greatest, shapeText } from "./sizes.ts";

export function loop(p: Draft, statement: (p: Draft) => void): void {
  const { draw } = p;
  const carried = Array.from({ length: draw.between(1, 2) }, () => start(p));
  const variable = { name: `l${p.counter++}`, count: draw.between(2, 5) };
  const low = draw.chance(12) ? 1 : 0;
  const outer = { indent: p.indent, loops: p.loops, tensors: new Set(p.tensors) };
  addLine(p, `for ${variable.name} in ${low}..${variable.count} {`);
  p.indent += "  ";
  p.loops = [...p.loops, variable];
  const before = new Set(p.tensors.map((t) => t.name));
  for (let n = draw.below(3); n > 0; n--) statement(p);
  if (draw.chance(25)) turnConditional(p, carried[0], variable.name);
  const swap = carried.length === 2 && draw.chance(25) && sameType(carried[0], carried[1]);
  if (swap) exchange(p, carried[0], carried[1]);
  else for (const c of carried) turn(p, c, variable.name, variable.count);
  p.tensors = p.tensors.filter((t) => before.has(t.name) || outer.tensors.has(t) || isDeclared(p, t));
  p.indent = outer.indent;
  p.loops = outer.loops;
  addLine(p, "}");
  for (const c of carried) p.used.delete(c.name);
}

const isDeclared = (p: Draft, t: Known): boolean =>
  t.isState === true || p.declarations.some((d) => d.includes(` ${t.name}: `));

const sameType = (a: Known, b: Known): boolean =>
  a.dtype === b.dtype && shapeText(a.shape) === shapeText(b.shape) && !p16(a);

const p16 = (t: Known): boolean => t.dtype === "bf16" || t.dtype === "f16";

/** What each iteration leaves within the bounds that it found. */
function carriedFacts(t: Known): Facts {
  if (t.dtype === "i32") return exactly(0, 6, 0);
  const unit = t.dtype === "bf16" ? 2 ** -7 : t.dtype === "f16" ? 2 ** -10 : 2 ** -19;
  return { ...roughly(-1.5, 1.5, [t.facts], 2 * t.facts.error + unit), coarse: t.facts.coarse || p16(t) };
}

/** The value before the first iteration. */
function start(p: Draft): Known {
  const { draw } = p;
  const isInt = draw.chance(15);
  const found = operands(p, (t) => (isInt ? t.dtype === "i32" : t.dtype.includes("f")) && t.isState !== true);
  const from =
    found.length > 0
      ? draw.pick(found)
      : operand(p, [{ runTime: false, plus: draw.between(1, 6) }], isInt ? "int" : "float");
  p.used.add(from.name);
  const name = freshName(p, "a");
  const isDirect = !isInt && Math.max(-from.facts.low, from.facts.high) <= 1.5 && draw.chance(40);
  addLine(
    p,
    isDirect
      ? `${name} = ${from.name}`
      : isInt
        ? `${name} = ${from.name} % 7`
        : `${name} = tanh(${from.name})`,
  );
  const t = { name, shape: from.shape, dtype: from.dtype, facts: from.facts };
  return addKnown(p, { ...t, facts: carriedFacts(t) });
}

/** Assigns the carried value anew, as a whole or by index notation. */
function turn(p: Draft, c: Known, variable: string, count: number): void {
  const { draw } = p;
  if (c.dtype === "i32") {
    const { site, vars } = siteOver(p, c.shape);
    return addLine(p, `${target(p, c.name, vars)} = (${ints(site, 1).text} + 5 * ${readOf(c, vars)}) % 7`);
  }
  const cast = (text: string) => (p16(c) ? `(${text}) as ${c.dtype}` : `(${text}) as f32`);
  const last = c.shape.at(-1);
  if (last !== undefined && !last.runTime && draw.chance(35) && p.loops.length === 1) {
    const w = freshName(p, "u");
    const dtype = draw.pick(["f32", "f32", "bf16"]);
    addLine(p, `weight ${w}: ${dtype}[${last.plus}, ${last.plus}] from "${w}.{${variable}}.weight"`);
    void count;
    return addLine(
      p,
      `${c.name} = ${cast(`0.5 * ${c.name} + tanh(${c.name} @ ${w}${draw.chance(50) ? "'" : ""})`)}`,
    );
  }
  if (draw.chance(30)) {
    const other = operand(p, c.shape, "float", 20);
    return addLine(p, `${c.name} = ${cast(`${c.name} * 0.5 + sin(${other.name})`)}`);
  }
  const { site, vars } = siteOver(p, c.shape);
  const volume = c.shape.reduce((n, z) => n * greatest(z, p.bounds), 1);
  const e = floats({ ...site, volume: volume * 5 }, draw.between(1, 2));
  addLine(p, `${target(p, c.name, vars)} = ${cast(`0.25 * ${readOf(c, vars)} + tanh(${e.text})`)}`);
}

const readOf = (t: Known, vars: readonly { readonly name: string; readonly low: number }[]): string =>
  vars.length === 0
    ? t.name
    : `${t.name}[${vars.map((v) => (v.low > 0 ? `${v.name} - ${v.low}` : v.name)).join(", ")}]`;

function turnConditional(p: Draft, c: Known, variable: string): void {
  const test = p.draw.pick([
    `${variable} % 2 == 0`,
    `${variable} < 2`,
    `${variable} % 2 == 1`,
    `${variable} == 1`,
  ]);
  const [a, b] =
    c.dtype === "i32"
      ? [`(${c.name} + ${variable}) % 7`, `6 - ${c.name}`]
      : [`-${c.name}`, `${c.name} * 0.5`];
  addLine(p, `if ${test} {`);
  addLine(p, `  ${c.name} = ${a}`);
  addLine(p, p.draw.chance(50) ? "}" : "} else {");
  if (p.lines.at(-1)!.endsWith("{")) {
    addLine(p, `  ${c.name} = ${b}`);
    addLine(p, "}");
  }
}

function exchange(p: Draft, a: Known, b: Known): void {
  const t = freshName(p, "t");
  addLine(p, `${t} = ${a.name}`);
  addLine(p, `${a.name} = ${b.name}`);
  addLine(p, `${b.name} = ${t}${a.dtype === "i32" ? "" : " * 0.5"}`);
}
