/** Definitions in index notation. */
import { isFloat } from "../../src/ir/dtype.ts";
import {
  addKnown,
  addLine,
  anyShape,
  type Draft,
  declare,
  freshName,
  type Kind,
  type Known,
  kindOf,
  operand,
} from "./draft.ts";
import { bools, floats, floatUnary, ints } from "./expressions.ts";
import { either, exactly, magnitude, multiply, roughly, stored, summed } from "./facts.ts";
import { binder, loopVariables, newVariable, read, type Site, type Variable } from "./places.ts";
import { atMost, fixed, greatest, type Size } from "./sizes.ts";
import type { Expr } from "./values.ts";

/** Index variables over a shape. */
export function siteOver(p: Draft, shape: readonly Size[]): { site: Site; vars: readonly Variable[] } {
  let site: Site = { p, vars: loopVariables(p), volume: 1 };
  const before = site.vars.length;
  for (const z of shape) {
    const v = newVariable(site, z);
    site = { ...site, vars: [...site.vars, v], volume: site.volume * greatest(z, p.bounds) };
  }
  return { site, vars: site.vars.slice(before) };
}

export const target = (p: Draft, name: string, vars: readonly Variable[]): string =>
  vars.length === 0 ? name : `${name}[${vars.map((v) => binder(p, v)).join(", ")}]`;

/** Perhaps in another float type, to which the definition is then rounded. */
export function retyped(p: Draft, e: Expr): Expr {
  if (!isFloat(e.dtype) || !p.draw.chance(14)) return e;
  const dtype = p.draw.pick(["bf16", "f16", "f32"] as const);
  return { ...e, text: `(${e.text} as ${dtype})`, dtype, from: e.from === "number" ? "tensor" : e.from };
}

/** Binds a name to an expression over `vars`; at the top it may be an output at once. */
export function define(p: Draft, vars: readonly Variable[], e: Expr): Known {
  const asOutput = p.indent === "  " && p.draw.chance(18);
  const name = freshName(p, "h");
  addLine(p, `${asOutput ? "output " : ""}${target(p, name, vars)} = ${e.text}`);
  const facts = stored(e.facts, e.dtype);
  if (asOutput) p.outputs.push({ name, facts, dtype: e.dtype });
  return addKnown(p, { name, shape: vars.map((v) => v.size), dtype: e.dtype, facts });
}

/** What the right side must not be: a plain number, which makes no tensor. */
const solid = (e: Expr): Expr =>
  e.from === "number" && isFloat(e.dtype) ? { ...e, text: `(${e.text} as f32)`, from: "tensor" } : e;

export function expressionOf(site: Site, kind: Kind, depth: number): Expr {
  if (kind === "float") return solid(floats(site, depth));
  return kind === "int" ? ints(site, depth) : bools(site, depth);
}

const kinds: readonly Kind[] = ["float", "float", "float", "float", "float", "int", "int", "bool"];

export function defineAny(p: Draft): void {
  const shape = anyShape(p, 0, 3);
  const { site, vars } = siteOver(p, shape);
  const e = expressionOf(site, p.draw.pick(kinds), p.draw.between(1, 3));
  define(
    p,
    vars,
    retyped(
      p,
      e.from === "tensor" || vars.length > 0
        ? e
        : { ...e, text: `(${e.text} + arange(2)[1])`, facts: eitherUp(e) },
    ),
  );
}

const eitherUp = (e: Expr) => ({ ...e.facts, high: e.facts.high + 1 });

type Axis = { readonly letter: string; readonly size: Size };

