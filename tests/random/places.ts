/** Index notation: index variables, and reads that stay inside by construction. */

import type { Draft, Known } from "./draft.ts";
import { ints } from "./expressions.ts";
import { add, either, exactly, isExact } from "./facts.ts";
import { atMost, fixed, greatest, least, longer, type Size, same, sizeText } from "./sizes.ts";
import type { Expr } from "./values.ts";

export type Variable = {
  readonly name: string;
  readonly low: number;
  readonly size: Size;
  /** Sizes of the axes that it indexes by itself, which settle its range. */
  readonly direct: Size[];
  /** Of a surrounding `for`. */
  readonly isLoop: boolean;
};

/** Where an expression of index notation stands. */
export type Site = {
  readonly p: Draft;
  readonly vars: readonly Variable[];
  /** How many elements are computed so far. */
  readonly volume: number;
  /** Names of index variables that may not be used here, nor bound again. */
  readonly reserved?: readonly string[];
};

/** Makes an expression and takes it only if it fits; otherwise its reads settle no ranges. */
export function attempt<T>(site: Site, make: () => T, fits: (made: T) => boolean): T | undefined {
  const before = site.vars.map((v) => v.direct.length);
  const made = make();
  if (fits(made)) return made;
  site.vars.forEach((v, i) => {
    v.direct.length = before[i];
  });
  return undefined;
}

const letters = [..."ijkmnopqrtuvyz"];

export function newVariable(site: Site, size: Size): Variable {
  const { draw } = site.p;
  const taken = new Set([...site.vars.map((v) => v.name), ...(site.reserved ?? [])]);
  const name = letters.find((l) => !taken.has(l)) ?? `i${site.vars.length}`;
  const low = !size.runTime && draw.chance(12) ? draw.between(1, 3) : 0;
  return { name, low, size, direct: [], isLoop: false };
}

export const loopVariables = (p: Draft): Variable[] =>
  p.loops.map((l) => ({ name: l.name, low: 0, size: fixed(l.count), direct: [], isLoop: true }));

/** `i`, or with its range where that does not follow from the reads. */
export function binder(p: Draft, v: Variable, mustState = false): string {
  const follows = v.low === 0 && v.direct.length > 0 && v.direct.every((z) => same(z, v.size));
  if (follows && !mustState && p.draw.chance(70)) return v.name;
  return `${v.name} in ${v.low}..${sizeText(longer(v.size, v.low))}`;
}

/** One past the greatest value. */
const end = (v: Variable): Size => longer(v.size, v.low);

/** An element of `t`, with an index for each axis. */
export function read(site: Site, t: Known, depth: number): Expr {
  const { p } = site;
  const { draw } = p;
  p.used.add(t.name);
  const turned = t.shape.length >= 2 && t.isState !== true && draw.chance(6);
  const shape = turned ? [...t.shape.slice(0, -2), t.shape.at(-1)!, t.shape.at(-2)!] : t.shape;
  const mayFall = !t.shape.some((z) => least(z, p.bounds) < 1) && !draw.chance(14);
  const places = shape.map((z) => place(site, z, depth, !mayFall));
  const isOutside = places.some((x) => x.mayFall);
  if (!isOutside) places.forEach((x, i) => x.direct?.direct.push(shape[i]));
  const base = turned ? `${t.name}'` : t.name;
  if (places.length === 0) return { text: t.name, dtype: t.dtype, facts: t.facts, from: "tensor" };
  const indices = places.map((x) => x.text).join(", ");
  if (!isOutside) return { text: `${base}[${indices}]`, dtype: t.dtype, facts: t.facts, from: "tensor" };
  const [word, value] = fillOf(draw.below(3), t);
  const facts = either(t.facts, exactly(value, value, 2));
  return { text: `${base}[${indices} else ${word}]`, dtype: t.dtype, facts, from: "tensor" };
}

function fillOf(n: number, t: Known): [string, number] {
  if (t.dtype === "bool") return n === 0 ? ["true", 1] : ["false", 0];
  if (t.dtype.startsWith("i")) return [String(n), n];
  return [["0", "-0.5", "1.25"][n], [0, -0.5, 1.25][n]];
}

type Place = { readonly text: string; readonly direct?: Variable | undefined; readonly mayFall?: boolean };

