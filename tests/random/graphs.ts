/** Random well-formed graphs: small shapes, every kind of operation, values kept near 1. */
import { noBounds } from "../../src/ir/bounds.ts";
import { createBuilder } from "../../src/ir/builder.ts";
import type { Hlir, Input, Node, ReduceFn, Shape, State } from "../../src/ir/hlir.ts";
import { add, axis, constantOf, int, loopVar, type Poly, scale } from "../../src/ir/poly.ts";
import type { Span } from "../../src/ir/source.ts";

const nowhere: Span = { file: { path: "graph.lum", text: "a random graph" }, start: 0, end: 1 };

/** Integers below `n`. */
type Draw = (n: number) => number;

function drawFrom(seed: number): Draw {
  let state = (seed * 2654435761) >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const operations = 14;

export const randomGraph = (seed: number): Hlir => drawGraph(drawFrom(seed), operations);

function drawGraph(draw: Draw, size: number): Hlir {
  const b = createBuilder();
  b.at(nowhere);
  const inputs: Input[] = [];
  const states: State[] = [];
  const versions = new Map<string, Node>();
  const loops = new Map<string, { low: Poly; high: Poly }>();
  const sizes = [1, 2, 3, 4, 5, 8, 9];
  const pick = <T>(list: readonly T[]): T => list[draw(list.length)];
  const shapeOf = (rank: number): Shape => Array.from({ length: rank }, () => int(pick(sizes)));

  const input = (shape: Shape): Node => {
    const name = `x${inputs.length}`;
    inputs.push({ name, shape, dtype: "f32", span: nowhere });
    return b.input(name, shape, "f32");
  };
  const indices = (shape: Shape): Node => {
    const name = `t${inputs.length}`;
    inputs.push({ name, shape, dtype: "i32", span: nowhere });
    return b.input(name, shape, "i32");
  };
  const extent = (p: Poly): number => constantOf(p)!;
  const count = (shape: Shape): number => shape.reduce((n, p) => n * extent(p), 1);
  const tame = (n: Node): Node => b.unary("tanh", n);

  /** `x` over `shape`: axes matched in some order, shifted where there is room, with a fill where there is not. */
  function fitted(x: Node, shape: Shape): Node {
    const free = shape.map((_, i) => i);
    let filled = false;
    const map = x.shape.map((own) => {
      const at = free.length === 0 ? undefined : free.splice(draw(free.length), 1)[0];
      if (at === undefined) return int(draw(extent(own)));
      const room = extent(own) - extent(shape[at]);
      if (room >= 0) return add(axis(at), int(draw(room + 1)));
      filled = true;
      return add(axis(at), int(-draw(3)));
    });
    return b.view(x, shape, map, filled ? pick([0, 0.5, -1]) : undefined);
  }

  const floats = (pool: readonly Node[]): Node => pick(pool);

  function step(pool: readonly Node[], inLoop = false): Node {
    const x = floats(pool);
    switch (draw(13)) {
      case 0:
        return b.unary(pick(["tanh", "sigmoid", "neg", "abs", "sin", "exp"]), tame(x));
      case 1:
      case 2:
        return tame(b.binary(pick(["add", "sub", "mul", "max", "min"]), x, fitted(floats(pool), x.shape)));
      case 3: {
        // Continuous where x = y, so that rounding can't decide much.
        const y = fitted(floats(pool), x.shape);
        return b.select(b.binary(pick(["lt", "ge"]), x, y), b.binary("sub", x, y), b.binary("sub", y, x));
      }
      case 4: {
        const rank = Math.min(4, x.shape.length + draw(2));
        return fitted(x, shapeOf(Math.max(1, rank)));
      }
      case 5: {
        if (x.shape.length === 0) return tame(x);
        const axes = x.shape.map((_, i) => i).filter(() => draw(2) === 0);
        const fn = pick<ReduceFn>(["sum", "max", "min", "sum"]);
        return tame(b.reduce(fn, x, axes.length === 0 ? [x.shape.length - 1] : axes));
      }
      case 6: {
        const last = x.shape.length - 1;
        if (last < 0) return tame(x);
        const keep = x.shape.map((_, i) => axis(i)).slice(0, -1);
        const shifted = b.binary("sub", x, b.view(b.reduce("max", x, [last]), x.shape, keep));
        const e = b.unary("exp", shifted);
        return b.binary("div", e, b.view(b.reduce("sum", e, [last]), x.shape, keep));
      }
      case 7:
      case 8:
        return product(x, floats(pool));
      case 9: {
        const shape = shapeOf(1 + draw(2));
        if (x.shape.length === 0 || x.shape.some((p) => extent(p) < 2)) return tame(x);
        const at = draw(x.shape.length);
        const map = x.shape.map((own, i) => (i === at ? { operand: 0 } : int(draw(extent(own)))));
        return b.gather(x, [indices(shape)], shape, map);
      }
      case 10: {
        if (x.shape.length === 0) return tame(x);
        return tame(b.cumulate("sum", x, draw(x.shape.length)));
      }
      case 11: {
        const given = pick(inputs.filter((i) => i.dtype === "f32"));
        const best = b.reduce("argmax", b.input(given.name, given.shape, "f32"), [given.shape.length - 1]);
        return tame(b.cast(best, "f32"));
      }
      default:
        return inLoop ? tame(x) : overState(pool);
    }
  }

  /** A sum of products over shared axes of the two, made large enough to be worth blocking now and then. */
  function product(x: Node, y: Node): Node {
    const [m, n, k] = [int(pick([1, 3, 8, 17])), int(pick([2, 5, 16])), int(pick([3, 8, 19]))];
    const batch = draw(3) === 0 ? [int(pick([2, 3]))] : [];
    const domain = [...batch, m, n, k];
    const o = batch.length;
    const own = [...batch, ...(draw(2) === 0 ? [m, k] : [k, m])];
    const other = [...batch, ...(draw(2) === 0 ? [n, k] : [k, n])];
    const place = (shape: Shape, outer: number): Poly[] =>
      shape.map((p, i) => (i < o ? axis(i) : axis(p === k ? o + 2 : outer)));
    const a = b.view(fitted(x, own), domain, place(own, o));
    const c = b.view(fitted(y, other), domain, place(other, o + 1));
    const sum = b.reduce("sum", b.binary("mul", a, c), [o + 2]);
    const end = draw(2) === 0 ? sum : b.binary("add", sum, fitted(floats([x, y]), sum.shape));
    return tame(end);
  }

  function overState(pool: readonly Node[]): Node {
    if (states.length === 0 || draw(4) === 0) {
      const name = `c${states.length}`;
      const shape = [int(9), int(8)];
      states.push({ name, shape, dtype: "f32", init: 0.5, span: nowhere });
      versions.set(name, b.state(name, shape, "f32"));
    }
    const [cell, version] = pick([...versions]);
    const shape = [int(1 + draw(5)), int(1 + draw(5))];
    const shift = [draw(4), draw(3)];
    const map = shape.map((_, i) => add(axis(i), int(shift[i])));
    const read = b.view(version, shape, draw(2) === 0 ? map : shape.map((_, i) => axis(i)));
    if (draw(2) === 0) return tame(read);
    const value = tame(
      b.binary(
        "add",
        fitted(floats(pool), shape),
        b.view(
          read,
          shape,
          shape.map((_, i) => axis(i)),
        ),
      ),
    );
    versions.set(cell, b.update(version, value, [], map));
    return read.shape.length === 2 ? tame(read) : value;
  }

  function repeated(pool: readonly Node[], number: number): Node[] {
    const variable = `l${number}`;
    const range = { low: int(0), high: int(2) };
    loops.set(variable, range);
    const starts = Array.from({ length: 1 + draw(2) }, () => floats(pool));
    const params = starts.map((s, i) => b.param(variable, i, s));
    let inside: Node[] = [...params, floats(pool)];
    for (let i = 0; i < 2 + draw(3); i++) inside = [...inside, step(inside, true)];
    const results = params.map((p) => {
      const next = floats(inside.filter((n) => n.cell === undefined));
      const scaled = b.cast(b.iota(scale(loopVar(variable), 1), p.shape), "f32");
      return draw(4) === 0
        ? pick(params.filter((q) => sameSizes(q.shape, p.shape)))
        : tame(b.binary("add", fitted(next, p.shape), scaled));
    });
    const loop = { variable, low: int(0), high: int(3), params, results };
    return b.loop(loop, starts);
  }

  let pool: Node[] = [input(shapeOf(2)), input(shapeOf(2)), input(shapeOf(3)), input([int(8), int(16)])];
  for (let i = 0, number = 0; i < size; i++) {
    const made = draw(6) === 0 ? repeated(pool, number++) : [step(pool)];
    pool = [...pool.slice(-6), ...made.filter((n) => count(n.shape) <= 4096)];
  }
  const results = pool.slice(-3);
  const outputs = results.map((value, i) => ({ name: `y${i}`, value, span: nowhere }));
  const written = [...versions]
    .filter(([, v]) => v.op.kind !== "state")
    .map(([cell, value]) => ({ cell, value }));
  return {
    name: "Random",
    dims: [],
    weights: [],
    states,
    entries: [{ name: "forward", inputs, outputs, states: written, taps: [], span: nowhere }],
    bounds: { ...noBounds, loops },
  };
}

const sameSizes = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((p, i) => p.key === b[i].key);
