/** Random expressions of index notation, well-typed by construction. */
import { type DType, isFloat, promote } from "../../src/ir/dtype.ts";
import { isKind, type Known, operands } from "./draft.ts";
import {
  absolute,
  add,
  either,
  exactly,
  type Facts,
  isExact,
  magnitude,
  multiply,
  negate,
  roughly,
  subtract,
  summed,
} from "./facts.ts";
import { attempt, binder, newVariable, read, type Site, variableValue } from "./places.ts";
import { fixed, greatest, least, type Size } from "./sizes.ts";
import { type Expr, fromBoth } from "./values.ts";

/** The dtype of an operation on two; plain numbers follow the other operand. */
export function joined(a: Expr, b: Expr): DType {
  if (a.from === "number") return b.from === "number" ? a.dtype : b.dtype;
  return b.from === "number" ? a.dtype : promote(a.dtype, b.dtype);
}

/** Keeps numbers small, so that chains of products stay finite in every dtype. */
export function tame(e: Expr): Expr {
  if (magnitude(e.facts) <= 64 || e.from === "number") return e;
  return {
    ...e,
    text: `tanh(${e.text} * 0.015625)`,
    facts: roughly(-1, 1, [e.facts], e.facts.error / 64),
  };
}

// ── floats ───────────────────────────────────────────────────────────────────

export function floats(site: Site, depth: number): Expr {
  const { draw } = site.p;
  if (depth <= 0) return floatLeaf(site, 0);
  const roll = draw.below(100);
  if (roll < 22) return floatLeaf(site, depth);
  if (roll < 38) return floatUnary(site, floats(site, depth - 1));
  if (roll < 66) return tame(floatBinary(site, floats(site, depth - 1), floats(site, depth - 1)));
  if (roll < 76)
    return chosen(site, bools(site, depth - 1), floats(site, depth - 1), floats(site, depth - 1));
  if (roll < 94) return reduction(site, depth);
  return toFloat(ints(site, depth - 1));
}

function floatLeaf(site: Site, depth: number): Expr {
  const { p } = site;
  const { draw } = p;
  const roll = draw.below(100);
  const found = operands(p, isKind("float"));
  if (found.length > 0 && roll < 85) return read(site, preferred(site, found), depth);
  if (roll < 93 && site.vars.length > 0) return toFloat(variableValue(site, draw.pick(site.vars)));
  const [text, value] = draw.pick([
    ["0.5", 0.5],
    ["2.0", 2],
    ["0.75", 0.75],
    ["1.0", 1],
  ] as const);
  return { text, dtype: "f32", facts: exactly(value, value, 2), from: "number" };
}

/** Rather a tensor that has the variables' sizes. */
function preferred(site: Site, found: readonly Known[]): Known {
  const first = site.p.draw.pick(found);
  const fits = (t: Known) =>
    t.shape.filter((z) => site.vars.some((v) => v.size.plus === z.plus && v.size.runTime === z.runTime))
      .length;
  const second = site.p.draw.pick(found);
  return fits(second) > fits(first) ? second : first;
}

export const toFloat = (e: Expr): Expr => ({
  text: `(${e.text} as f32)`,
  dtype: "f32",
  facts: e.facts,
  from: e.from === "number" ? "tensor" : e.from === "variable" || e.from === "loop" ? "index" : e.from,
});

type Unary = { readonly text: (x: string) => string; readonly facts: (f: Facts) => Facts };

const bounded =
  (low: number, high: number, slope = 1) =>
  (f: Facts): Facts =>
    roughly(low, high, [f], f.error * slope);