/** sum(k) a[b, m, k] * w[b, n, k] with the axes of both in any order, and something around it. */
export function contraction(p: Draft): void {
  const { draw } = p;
  const axes = (count: number): Size[] => Array.from({ length: count }, () => fixedOrRunTime(p));
  const [batch, m, n, k] = [
    axes(draw.chance(25) ? 1 : 0),
    axes(draw.between(0, 2)),
    axes(draw.between(0, 2)),
    axes(draw.chance(25) ? 2 : 1),
  ];
  const letters = [..."bcdefg"];
  const list = (sizes: readonly Size[]): Axis[] =>
    sizes.map((size) => ({ letter: letters.shift() ?? "z", size }));
  const [B, M, N] = [list(batch.slice(0, 1)), list(m.slice(0, 2)), list(n.slice(0, 2))];
  const K: Axis[] = k.map((size, i) => ({ letter: `k${i}`, size }));
  const kind = draw.chance(88) ? "float" : "int";
  const left = shuffled(p, [...B, ...M, ...K]);
  const right = shuffled(p, [...B, ...N, ...K]);
  const factor = (list: readonly Axis[]): Expr => {
    const t = operand(
      p,
      list.map((a) => a.size),
      kind,
      45,
    );
    return {
      text: list.length === 0 ? t.name : `${t.name}[${list.map((a) => a.letter).join(", ")}]`,
      dtype: t.dtype,
      facts: t.facts,
      from: "tensor",
    };
  };
  const [a, b] = [factor(left), factor(right)];
  const count = K.reduce((c, x) => c * greatest(x.size, p.bounds), 1);
  const facts = summed(multiply(a.facts, b.facts), count);
  const over = K.map((x) => x.letter).join(", ");
  const out = shuffled(p, [...B, ...M, ...N], 30);
  const dtype = a.dtype === b.dtype ? a.dtype : kind === "int" ? "i32" : wider(a, b);
  let e: Expr = { text: `sum(${over}) ${a.text} * ${b.text}`, dtype, facts, from: "tensor" };
  e = kind === "int" ? { ...e, text: `(${e.text}) % 13`, facts: exactly(0, 12, 0) } : epilogue(p, e, out);
  const name = freshName(p, "h");
  const asOutput = p.indent === "  " && draw.chance(30);
  const lhs = out.length === 0 ? name : `${name}[${out.map((x) => x.letter).join(", ")}]`;
  const cast = kind === "float" && draw.chance(10) ? draw.pick(["bf16", "f16"] as const) : undefined;
  const done = cast ?? e.dtype;
  addLine(p, `${asOutput ? "output " : ""}${lhs} = ${cast ? `(${e.text}) as ${cast}` : e.text}`);
  const known: Known = { name, shape: out.map((x) => x.size), dtype: done, facts: stored(e.facts, done) };
  if (asOutput) p.outputs.push({ name, facts: known.facts, dtype: done });
  addKnown(p, known);
}

const wider = (a: Expr, b: Expr) =>
  a.dtype === "f32" || b.dtype === "f32" || a.dtype !== b.dtype ? "f32" : a.dtype;

const fixedOrRunTime = (p: Draft): Size =>
  p.hasRunTime && p.draw.chance(30)
    ? { runTime: true, plus: 0 }
    : fixed(p.draw.pick([1, 2, 3, 4, 5, 7, 8, 9, 16, 17]));

