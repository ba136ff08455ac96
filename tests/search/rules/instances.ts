/** For each rule random graphs on which it fires, and graphs beside them on which it must not. */
import type { DType } from "../../../src/ir/dtype.ts";
import type { Node, Shape } from "../../../src/ir/hlir.ts";
import {
  add,
  axis,
  constantOf,
  floorDiv,
  int,
  modulo,
  type Poly,
  scale,
  substituteAxes,
  subtract,
  zero,
} from "../../../src/ir/poly.ts";
import { allAxes, type Graph, type Instance, newGraph, someAxes } from "./graph.ts";

type Maker = (g: Graph) => readonly Node[];

/** A value that does not vary along `k`, or now and then one that may. */
function scaleOf(g: Graph, domain: Shape, k: readonly number[], dtype: DType): Node {
  const rank = domain.length;
  return g.along(
    domain,
    g.chance(75) ? someAxes(g, rank).filter((a) => !k.includes(a)) : someAxes(g, rank),
    dtype,
  );
}

/** `x` multiplied or divided, now and then added to, by a scale for each step. */
function scaled(g: Graph, x: Node, k: readonly number[], steps: readonly ("mul" | "div")[]): Node {
  const integer = x.dtype === "i32";
  return steps.reduce((y, step, i) => {
    const fn = g.chance(88) ? step : g.pick(["add", "sub", "max"] as const);
    const varying = i > 0 && g.chance(60);
    const by = varying ? g.along(x.shape, allAxes(x.shape.length), x.dtype) : scaleOf(g, x.shape, k, x.dtype);
    const turned = fn !== "div" && g.chance(50);
    return g.b.binary(
      integer && fn === "div" ? "mul" : fn,
      ...(turned ? ([by, y] as const) : ([y, by] as const)),
    );
  }, x);
}

/** Sums of scaled values, two over the same axes so that the one asks for what the other needs. */
const sumsOf =
  (...steps: readonly ("mul" | "div")[]): Maker =>
  (g) => {
    const rank = 2 + g.below(2);
    const domain = g.shapeOf(rank);
    const dtype = g.chance(85) ? "f32" : g.pick(["f64", "i32"] as const);
    const axes = someAxes(g, rank);
    const k = axes.length === 0 ? [g.below(rank)] : axes;
    const tame = scaled(g, g.along(domain, allAxes(rank), dtype), k, steps.slice(0, 1));
    const x = g.along(domain, g.chance(70) ? allAxes(rank) : someAxes(g, rank), dtype);
    return [
      g.b.reduce(g.chance(88) ? "sum" : "max", scaled(g, x, k, steps), k),
      g.b.reduce("sum", g.b.binary("mul", scaleOf(g, domain, k, dtype), tame), k),
      g.b.reduce("sum", scaled(g, g.along(domain, allAxes(rank), dtype), k, steps), k),
    ];
  };

const divided = sumsOf("div");
const dividedProducts = sumsOf("div", "mul");
const multiplied = sumsOf("mul");
const products = sumsOf("mul", "mul");
const kinds = new Map<Maker, string>([
  [divided, "sums of quotients"],
  [dividedProducts, "sums of products of quotients"],
  [multiplied, "sums of products"],
  [products, "sums of products of products"],
]);

/** Products of three and four factors in any nesting, some along the summed axes and some not. */
const nestedProducts: Maker = (g) => {
  const rank = 2 + g.below(2);
  const domain = g.shapeOf(rank);
  const k = [g.below(rank)];
  const leaf = () =>
    g.chance(50) ? g.along(domain, [...new Set([...k, ...someAxes(g, rank)])]) : scaleOf(g, domain, k, "f32");
  const tree = (depth: number): Node => {
    if (depth === 0) return leaf();
    return g.b.binary(g.chance(90) ? "mul" : "add", tree(depth - 1), g.chance(50) ? leaf() : tree(depth - 1));
  };
  return [g.b.reduce(g.chance(88) ? "sum" : "max", tree(2), k)];
};