const unaries: readonly Unary[] = [
  { text: (x) => `tanh(${x})`, facts: bounded(-1, 1) },
  { text: (x) => `sigmoid(${x})`, facts: bounded(0, 1) },
  { text: (x) => `sin(${x})`, facts: bounded(-1, 1) },
  { text: (x) => `cos(${x})`, facts: bounded(-1, 1) },
  { text: (x) => `erf(${x})`, facts: bounded(-1, 1, 1.2) },
  { text: (x) => `exp(min(${x}, 2.0))`, facts: bounded(0, 7.4, 7.4) },
  { text: (x) => `exp2(min(${x}, 2.0))`, facts: bounded(0, 4, 3) },
  { text: (x) => `expm1(min(${x}, 1.0))`, facts: bounded(-1, 1.8, 2.8) },
  { text: (x) => `sqrt(abs(${x}) + 0.5)`, facts: bounded(0.7, 8) },
  { text: (x) => `rsqrt(abs(${x}) + 0.5)`, facts: bounded(0, 1.5, 1.5) },
  { text: (x) => `recip(abs(${x}) + 1.0)`, facts: bounded(0, 1) },
  { text: (x) => `log(abs(${x}) + 0.5)`, facts: bounded(-0.7, 5, 2) },
  { text: (x) => `log1p(abs(${x}))`, facts: bounded(0, 5) },
  { text: (x) => `log2(abs(${x}) + 1.0)`, facts: bounded(0, 6, 1.5) },
  { text: (x) => `(-${x})`, facts: negate },
  { text: (x) => `abs(${x})`, facts: absolute },
  { text: (x) => `max(${x}, 0.0)`, facts: (f) => either(f, exactly(0, 0, 0)) },
  { text: (x) => `min(${x}, 0.5)`, facts: (f) => either(f, exactly(0.5, 0.5, 1)) },
  { text: (x) => `(${x} * 0.5)`, facts: (f) => multiply(f, exactly(0.5, 0.5, 1)) },
  { text: (x) => `(${x} - 1.25)`, facts: (f) => subtract(f, exactly(1.25, 1.25, 2)) },
  { text: (x) => `(2 * ${x})`, facts: (f) => multiply(f, exactly(2, 2, 0)) },
  { text: (x) => `(${x} ^ 2)`, facts: (f) => multiply(f, f) },
  { text: (x) => `(${x} / 4)`, facts: (f) => multiply(f, exactly(0.25, 0.25, 2)) },
  { text: (x) => `(1.5 / (abs(${x}) + 1.0))`, facts: bounded(0, 1.5, 1.5) },
];

/** Only of exact numbers: the others may lie on either side of a step. */
const roundings: readonly Unary[] = ["floor", "ceil", "round", "sign"].map((fn) => ({
  text: (x) => `${fn}(${x})`,
  facts: (f) => exactly(Math.min(Math.floor(f.low), -1), Math.max(Math.ceil(f.high), 1), 0),
}));

export function floatUnary(site: Site, e: Expr): Expr {
  const { draw } = site.p;
  const pool = isExact(e.facts) && draw.chance(30) ? roundings : unaries;
  const u = draw.pick(pool);
  return tame({ ...e, text: u.text(e.text), facts: u.facts(e.facts) });
}

export function floatBinary(site: Site, a: Expr, b: Expr): Expr {
  const roll = site.p.draw.below(100);
  const make = (text: string, facts: Facts): Expr => ({
    text,
    dtype: joined(a, b),
    facts,
    from: fromBoth(a, b),
  });
  if (roll < 32) return make(`(${a.text} + ${b.text})`, add(a.facts, b.facts));
  if (roll < 50) return make(`(${a.text} - ${b.text})`, subtract(a.facts, b.facts));
  if (roll < 76) return make(`(${a.text} * ${b.text})`, multiply(a.facts, b.facts));
  if (roll < 84) return make(`max(${a.text}, ${b.text})`, either(a.facts, b.facts));
  if (roll < 92) return make(`min(${a.text}, ${b.text})`, either(a.facts, b.facts));
  const m = magnitude(a.facts);
  return make(
    `(${a.text} / (abs(${b.text}) + 1.0))`,
    roughly(-m, m, [a.facts, b.facts], a.facts.error + m * b.facts.error),
  );
}