/** An index into an axis of this size; with `loose` it may lie outside. */
function place(site: Site, size: Size, depth: number, loose: boolean): Place {
  const { p, vars } = site;
  const { draw, bounds } = p;
  const exact = vars.filter((v) => v.low === 0 && same(v.size, size));
  if (loose && vars.length > 0 && draw.chance(60)) return loosePlace(site);
  if (loose && draw.chance(25)) return { text: sizeText(longer(size, draw.below(3) - 1)), mayFall: true };
  if (exact.length > 0 && draw.chance(72)) {
    const v = draw.pick(exact);
    return { text: v.name, direct: v };
  }
  if (least(size, bounds) < 1) {
    const inside = vars.filter((v) => atMost(end(v), size, bounds));
    if (inside.length === 0) return { text: "0", mayFall: true };
    const v = draw.pick(inside);
    return { text: v.name, direct: v };
  }
  const found = candidates(site, size);
  if (depth > 0 && draw.chance(18)) return gathered(site, size, depth);
  if (found.length === 0 || draw.chance(4)) return { text: fixedPlace(site, size) };
  const text = draw.pick(found);
  return { text, direct: vars.find((v) => v.name === text) };
}

function loosePlace(site: Site): Place {
  const { draw } = site.p;
  const v = draw.pick(site.vars).name;
  const text = draw.pick([`${v} - 1`, `${v} + 1`, `${v} + 2`, `2 * ${v} - 1`, `${v} - 2`, `3 - ${v}`]);
  return { text, mayFall: true };
}

const fixedPlace = (site: Site, size: Size): string => {
  const { draw, bounds } = site.p;
  return draw.chance(30) && size.runTime
    ? sizeText(longer(size, -1))
    : String(draw.below(least(size, bounds)));
};

/** Arithmetic on index variables that the bounds prove inside. */
function candidates(site: Site, size: Size): string[] {
  const { p, vars } = site;
  const { bounds } = p;
  const z = sizeText(size);
  const out: string[] = [];
  for (const v of vars) {
    const i = v.name;
    if (atMost(end(v), size, bounds)) {
      out.push(i, `${sizeText(longer(size, -1))} - ${i}`);
      const room = least(size, bounds) - greatest(end(v), bounds);
      if (room > 0) out.push(`${i} + ${room}`);
    }
    if (v.low > 0 && atMost(longer(end(v), -1), size, bounds)) out.push(`${i} - 1`);
    out.push(size.runTime ? `${i} % (${z})` : `${i} % ${z}`, `(${i} * 3 + 1) % (${z})`);
    if (size.runTime || v.size.runTime) continue;
    const last = v.low + v.size.plus - 1;
    for (const by of [2, 3]) {
      if (last * by + by - 1 < size.plus) out.push(`${i} * ${by}`, `${by} * ${i} + ${by - 1}`);
      if (v.size.plus > 0 && Math.floor(last / by) < size.plus) out.push(`${i} / ${by}`);
    }
    for (const w of vars) {
      if (w === v || w.size.runTime || w.low !== 0) continue;
      if (last * w.size.plus + w.size.plus - 1 < size.plus) out.push(`${i} * ${w.size.plus} + ${w.name}`);
      out.push(`(${i} + ${w.name}) % ${z}`);
      if (last + w.size.plus - 1 < size.plus) out.push(`${i} + ${w.name}`);
    }
  }
  return out;
}

/** An index from data, brought inside by its own range or by a remainder. */
function gathered(site: Site, size: Size, depth: number): Place {
  const e = ints(site, depth - 1);
  const inside = isExact(e.facts) && e.facts.low >= 0 && e.facts.high < least(size, site.p.bounds);
  if (inside && e.from === "tensor") return { text: e.text };
  return { text: `${e.text} % (${sizeText(size)})` };
}

/** The value of an index variable. */
export function variableValue(site: Site, v: Variable): Expr {
  const high = greatest(end(v), site.p.bounds) - 1;
  return {
    text: v.name,
    dtype: "i32",
    facts: add(exactly(0, Math.max(high - v.low, 0), 0), exactly(v.low, v.low, 0)),
    from: v.isLoop ? "loop" : "variable",
  };
}