/** A sum or maximum of a sum or maximum. */
const nested: Maker = (g) => {
  const rank = 2 + g.below(3);
  const x = g.along(g.shapeOf(rank), allAxes(rank));
  const inner = g.b.reduce(g.pick(["sum", "sum", "max"] as const), x, [g.below(rank)]);
  return [g.b.reduce(g.pick(["sum", "sum", "max"] as const), inner, [g.below(rank - 1)])];
};

/** Arithmetic with a number that is the neutral one, or another, or is not the same everywhere. */
const neutral: Maker = (g) => {
  const shape = g.shapeOf(1 + g.below(2));
  const dtype = g.pick(["f32", "f32", "f64", "i32"] as const);
  const x = g.along(shape, allAxes(shape.length), dtype);
  const by = (fn: string): Node => {
    const c = g.chance(85)
      ? g.b.full(g.pick([0, 0, 1, 1, 1, 2]), shape, dtype)
      : g.b.view(g.b.full(1, [int(2)], dtype), shape, [axis(0)], g.pick([0, 1, 3]));
    return g.b.binary(fn, ...(g.chance(85) ? ([x, c] as const) : ([c, x] as const)));
  };
  return [by("mul"), by("sub"), by("add"), by(dtype === "i32" ? "max" : "div")];
};

/** Signs twice over, alone or within a sum or difference. */
const negations: Maker = (g) => {
  const shape = g.shapeOf(2);
  const x = g.along(shape, [0, 1], g.pick(["f32", "i32", "f64"] as const));
  const other = x.dtype === "i32" ? "abs" : g.pick(["exp", "abs"] as const);
  const one = (y: Node) => g.b.unary(g.chance(80) ? "neg" : other, y);
  const y = g.along(shape, [0], x.dtype);
  const order = g.chance(60) ? ([x, one(y)] as const) : ([one(y), x] as const);
  return [one(one(x)), g.b.binary(g.pick(["add", "sub", "mul"] as const), ...order)];
};

/** Quotients by roots, of what is positive. */
const roots: Maker = (g) => {
  const shape = g.shapeOf(1 + g.below(2));
  const dtype = g.chance(85) ? "f32" : "f64";
  const x = g.b.unary("exp", g.along(shape, allAxes(shape.length), dtype));
  const root = g.b.unary(g.chance(80) ? "sqrt" : "rsqrt", x);
  const a = g.along(shape, someAxes(g, shape.length), dtype);
  const fns = ["div", "div", "mul"] as const;
  return [g.b.unary(g.chance(80) ? "recip" : "neg", root), g.b.binary(g.pick(fns), a, root)];
};

/** a / (1 + exp(-x)), and what only looks like it. */
const logistic: Maker = (g) => {
  const shape = g.shapeOf(1 + g.below(2));
  const dtype = g.chance(90) ? "f32" : "f64";
  const x = g.along(shape, allAxes(shape.length), dtype);
  const power = g.b.unary(g.chance(85) ? "exp" : "tanh", g.b.unary(g.chance(85) ? "neg" : "abs", x));
  const one = g.b.full(g.chance(80) ? 1 : 2, shape, dtype);
  const fn = g.chance(85) ? "add" : "mul";
  const below = g.b.binary(fn, ...(g.chance(50) ? ([one, power] as const) : ([power, one] as const)));
  const above = g.chance(40) ? g.b.full(1, shape, dtype) : g.along(shape, someAxes(g, shape.length), dtype);
  return [g.b.binary(g.chance(85) ? "div" : "mul", above, below)];
};

