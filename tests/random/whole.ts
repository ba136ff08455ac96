/** Definitions by whole-tensor operators and builtins. */
import { type DType, isFloat, promote } from "../../src/ir/dtype.ts";
import {
  addKnown,
  addLine,
  anyShape,
  type Draft,
  declare,
  freshName,
  type Known,
  kindOf,
  operand,
  operands,
} from "./draft.ts";
import { chosen, floatBinary, floatUnary, tame, toFloat } from "./expressions.ts";
import {
  add,
  either,
  exactly,
  type Facts,
  isExact,
  magnitude,
  multiply,
  roughly,
  stored,
  summed,
} from "./facts.ts";
import { retyped, siteOver } from "./indexed.ts";
import { fixed, greatest, least, longer, type Size, same, sizeText } from "./sizes.ts";
import type { Expr } from "./values.ts";

const asExpr = (t: Known): Expr => ({ text: t.name, dtype: t.dtype, facts: t.facts, from: "tensor" });

function bindWhole(p: Draft, shape: readonly Size[], e: Expr): Known {
  const name = freshName(p, "h");
  const asOutput = p.indent === "  " && p.draw.chance(15);
  addLine(p, `${asOutput ? "output " : ""}${name} = ${e.text}`);
  const facts = stored(e.facts, e.dtype);
  if (asOutput) p.outputs.push({ name, facts, dtype: e.dtype });
  return addKnown(p, { name, shape, dtype: e.dtype, facts });
}

const expr = (text: string, dtype: DType, facts: Facts): Expr => ({ text, dtype, facts, from: "tensor" });

/** Any tensor of the kind with at least so many axes; a new one where there is none. */
function some(p: Draft, kind: "float" | "int" | "bool", rank = 0): Known {
  const found = operands(p, (t) => kindOf(t.dtype) === kind && t.shape.length >= rank && t.isState !== true);
  const dtype =
    kind === "float" ? p.draw.pick(["f32", "f32", "bf16"] as const) : kind === "int" ? "i32" : "bool";
  const t =
    found.length > 0 && !p.draw.chance(12)
      ? p.draw.pick(found)
      : declare(p, anyShape(p, Math.max(rank, 1), Math.max(rank, 3)), dtype);
  p.used.add(t.name);
  return t;
}

export function chain(p: Draft): void {
  const t = some(p, "float");
  const { site } = siteOver(p, []);
  let e = floatUnary(site, asExpr(t));
  for (let n = p.draw.below(3); n > 0; n--) e = floatUnary(site, e);
  bindWhole(p, t.shape, retyped(p, e));
}

/** Two tensors whose trailing axes match, or of which one axis has size 1. */
export function broadcast(p: Draft): void {
  const { draw } = p;
  const a = some(p, "float");
  const shape = a.shape.slice(draw.below(a.shape.length + 1)).map((z) => (draw.chance(15) ? fixed(1) : z));
  const b = operand(p, shape, draw.chance(85) ? "float" : "int", 35);
  const { site } = siteOver(p, []);
  const other = kindOf(b.dtype) === "int" ? toFloat(asExpr(b)) : asExpr(b);
  const [x, y] = draw.chance(50) ? [asExpr(a), other] : [other, asExpr(a)];
  bindWhole(p, a.shape, retyped(p, tame(floatBinary(site, x, y))));
}

export function wholeWhere(p: Draft): void {
  const a = some(p, "float");
  const b = operand(p, a.shape, "float");
  const c = operand(p, p.draw.chance(70) ? a.shape : a.shape.slice(1), "bool", 10);
  const { site } = siteOver(p, []);
  bindWhole(p, a.shape, chosen(site, asExpr(c), asExpr(a), asExpr(b)));
}

export function compared(p: Draft): void {
  const found = operands(p, (t) => t.dtype !== "bool" && isExact(t.facts) && t.isState !== true);
  const a = found.length > 0 ? p.draw.pick(found) : some(p, "int");
  p.used.add(a.name);
  const op = p.draw.pick(["<", "<=", ">", ">=", "==", "!="]);
  bindWhole(p, a.shape, expr(`${a.name} ${op} ${p.draw.between(0, 3)}`, "bool", exactly(0, 1, 0)));
}

export function casts(p: Draft): void {
  const { draw } = p;
  const found = operands(p, (t) => isExact(t.facts) && t.isState !== true && magnitude(t.facts) < 1000);
  const t = found.length > 0 ? draw.pick(found) : some(p, "int");
  p.used.add(t.name);
  if (isFloat(t.dtype) && draw.chance(50)) {
    const m = Math.ceil(magnitude(t.facts));
    bindWhole(p, t.shape, expr(`${t.name} as i32`, "i32", exactly(-m, m, 0)));
    return;
  }
  const dtype = draw.pick(["f32", "bf16", "f16"] as const);
  bindWhole(p, t.shape, expr(`${t.name} as ${dtype}`, dtype, t.facts));
}