/** where, or the same by arithmetic. */
export function chosen(site: Site, c: Expr, a: Expr, b: Expr): Expr {
  void site;
  const dtype = a.from === "number" && b.from === "number" ? "f32" : joined(a, b);
  return {
    text: `where(${c.text}, ${a.text}, ${b.text})`,
    dtype,
    facts: either(a.facts, b.facts),
    from: "tensor",
  };
}

// ── reductions ───────────────────────────────────────────────────────────────

/** A size to reduce over that keeps the number of elements small. */
function reducedSize(site: Site): Size {
  const { p } = site;
  const { draw } = p;
  const known = p.tensors.flatMap((t) => t.shape).filter((z) => least(z, p.bounds) >= 1);
  const z = known.length > 0 && draw.chance(75) ? draw.pick(known) : fixed(draw.between(1, 5));
  return site.volume * greatest(z, p.bounds) > 20_000 ? fixed(2) : z;
}

function reductionSite(site: Site): { inner: Site; vars: Site["vars"]; count: number } {
  const count = site.p.draw.chance(35) ? 2 : 1;
  let inner = site;
  let elements = 1;
  for (let n = 0; n < count; n++) {
    const v = newVariable(inner, reducedSize(inner));
    const size = greatest(v.size, site.p.bounds);
    elements *= size;
    inner = { ...inner, vars: [...inner.vars, v], volume: inner.volume * size };
  }
  return { inner, vars: inner.vars.slice(-count), count: elements };
}

const binders = (site: Site, vars: Site["vars"]): string => vars.map((v) => binder(site.p, v)).join(", ");

export function reduction(site: Site, depth: number): Expr {
  const { draw } = site.p;
  const { inner, vars, count } = reductionSite(site);
  const op = draw.pick(["sum", "sum", "sum", "sum", "mean", "max", "min", "prod"] as const);
  const body =
    op === "sum" && draw.chance(55) ? product(inner, depth - 1) : asTensor(floats(inner, depth - 1));
  if (op === "prod") {
    const near = `(${body.text} * 0.125 + 1.0)`;
    if (magnitude(body.facts) > 2.5 || count > 40)
      return reduce("max", body, body.facts, binders(inner, vars));
    return reduce(
      "prod",
      { ...body, text: near },
      roughly(0, 4, [body.facts], count * body.facts.error + count * 2 ** -22),
      binders(inner, vars),
    );
  }
  const facts =
    op === "sum"
      ? summed(body.facts, count)
      : op === "mean"
        ? { ...roughly(body.facts.low, body.facts.high, [body.facts], body.facts.error) }
        : body.facts;
  return tame(reduce(op, body, facts, binders(inner, vars)));
}

/** sum(k) a * b: what a contraction looks like. */
function product(site: Site, depth: number): Expr {
  const [a, b] = [
    asTensor(floats(site, Math.min(depth, 1) - 1)),
    asTensor(floats(site, Math.min(depth, 1) - 1)),
  ];
  return {
    text: `${a.text} * ${b.text}`,
    dtype: joined(a, b),
    facts: multiply(a.facts, b.facts),
    from: "tensor",
  };
}

/** A reduction of plain numbers would be an i32 tensor where they are whole. */
const asTensor = (e: Expr): Expr => (e.from === "number" ? { ...e, from: "tensor" } : e);

const reduce = (op: string, body: Expr, facts: Facts, over: string): Expr => ({
  text: `(${op}(${over}) ${body.text})`,
  dtype: body.dtype,
  facts,
  from: "tensor",
});

// ── integers ─────────────────────────────────────────────────────────────────

const whole = (text: string, facts: Facts, from: Expr["from"]): Expr => ({ text, dtype: "i32", facts, from });

/** Always exact: far from the ends of an i32. */
export function ints(site: Site, depth: number): Expr {
  const e = intsOf(site, depth);
  if (magnitude(e.facts) < 2000) return e;
  return whole(`(${e.text} % 97)`, exactly(0, 96, 0), e.from);
}