/** A part of a source, in any order, with a fill value around it or none. */
function viewOf(g: Graph, x: Node, filled: number): Node {
  const domain = x.shape.map((p) => p);
  const turned = domain.length === 2 && g.chance(40);
  const shape = turned ? [domain[1], domain[0]] : domain;
  const map: Poly[] = turned ? [axis(1), axis(0)] : allAxes(domain.length).map((a) => axis(a));
  const fill = g.chance(filled);
  const at = g.below(map.length);
  if (fill) {
    // Something must be left inside, or the view would not vary as its map says.
    if ((constantOf(shape[at]) ?? 1) > 1) map[at] = add(map[at], int(1 - 2 * g.below(2)));
    return g.b.view(x, shape, map, x.dtype === "i32" ? g.below(4) : g.pick([0.5, 3, 0.3, 0]));
  }
  if (g.chance(40)) {
    const size = x.shape[at];
    map[at] = subtract(subtract(size, int(1)), map[at]);
  }
  if (g.chance(40)) {
    const more = g.size();
    return g.b.view(x, [...shape, more], map);
  }
  return g.b.view(x, shape, map);
}

/** Quotients by a value that a view repeats along an axis. */
const quotients: Maker = (g) => {
  const y = g.along(g.shapeOf(1), [0], g.chance(80) ? "f32" : "f64");
  const domain = g.chance(50) ? [y.shape[0], int(3)] : [int(3), y.shape[0]];
  const own = axis(domain[0] === y.shape[0] ? 0 : 1);
  const filled = g.chance(30);
  const b = g.b.view(y, domain, [filled ? add(own, int(1)) : own], filled ? g.pick([0.5, 3]) : undefined);
  const a = g.along(domain, g.chance(75) ? [0, 1] : someAxes(g, 2), y.dtype);
  return [g.b.binary(g.pick(["div", "div", "div", "mul", "sub"] as const), a, b)];
};

/** A view of what a rule finds to be a view, either of them with a fill value or not. */
const views: Maker = (g) => {
  const x = g.input(g.shapeOf(1 + g.below(2)), g.pick(["f32", "f64", "i32"] as const));
  const twice = (y: Node) => g.b.unary("neg", g.b.unary("neg", y));
  return [viewOf(g, twice(viewOf(g, x, 35)), 35), viewOf(g, viewOf(g, x, 50), 50)];
};

/** Sums whose factors are views of scaled or cast values. */
const factors: Maker = (g) => {
  const source = g.shapeOf(1 + g.below(2));
  const narrow = g.chance(50);
  const inner = narrow
    ? g.input(source, g.pick(["bf16", "f16", "i32", "f32"] as const))
    : g.b.binary(
        g.pick(["div", "div", "mul", "add"] as const),
        g.along(source, allAxes(source.length)),
        g.along(source, someAxes(g, source.length)),
      );
  const view = viewOf(g, inner, 40);
  const factor = narrow ? g.b.cast(view, g.pick(["f32", "i32"] as const)) : view;
  const domain = factor.shape;
  const other = g.along(domain, someAxes(g, domain.length), factor.dtype);
  const more = g.along(domain, someAxes(g, domain.length), factor.dtype);
  const p = g.chance(50)
    ? g.b.binary("mul", factor, other)
    : g.b.binary("mul", g.b.binary("mul", other, factor), more);
  const k = g.below(domain.length);
  return [g.b.reduce("sum", p, [k]), g.b.reduce("sum", g.b.binary("mul", other, more), [k])];
};

const anyType = ["f32", "f32", "bf16", "f16", "i32", "i8", "u8", "i64", "f64"] as const;

const wider = [
  ["f32", "bf16"],
  ["f32", "f16"],
  ["bf16", "f32"],
  ["f16", "f32"],
  ["i8", "i32"],
  ["u8", "i32"],
  ["i32", "i64"],
  ["f32", "f64"],
] as const;

/** A cast of a cast: out and back, or on to a third type. */
const casts: Maker = (g) => {
  const shape = g.shapeOf(1 + g.below(2));
  const between = (): Node => {
    const [from, to] = g.chance(70) ? g.pick(wider) : [g.pick(anyType), g.pick(anyType)];
    const back = g.chance(50) ? from : g.pick(anyType);
    return g.b.cast(g.b.cast(g.input(shape, from), to), back);
  };
  return [between(), between()];
};