/** One axis or all of them, kept as size 1 or not. */
export function reduced(p: Draft): void {
  const { draw } = p;
  const kind = draw.chance(70) ? "float" : draw.chance(60) ? "int" : "bool";
  const t = some(p, kind, 1);
  const axis = draw.below(t.shape.length);
  const all = draw.chance(12);
  const counted = all ? t.shape : [t.shape[axis]];
  const count = counted.reduce((c, z) => c * greatest(z, p.bounds), 1);
  const mayBeEmpty = counted.some((z) => least(z, p.bounds) < 1);
  const keep = draw.chance(40);
  const ops = reductionsOf(t, kind, mayBeEmpty).filter((op) => !all || !op.startsWith("arg"));
  const op = draw.pick(ops);
  const shape = t.shape.flatMap((z, i) => (all || i === axis ? (keep ? [fixed(1)] : []) : [z]));
  const spelled = draw.chance(40) ? axis - t.shape.length : axis;
  const args = [t.name, ...(all ? [] : [`axis = ${spelled}`]), ...(keep ? ["keep = true"] : [])].join(", ");
  const facts =
    op === "sum"
      ? summed(t.facts, count)
      : op === "mean"
        ? roughly(t.facts.low, t.facts.high, [t.facts], t.facts.error)
        : t.facts;
  const isArg = op.startsWith("arg");
  const dtype = isArg ? "i32" : op === "mean" && kind === "int" ? "f32" : t.dtype;
  bindWhole(
    p,
    shape,
    expr(`${op}(${args})`, dtype, isArg ? exactly(0, greatest(t.shape[axis], p.bounds) - 1, 0) : facts),
  );
}

function reductionsOf(t: Known, kind: string, mayBeEmpty: boolean): string[] {
  if (kind === "bool") return ["any", "all"];
  if (mayBeEmpty) return ["sum"];
  return [
    "sum",
    "max",
    "min",
    ...(kind === "float" ? ["mean"] : []),
    ...(isExact(t.facts) ? ["argmax", "argmin"] : []),
  ];
}

/** x @ w, x @ w', with leading axes. */
export function product(p: Draft): void {
  const { draw } = p;
  const a = some(p, "float", draw.chance(85) ? 2 : 1);
  const k = a.shape.at(-1)!;
  const n = fixed(draw.pick([1, 2, 3, 5, 8, 9, 17]));
  const turned = draw.chance(50);
  const b = operand(p, turned ? [n, k] : [k, n], "float", 50);
  const dtype = promote(a.dtype, b.dtype);
  const facts = summed(multiply(a.facts, b.facts), greatest(k, p.bounds));
  const e = expr(`${a.name} @ ${b.name}${turned ? "'" : ""}`, dtype, facts);
  const bounded =
    magnitude(facts) > 30 ? expr(`${e.text} * 0.125`, dtype, multiply(facts, exactly(0.125, 0.125, 3))) : e;
  bindWhole(p, [...a.shape.slice(0, -1), n], bounded);
}

export function joinedParts(p: Draft): void {
  const { draw } = p;
  const a = some(p, draw.chance(80) ? "float" : "int", 1);
  const axis = draw.below(a.shape.length);
  const stacked = draw.chance(35);
  const other = a.shape.map((z, i) => (i === axis && !stacked ? fixed(draw.between(1, 4)) : z));
  const found = operands(
    p,
    (t) =>
      t.dtype === a.dtype &&
      t.isState !== true &&
      t.shape.length === other.length &&
      t.shape.every((z, i) => same(z, other[i])),
  );
  const b = found.length > 0 && draw.chance(70) ? draw.pick(found) : declare(p, other, a.dtype);
  p.used.add(b.name);
  const facts = either(a.facts, b.facts);
  const [x, y] = draw.chance(50) ? [a, b] : [b, a];
  if (stacked) {
    const shape = [...a.shape.slice(0, axis), fixed(2), ...a.shape.slice(axis)];
    return void bindWhole(p, shape, expr(`stack(${x.name}, ${y.name}, axis = ${axis})`, a.dtype, facts));
  }
  const [za, zb] = [a.shape[axis], b.shape[axis]];
  if (za.runTime && zb.runTime) return;
  const size = { runTime: za.runTime || zb.runTime, plus: za.plus + zb.plus };
  const shape = a.shape.map((z, i) => (i === axis ? size : z));
  bindWhole(p, shape, expr(`concat(${x.name}, ${y.name}, axis = ${axis})`, a.dtype, facts));
}