function intsOf(site: Site, depth: number): Expr {
  const { draw } = site.p;
  if (depth <= 0) return intLeaf(site, 0);
  const roll = draw.below(100);
  if (roll < 30) return intLeaf(site, depth);
  if (roll < 68) return intBinary(site, depth);
  if (roll < 76) return choice(site, depth);
  if (roll < 84) return intReduction(site, depth);
  if (roll < 92) return argument(site, depth);
  const e = attempt(
    site,
    () => floats(site, depth - 1),
    (x) => isExact(x.facts) && x.from !== "number",
  );
  if (e === undefined) return intLeaf(site, depth);
  const m = Math.ceil(magnitude(e.facts));
  return whole(`(${e.text} as i32)`, exactly(-m, m, 0), "tensor");
}

function intLeaf(site: Site, depth: number): Expr {
  const { p, vars } = site;
  const { draw } = p;
  const found = operands(p, isKind("int"));
  const roll = draw.below(100);
  if (found.length > 0 && roll < 55) return read(site, draw.pick(found), depth);
  if (vars.length > 0 && roll < 88) return variableValue(site, draw.pick(vars));
  const n = draw.between(0, 4);
  return whole(String(n), exactly(n, n, 0), "number");
}

function intBinary(site: Site, depth: number): Expr {
  const { draw } = site.p;
  const a = ints(site, depth - 1);
  const roll = draw.below(100);
  if (roll < 22) return remainder(site, a);
  const b = ints(site, depth - 1);
  const from = fromBoth(a, b);
  if (roll >= 92 && from !== "tensor") return whole(`(${a.text} + ${b.text})`, add(a.facts, b.facts), from);
  if (roll < 44) return whole(`(${a.text} + ${b.text})`, add(a.facts, b.facts), from);
  if (roll < 60) return whole(`(${a.text} - ${b.text})`, subtract(a.facts, b.facts), from);
  if (roll < 76) return whole(`(${a.text} * ${b.text})`, multiply(a.facts, b.facts), from);
  if (roll < 84) return whole(`max(${a.text}, ${b.text})`, either(a.facts, b.facts), from);
  if (roll < 92) return whole(`min(${a.text}, ${b.text})`, either(a.facts, b.facts), from);
  const m = 2 ** Math.ceil(Math.log2(Math.max(magnitude(a.facts), magnitude(b.facts)) + 1)) || 1;
  return whole(`${draw.pick(["bitand", "bitor", "bitxor"])}(${a.text}, ${b.text})`, exactly(-m, m, 0), from);
}

function remainder(site: Site, a: Expr): Expr {
  const { draw, bounds, hasRunTime } = site.p;
  const by = draw.between(2, 5);
  if (draw.chance(45) && (a.from === "tensor" || a.from === "variable")) {
    const ends = [Math.floor(a.facts.low / by), Math.floor(a.facts.high / by)];
    return whole(
      `(${a.text} / ${by})`,
      exactly(ends[0], ends[1], 0),
      a.from === "tensor" ? "tensor" : "index",
    );
  }
  const from = a.from === "variable" ? "index" : a.from;
  if (hasRunTime && bounds.low >= 1 && draw.chance(30))
    return whole(`(${a.text} % s)`, exactly(0, bounds.high - 1, 0), from === "number" ? "index" : from);
  return whole(`(${a.text} % ${by})`, exactly(0, by - 1, 0), from);
}

function choice(site: Site, depth: number): Expr {
  const [c, a, b] = [bools(site, depth - 1), ints(site, depth - 1), ints(site, depth - 1)];
  return whole(`where(${c.text}, ${a.text}, ${b.text})`, either(a.facts, b.facts), "tensor");
}

function intReduction(site: Site, depth: number): Expr {
  const { inner, vars, count } = reductionSite(site);
  const op = site.p.draw.pick(["sum", "max", "min"] as const);
  const body = ints(inner, depth - 1);
  const facts = op === "sum" ? summed(body.facts, count) : body.facts;
  return whole(`(${op}(${binders(inner, vars)}) ${body.text})`, facts, "tensor");
}