const gathers: Maker = (g) => {
  const [rows, width, n] = [2 + g.below(3), g.size(), g.size()];
  const x = g.input([int(rows), width], g.pick(["bf16", "f16", "i32", "f32"] as const));
  const y = g.b.cast(x, g.pick(["f32", "bf16", "i32"] as const));
  const i = g.b.binary(
    "mod",
    g.b.unary("abs", g.input([n, width], "i32")),
    g.b.full(rows, [n, width], "i32"),
  );
  const fill = g.chance(40) ? g.pick([0, 0.3, 2]) : undefined;
  const reach = fill === undefined ? i : g.b.binary("add", i, g.b.full(1, [n, width], "i32"));
  return [g.b.gather(y, [reach], [n, width], [{ operand: 0 }, axis(1)], fill)];
};

/** A convolution along one axis, or what only looks like one. */
const convolutions: Maker = (g) => {
  const [n, r, c, o] = [g.size(), int(2 + g.below(2)), g.size(), g.size()];
  const stride = 1 + g.below(2);
  const domain = [n, o, c, r];
  const place = add(scale(axis(0), stride), axis(3));
  const long = add(scale(n, stride), r);
  const turned = g.chance(25);
  const x = turned
    ? g.along(domain, [0, 2, 3])
    : g.b.view(g.input([c, long], "f32"), domain, [axis(2), place]);
  const w = g.along(domain, g.chance(80) ? [1, 2, 3] : [1, 2]);
  const p = g.b.binary(
    g.chance(85) ? "mul" : "add",
    ...(g.chance(50) ? ([x, w] as const) : ([w, x] as const)),
  );
  return [g.b.reduce(g.chance(85) ? "sum" : "max", p, g.chance(80) ? [2, 3] : [3])];
};

/** Convolutions along two axes by a few filters, constant or computed, at steps of one and of two, over more or fewer axes. */
const filters: Maker = (g) => {
  const taps = g.chance(80) ? 3 : 2;
  const [o, c] = [int(2), int(1 + g.below(2))];
  const domain = [o, int(2), int(2), c, int(taps), int(g.chance(90) ? taps : 1)];
  const product = (stride: number): Node => {
    const at = (out: number, tap: number): Poly => add(scale(axis(out), stride), axis(tap));
    const side = int(2 * stride + taps);
    const places = g.chance(90) ? [at(1, 4), at(2, 5)] : [at(1, 4), axis(5)];
    const pad = g.pick([0, undefined]);
    const x = g.input([c, side, side], "f32");
    // For every output alike, as convolutions are written, or at once.
    const before = [zero, ...allAxes(5).map((a) => axis(a))];
    const own = [1, 2, 3, 4, 5].map((a) => axis(a));
    const beside = g.chance(20);
    const image = g.chance(40)
      ? g.b.view(x, domain, [axis(3), ...places], pad)
      : g.b.view(
          g.b.view(
            x,
            domain.slice(1),
            [axis(3), ...places].map((p) => substituteAxes(p, before)),
            pad,
          ),
          domain,
          beside ? [add(own[0], int(1)), ...own.slice(1)] : own,
          beside ? 0.5 : undefined,
        );
    const lying = g.input([o, c, int(taps), domain[5]], "f32");
    const kernel = g.chance(75) ? lying : g.b.unary("exp", lying);
    const w = g.b.view(kernel, domain, [axis(0), axis(3), axis(4), axis(5)]);
    return g.b.binary("mul", ...(g.chance(50) ? ([image, w] as const) : ([w, image] as const)));
  };
  const p = product(1);
  const less = g.b.reduce("sum", p, g.pick([[3], [3, 4], [4, 5]]));
  return [g.b.reduce("sum", p, [3, 4, 5]), less, g.b.reduce("sum", product(2), [3, 4, 5])];
};