export function sliced(p: Draft): void {
  const { draw } = p;
  const t = some(p, draw.pick(["float", "int", "bool"] as const), 1);
  const shape: Size[] = [];
  const parts = t.shape.map((z) => {
    const smallest = least(z, p.bounds);
    if (smallest < 1 || draw.chance(40)) {
      shape.push(z);
      return `0..${sizeText(z)}`;
    }
    const low = draw.below(smallest);
    if (z.runTime || draw.chance(50)) {
      shape.push(longer(z, -low));
      return `${low}..${sizeText(z)}`;
    }
    if (draw.chance(20)) return String(low);
    const high = draw.between(low, z.plus);
    if (high === low) return String(low);
    shape.push(fixed(high - low));
    return `${low}..${high}`;
  });
  bindWhole(p, shape, expr(`${t.name}[${parts.join(", ")}]`, t.dtype, t.facts));
}

export function reshaped(p: Draft): void {
  const { draw } = p;
  const t = some(p, draw.chance(80) ? "float" : "int", 1);
  const shape = draw.chance(45) ? reordered(p, t.shape) : regrouped(p, t.shape);
  const e =
    shape === undefined
      ? `transpose(${t.name}, [${t.shape.map((_, i) => t.shape.length - 1 - i).join(", ")}])`
      : `reshape(${t.name}, [${shape.map(sizeText).join(", ")}])`;
  bindWhole(p, shape ?? [...t.shape].reverse(), expr(e, t.dtype, t.facts));
}

/** The same sizes in another order, perhaps with 1 among them. */
function reordered(p: Draft, sizes: readonly Size[]): Size[] {
  const { draw } = p;
  const shape = draw.chance(50) ? [...sizes].reverse() : [...sizes.slice(1), sizes[0]];
  if (draw.chance(50)) shape.splice(draw.below(shape.length + 1), 0, fixed(1));
  return shape;
}

/** Two axes made one, or one made two. */
function regrouped(p: Draft, sizes: readonly Size[]): Size[] | undefined {
  const at = p.draw.below(sizes.length);
  const [size, next] = [sizes[at], sizes[at + 1]];
  if (size.runTime) return undefined;
  if (next !== undefined && !next.runTime && p.draw.chance(60))
    return [...sizes.slice(0, at), fixed(size.plus * next.plus), ...sizes.slice(at + 2)];
  const by = [2, 3, 4].find((n) => size.plus % n === 0);
  return by === undefined
    ? undefined
    : [...sizes.slice(0, at), fixed(size.plus / by), fixed(by), ...sizes.slice(at + 1)];
}

export function turned(p: Draft): void {
  const t = some(p, p.draw.chance(80) ? "float" : "int", 2);
  const shape = [...t.shape.slice(0, -2), t.shape.at(-1)!, t.shape.at(-2)!];
  bindWhole(p, shape, expr(`${t.name}'`, t.dtype, t.facts));
}

export function ordered(p: Draft): void {
  const { draw } = p;
  const found = operands(
    p,
    (t) =>
      t.isState !== true && t.shape.length > 0 && t.dtype !== "bool" && least(t.shape.at(-1)!, p.bounds) >= 1,
  );
  const t = found.length > 0 ? draw.pick(found) : declare(p, [fixed(7)], "f32");
  p.used.add(t.name);
  const size = t.shape.at(-1)!;
  const lead = t.shape.slice(0, -1);
  if (!isExact(t.facts)) return void bindWhole(p, t.shape, expr(`sort(${t.name})`, t.dtype, t.facts));
  const index = (z: Size) => exactly(0, greatest(z, p.bounds) - 1, 0);
  if (draw.chance(30))
    return void bindWhole(
      p,
      t.shape,
      expr(`argsort(${t.name}${draw.chance(50) ? ", descending = true" : ""})`, "i32", index(size)),
    );
  if (draw.chance(20))
    return void bindWhole(p, t.shape, expr(`sort(${t.name}, descending = true)`, t.dtype, t.facts));
  const k = fixed(draw.between(1, Math.min(4, least(size, p.bounds))));
  const [values, indices] = [freshName(p, "v"), freshName(p, "n")];
  addLine(p, `${values}, ${indices} = top_k(${t.name}, ${k.plus})`);
  addKnown(p, { name: values, shape: [...lead, k], dtype: t.dtype, facts: t.facts });
  addKnown(p, { name: indices, shape: [...lead, k], dtype: "i32", facts: index(size) });
}

export function running(p: Draft): void {
  const { draw } = p;
  const t = some(p, draw.chance(75) ? "float" : "int", 1);
  const axis = draw.below(t.shape.length);
  const facts = summed(t.facts, greatest(t.shape[axis], p.bounds));
  bindWhole(p, t.shape, expr(`cumsum(${t.name}, axis = ${axis})`, t.dtype, facts));
}