function shuffled<T>(p: Draft, list: readonly T[], percent = 45): T[] {
  const out = [...list];
  if (!p.draw.chance(percent)) return out;
  for (let i = out.length - 1; i > 0; i--) {
    const j = p.draw.below(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

/** Bias, residual, activation: what fuses into the product before it. */
function epilogue(p: Draft, e: Expr, out: readonly Axis[]): Expr {
  const { draw } = p;
  const m = magnitude(e.facts);
  let now: Expr =
    m > 30 ? { ...e, text: `0.0625 * ${e.text}`, facts: multiply(e.facts, exactly(0.0625, 0.0625, 4)) } : e;
  if (out.length > 0 && draw.chance(40)) {
    const last = draw.chance(60) ? [out.at(-1)!] : [...out];
    const bias = operand(
      p,
      last.map((a) => a.size),
      "float",
      40,
    );
    const text = `${bias.name}[${last.map((a) => a.letter).join(", ")}]`;
    now = {
      ...now,
      text: `${now.text} + ${text}`,
      dtype: now.dtype === bias.dtype ? now.dtype : "f32",
      facts: eitherSum(now, bias),
    };
  }
  if (!draw.chance(45)) return now;
  const { site } = siteOver(p, []);
  return floatUnary(site, { ...now, text: `(${now.text})` });
}

const eitherSum = (a: Expr, b: Known) =>
  a.facts.step !== undefined && b.facts.step !== undefined
    ? exactly(a.facts.low + b.facts.low, a.facts.high + b.facts.high, Math.max(a.facts.step, b.facts.step))
    : roughly(
        a.facts.low + b.facts.low,
        a.facts.high + b.facts.high,
        [a.facts, b.facts],
        a.facts.error + b.facts.error,
      );

/** Windows over one or two axes: strided, dilated, padded; with a filter, or a maximum of each window. */
export function windows(p: Draft): void {
  const { draw } = p;
  const two = draw.chance(50);
  const [h, w] = [draw.between(3, 9), draw.between(3, 9)];
  const [r, q] = [draw.between(1, 3), draw.between(1, 3)];
  const [stride, dilation, pad] = [draw.between(1, 2), draw.between(1, 2), draw.below(3)];
  const outer = p.hasRunTime && draw.chance(30) ? { runTime: true, plus: 0 } : fixed(draw.between(1, 3));
  const c = fixed(draw.between(1, 3));
  const along = (size: number, window: number) =>
    Math.floor((size + 2 * pad - dilation * (window - 1) - 1) / stride) + 1;
  const [oh, ow] = [along(h, r), along(w, q)];
  if (oh < 1 || (two && ow < 1)) return;
  const isPool = draw.chance(35);
  const x = operand(p, [outer, c, fixed(h), ...(two ? [fixed(w)] : [])], "float", 50);
  const position = (out: string, tap: string) =>
    `${stride > 1 ? `${stride} * ` : ""}${out} + ${dilation > 1 ? `${dilation} * ` : ""}${tap} - ${pad}`;
  const place = [position("y", "r"), ...(two ? [position("z", "q")] : [])].join(", ");
  const other = pad > 0 ? ` else ${isPool ? "-0.5" : "0"}` : "";
  const taps = `r in 0..${r}${two ? `, q in 0..${q}` : ""}`;
  const range = `y in 0..${oh}${two ? `, z in 0..${ow}` : ""}`;
  const shape = [fixed(oh), ...(two ? [fixed(ow)] : [])];
  const name = freshName(p, "h");
  if (isPool) {
    const op = draw.pick(["max", "mean", "sum"]);
    addLine(
      p,
      `${name}[n, c, ${range}] = ${op}(${taps}) x`.replace(/x$/, `${x.name}[n, c, ${place}${other}]`),
    );
    const filled = either(x.facts, exactly(-0.5, 0, 1));
    const facts =
      op === "max"
        ? filled
        : op === "sum"
          ? summed(filled, r * q)
          : roughly(filled.low, filled.high, [filled], filled.error);
    addKnown(p, { name, shape: [outer, c, ...shape], dtype: x.dtype, facts: stored(facts, x.dtype) });
    return;
  }
  const f = fixed(draw.between(1, 4));
  const k = operand(p, [f, c, fixed(r), ...(two ? [fixed(q)] : [])], "float", 70);
  addLine(
    p,
    `${name}[n, f, ${range}] = sum(c, ${taps}) ${x.name}[n, c, ${place}${other}] * ${k.name}[f, c, r${two ? ", q" : ""}]`,
  );
  const dtype = x.dtype === k.dtype ? x.dtype : "f32";
  const facts = summed(multiply(either(x.facts, exactly(0, 0, 0)), k.facts), c.plus * r * q);
  addKnown(p, { name, shape: [outer, f, ...shape], dtype, facts: stored(facts, dtype) });
}

/** Rows of a table by indices from data. */
export function lookup(p: Draft): void {
  const { draw } = p;
  const rows = draw.between(1, 9);
  const table = operand(p, [fixed(rows), fixed(draw.between(1, 8))], "float", 50);
  const positions = fixedOrRunTime(p);
  const index = operandBelow(p, positions, rows);
  const name = freshName(p, "e");
  const scale = draw.chance(30) ? " * 2.0" : "";
  addLine(p, `${name}[t, d] = ${table.name}[${index}, d]${scale}`);
  const facts = scale === "" ? table.facts : multiply(table.facts, exactly(2, 2, 0));
  addKnown(p, {
    name,
    shape: [positions, table.shape[1]],
    dtype: table.dtype,
    facts: stored(facts, table.dtype),
  });
}

function operandBelow(p: Draft, size: Size, rows: number): string {
  const found = p.tensors.filter(
    (t) =>
      kindOf(t.dtype) === "int" &&
      t.isState !== true &&
      t.shape.length === 1 &&
      atMost(size, t.shape[0], p.bounds) &&
      atMost(t.shape[0], size, p.bounds),
  );
  const t = found.length > 0 && p.draw.chance(60) ? p.draw.pick(found) : declare(p, [size], "i32", rows);
  p.used.add(t.name);
  const inside = t.facts.low >= 0 && t.facts.high < rows;
  return inside ? `${t.name}[t]` : `${t.name}[t] % ${rows}`;
}

export { read };