/** Sums for columns that lie in groups, of which the one factor has a value each; in some graphs something is amiss. */
const columns: Maker = (g) => {
  const [groups, width, keys] = [2 + g.below(2), 2 + g.below(2), g.size()];
  const whole = int(groups * width + (g.chance(15) ? 1 : 0));
  const at = g.below(2);
  const domain = [...(at === 0 ? [whole, keys] : [keys, whole]), int(2)];
  const [column, key] = [axis(at), axis(1 - at)];
  const [group, rest] = [floorDiv(column, int(width)), modulo(column, int(width))];
  const read = (source: Shape, map: readonly Poly[]): Node => {
    const beside = g.chance(15);
    return beside
      ? g.b.view(g.input(source, "f32"), domain, [add(map[0], int(1)), ...map.slice(1)], g.pick([0, 0.5]))
      : g.b.view(g.input([...source, int(2)], "f32"), domain, [...map, axis(2)]);
  };
  const a = g.chance(85)
    ? read([keys, int(groups + 1)], [key, group])
    : read([keys, int(width)], [key, rest]);
  const b = g.chance(50)
    ? read([keys, whole], [key, column])
    : read([keys, int(groups + 1), int(width)], [key, group, rest]);
  const order = g.chance(50) ? ([a, b] as const) : ([b, a] as const);
  const p = g.b.binary(g.chance(88) ? "mul" : "add", ...order);
  const k = g.chance(85) ? [1 - at] : g.pick([[at], [0, 1]]);
  return [g.b.reduce(g.chance(88) ? "sum" : "max", p, k), g.b.reduce("sum", p, g.pick([[1 - at, 2], [2]]))];
};

/** exp(x - greatest) with its row sums, and what is divided by them; in most graphs one thing is not as it should be. */
const softmaxes: Maker = (g) => {
  const [rows, keys, depth] = [g.size(), g.size(), g.size()];
  const fault = g.below(20);
  const x = g.along([rows, keys], [0, 1]);
  const k = fault === 1 ? 0 : 1;
  const m = g.b.reduce(fault === 2 ? "min" : "max", x, [k]);
  const row = axis(1 - k);
  const square = x.shape[1 - k];
  const w = g.b.view(m, x.shape, [fault === 3 ? subtract(subtract(square, int(1)), row) : row]);
  const e = g.b.unary(fault === 4 ? "tanh" : "exp", g.b.binary(fault === 5 ? "add" : "sub", x, w));
  const z = g.b.reduce(fault === 6 ? "prod" : "sum", e, [fault === 7 ? 1 - k : k]);
  return [e, z, ...weighted(g, { e, z, k, depth, fault })];
};

type Parts = {
  readonly e: Node;
  readonly z: Node;
  readonly k: number;
  readonly depth: Poly;
  readonly fault: number;
};

/** The sum of e * value over the keys, divided by the total of its row. */
function weighted(g: Graph, { e, z, k, depth, fault }: Parts): Node[] {
  const domain = [...e.shape, depth];
  const backwards = (p: Poly, size: Poly): Poly => subtract(subtract(size, int(1)), p);
  const map = [axis(0), axis(1)].map((p, i) => (fault === 8 + i ? backwards(p, e.shape[i]) : p));
  const f = fault === 10 ? g.along(domain, [0, 1, 2]) : g.b.view(e, domain, map);
  const value = g.along(domain, g.pick([[k, 2], [0, 1, 2], [2]]));
  const order = g.chance(50) ? ([f, value] as const) : ([value, f] as const);
  const p = g.b.binary(fault === 11 ? "add" : "mul", ...order);
  const s = g.b.reduce(fault === 12 ? "prod" : "sum", p, [fault === 13 ? 2 : k]);
  if (s.shape[0].key !== z.shape[0].key) return [s];
  const own = fault === 14 ? backwards(axis(0), z.shape[0]) : axis(0);
  const total = fault === 15 ? g.along(s.shape, [0]) : g.b.view(z, s.shape, [own]);
  return [g.b.binary(fault === 16 ? "mul" : "div", s, total)];
}