/** Values from nothing: arange, literal arrays, zeros, full, random. */
export function made(p: Draft): void {
  const { draw } = p;
  const n = draw.between(1, 6);
  const roll = draw.below(5);
  if (roll === 0) {
    const size = p.hasRunTime && draw.chance(50) ? { runTime: true, plus: 0 } : fixed(n);
    return void bindWhole(
      p,
      [size],
      expr(`arange(${sizeText(size)})`, "i32", exactly(0, Math.max(greatest(size, p.bounds) - 1, 0), 0)),
    );
  }
  if (roll === 1) {
    const numbers = Array.from({ length: n }, () => draw.pick(["0.5", "1.25", "-2.0", "3.0", "0.0"]));
    return void bindWhole(p, [fixed(n)], expr(`[${numbers.join(", ")}]`, "f32", exactly(-2, 3, 2)));
  }
  if (roll === 2)
    return void bindWhole(
      p,
      [fixed(n), fixed(2)],
      expr(`full(0.75, [${n}, 2])`, "f32", exactly(0.75, 0.75, 2)),
    );
  if (roll === 3) {
    const numbers = Array.from({ length: n }, () => String(draw.below(7)));
    return void bindWhole(p, [fixed(n)], expr(`[${numbers.join(", ")}]`, "i32", exactly(0, 6, 0)));
  }
  bindWhole(
    p,
    [fixed(n), fixed(3)],
    expr(`random([${n}, 3], ${draw.below(9)})`, "f32", roughly(0, 1, [], 0)),
  );
}

/** Another name for the same tensor. */
export function alias(p: Draft): void {
  const t = some(p, p.draw.pick(["float", "int", "bool"] as const));
  bindWhole(p, t.shape, asExpr(t));
}

/** Functions of the standard library over the last axis. */
export function standard(p: Draft): void {
  const { draw } = p;
  const t = some(p, "float", 1);
  if (least(t.shape.at(-1)!, p.bounds) < 2) return;
  const d = [t.shape.at(-1)!];
  const fn = draw.pick([
    "softmax",
    "layer_norm",
    "rms_norm",
    "gelu",
    "silu",
    "relu",
    "softplus",
    "l2_normalize",
    "log_softmax",
  ]);
  p.imports.add(fn);
  const e = t.facts.error;
  const call = (facts: Facts, ...more: string[]) =>
    void bindWhole(p, t.shape, expr(`${fn}(${[t.name, ...more].join(", ")})`, t.dtype, facts));
  if (fn === "softmax") return call(roughly(0, 1, [t.facts], e));
  if (fn === "log_softmax") return call(roughly(-8, 0, [t.facts], 2 * e));
  if (fn === "relu") return call(either(t.facts, exactly(0, 0, 0)));
  if (fn === "layer_norm" || fn === "rms_norm") {
    const w = operand(p, d, "float");
    const more = fn === "layer_norm" ? [w.name, operand(p, d, "float").name] : [w.name];
    const m = 3 * magnitude(w.facts) + 2;
    return call(
      roughly(
        -m,
        m,
        [t.facts, w.facts, { ...w.facts, coarse: w.dtype !== "f32" }],
        40 * e * m + w.facts.error * 3 + 1e-4,
      ),
      ...more,
    );
  }
  if (fn === "l2_normalize") return call(roughly(-1, 1, [t.facts], 10 * e + 1e-5));
  const m = magnitude(t.facts);
  return call(roughly(-m, m + 0.7, [t.facts], 1.2 * e));
}

/** A function of the program's own, called on whole tensors. */
export function ownFunction(p: Draft): void {
  const { draw } = p;
  const a = some(p, "float", 1);
  const name = `f${p.functions.length}`;
  const m = magnitude(a.facts);
  if (least(a.shape.at(-1)!, p.bounds) >= 1 && draw.chance(50)) {
    p.functions.push(
      draw.chance(50)
        ? `fn ${name}(x: T[..., n]) -> T[..., n] {\n  m = max(x, axis = -1, keep = true)\n  return x - m\n}`
        : `fn ${name}(x: [..., n]) {\n  total = sum(x, axis = -1, keep = true)\n  return x * 0.5 + total / n\n}`,
    );
    return void bindWhole(
      p,
      a.shape,
      expr(`${name}(${a.name})`, a.dtype, roughly(-2 * m, 2 * m, [a.facts], 2 * a.facts.error)),
    );
  }
  p.functions.push(`fn ${name}(x, y, scale = 0.5) = tanh(x) * scale + y`);
  const b = operand(p, a.shape.slice(draw.below(2)), "float", 20);
  const e = add(roughly(-1, 1, [a.facts], a.facts.error), b.facts);
  bindWhole(
    p,
    a.shape,
    expr(
      `${name}(${a.name}, ${b.name}${draw.chance(30) ? ", scale = 0.25" : ""})`,
      promote(a.dtype, b.dtype),
      e,
    ),
  );
}