/** argmax and argmin, of exact numbers with equals among them. */
function argument(site: Site, depth: number): Expr {
  const size = reducedSize(site);
  const v = newVariable(site, size);
  const inner = { ...site, vars: [...site.vars, v], volume: site.volume * greatest(size, site.p.bounds) };
  const exact = () =>
    attempt(
      inner,
      () => floats(inner, depth - 1),
      (e) => isExact(e.facts),
    );
  const body = (site.p.draw.chance(60) ? exact() : undefined) ?? ints(inner, depth - 1);
  const op = site.p.draw.pick(["argmax", "argmin"]);
  const high = v.low + greatest(size, site.p.bounds) - 1;
  return whole(`(${op}(${binder(site.p, v)}) ${body.text})`, exactly(0, high, 0), "tensor");
}

// ── truth values ─────────────────────────────────────────────────────────────

const truth = (text: string): Expr => ({ text, dtype: "bool", facts: exactly(0, 1, 0), from: "tensor" });

export function bools(site: Site, depth: number): Expr {
  const { p } = site;
  const { draw } = p;
  const roll = draw.below(100);
  const found = operands(p, isKind("bool"));
  if (found.length > 0 && roll < 25) return read(site, draw.pick(found), depth);
  if (depth > 0 && roll < 40)
    return truth(
      `(${bools(site, depth - 1).text} ${draw.pick(["and", "or"])} ${bools(site, depth - 1).text})`,
    );
  if (depth > 0 && roll < 46) return truth(`(not ${bools(site, depth - 1).text})`);
  if (depth > 0 && roll < 56) {
    const { inner, vars } = reductionSite(site);
    return truth(`(${draw.pick(["any", "all"])}(${binders(inner, vars)}) ${bools(inner, depth - 1).text})`);
  }
  return comparison(site, depth);
}

const comparisons = ["<", "<=", ">", ">=", "==", "!="];

/** Of integers and of exact floats; of index arithmetic only where it cannot cancel. */
function comparison(site: Site, depth: number): Expr {
  const { p, vars } = site;
  const { draw } = p;
  const op = draw.pick(comparisons);
  const exact = () =>
    attempt(
      site,
      () => floats(site, depth - 1),
      (e) => isExact(e.facts) && e.from !== "number",
    );
  const floating = draw.chance(50) ? exact() : undefined;
  if (floating !== undefined)
    return truth(`(${floating.text} ${op} ${draw.pick(["0.25", "0.0", "-0.5", "1.0"])})`);
  const own = vars.filter((v) => !v.isLoop);
  if (own.length > 0 && draw.chance(40)) {
    const v = draw.pick(own);
    const others = own.filter((w) => w !== v);
    const right = others.length > 0 && draw.chance(60) ? draw.pick(others).name : String(draw.between(0, 4));
    return truth(`(${v.name} ${op} ${right})`);
  }
  const a = attempt(
    site,
    () => ints(site, depth - 1),
    (e) => e.from === "tensor",
  );
  const left = a ?? dataInt(site);
  return truth(`(${left.text} ${op} ${ints(site, depth - 1).text})`);
}

/** Some integer from data. */
function dataInt(site: Site): Expr {
  const found = operands(site.p, isKind("int"));
  if (found.length > 0) return read(site, site.p.draw.pick(found), 0);
  const exact = operands(site.p, (t) => isFloat(t.dtype) && isExact(t.facts));
  if (exact.length > 0) {
    const e = attempt(
      site,
      () => read(site, site.p.draw.pick(exact), 0),
      (x) => isExact(x.facts),
    );
    if (e !== undefined) {
      const m = Math.ceil(magnitude(e.facts));
      return whole(`(${e.text} as i32)`, exactly(-m, m, 0), "tensor");
    }
  }
  return whole("arange(3)[1]", exactly(1, 1, 0), "tensor");
}