/** One of each operation, also of those whose result has another type; twins that only their operands tell apart. */
const operations: Maker = (g) => {
  const shape = g.shapeOf(1 + g.below(2));
  const dtype = g.pick(["f32", "i32", "f64"] as const);
  const x = g.along(shape, someAxes(g, shape.length), dtype);
  const y = g.along(shape, someAxes(g, shape.length), dtype);
  const less = g.b.binary(g.pick(["lt", "eq", "ge"] as const), x, y);
  const both = g.b.select(less, x, g.b.binary("max", x, y));
  const twin = g.along(shape, [], dtype);
  const map = shape.map((p, i) => subtract(subtract(p, int(1)), axis(i)));
  const turned = [both, twin].map((n) => g.b.view(n, shape, map));
  const made = [
    ...turned,
    less,
    both,
    g.b.unary(dtype === "i32" ? "neg" : "tanh", both),
    viewOf(g, g.b.cast(both, "f32"), 30),
  ];
  const at = g.below(shape.length);
  const known = shape[at].terms.length === 0;
  const fold = g.pick(["sum", "max", ...(known ? (["argmax", "argmin"] as const) : [])] as const);
  const uniform = viewOf(g, g.b.full(g.number(dtype), shape, dtype), 50);
  const longer = shape.map((p) => add(p, int(1)));
  const folds = [both, twin, g.along(longer, allAxes(longer.length), dtype)].map((n) =>
    g.b.reduce(fold, n, [at]),
  );
  return [...made, ...folds, uniform, viewOf(g, uniform, 0)];
};

const makers: Readonly<Record<string, Maker>> = {
  "unary-facts": operations,
  "binary-facts": operations,
  "select-facts": operations,
  "cast-facts": operations,
  "view-facts": operations,
  "view-varies": operations,
  "reduce-type": operations,
  "reduce-shape": operations,
  "ask-reduce-varies": operations,
  "reduce-varies": operations,
  "view-uniform": operations,
  "product-of-two": products,
  "ask-divide-after-sum": divided,
  "divide-after-sum": divided,
  "ask-divide-after-weighted-sum": dividedProducts,
  "divide-after-weighted-sum": dividedProducts,
  "ask-scale-after-sum": multiplied,
  "scale-after-sum": multiplied,
  "ask-scale-after-product": products,
  "scale-after-product": products,
  "summed-value": nestedProducts,
  "summed-factor": nestedProducts,
  "ask-scale-outwards": nestedProducts,
  "scale-outwards": nestedProducts,
  "ask-split-columns": columns,
  "ask-split-columns-apart": columns,
  "split-columns": columns,
  "ask-sum-of-sums": nested,
  "sum-of-sums": nested,
  "times-one": neutral,
  "over-one": neutral,
  "minus-zero": neutral,
  "sum-of-two": neutral,
  "plus-zero": neutral,
  "plus-negated": negations,
  "minus-negated": negations,
  "reciprocal-of-root": roots,
  "quotient-by-root": roots,
  sigmoid: logistic,
  "negated-twice": negations,
  "reciprocal-of-row": quotients,
  "ask-view-of-view": views,
  "view-of-view": views,
  "factors-of-a-sum": factors,
  "factors-of-a-product": factors,
  "view-of-quotient": factors,
  "view-of-product": factors,
  "cast-of-view": factors,
  "skip-rounding": casts,
  "widen-and-back": casts,
  "cast-at-once": casts,
  "cast-after-gather": gathers,
  product: products,
  window: convolutions,
  "read-at-once": filters,
  "ask-read-through": filters,
  "read-through": filters,
  "ask-winograd": filters,
  winograd: filters,
  "ask-rescaling-sum": softmaxes,
  "ask-one-pass": softmaxes,
  "rescaling-sum": softmaxes,
  "one-pass": softmaxes,
};

/** Rules that are tried on the same graphs. */
export const kindOf = (rule: string): string =>
  rule in makers ? (kinds.get(makers[rule]) ?? makers[rule].name) : rule;

export const hasInstances = (rule: string): boolean => rule in makers;

/** The graph of a seed; the nodes that it is about are its outputs. */
export function instanceOf(rule: string, seed: number): Instance {
  const g = newGraph(seed);
  return g.finish(makers[rule](g));
}

/** What roundings that the rule leaves out may change, of the largest value. */
export const looseness = (rule: string): number => (makers[rule] === casts ? 2 ** -7 : 0);
