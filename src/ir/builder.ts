/**
 * Builder: the only maker of Hlir nodes. Equal nodes are shared, views of views become one view, and the
 * shape and dtype of every node follow from its operands here and nowhere else.
 *
 * A version of a state is memory that the next version overwrites. Whatever reads one is a node of its own, made
 * while that version is the latest, so that a later use of what was read names that node and not the state.
 */

import { binaryOp, unaryOp } from "../ops/index.ts";
import { accepts, resultType } from "../ops/op.ts";
import { accumulatorOf, type DType } from "./dtype.ts";
import {
  bodyNodes,
  type Coordinate,
  type CustomKernel,
  isPoly,
  type Loop,
  type Node,
  type Op,
  type ReduceFn,
  type Shape,
} from "./hlir.ts";
import { type Atom, atomsOf, axis, constantOf, equal, type Poly, substituteAxes } from "./poly.ts";
import type { Span } from "./source.ts";

export type Builder = ReturnType<typeof createBuilder>;

export const identityMap = (rank: number): Poly[] => Array.from({ length: rank }, (_, i) => axis(i));

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((p, i) => equal(p, b[i]));

/** Along an axis of size 1 every index is 0, unless some are outside and read as `fill`. */
const isIdentity = (map: readonly Poly[], from: Shape, to: Shape, fill: number | undefined): boolean =>
  sameShape(from, to) &&
  map.every((p, i) => equal(p, axis(i)) || (fill === undefined && constantOf(from[i]) === 1));

const numberKey = (value: number | undefined): string => (Object.is(value, -0) ? "-0" : String(value));

/** `isLatest` tells of a version of a state whether nothing has overwritten it at the place at hand. */
export function createBuilder(isLatest: (version: Node) => boolean = () => false) {
  const shared = new Map<string, Node>();
  let nextId = 0;
  let span: Span | undefined;

  type Spec = {
    op: Op;
    inputs?: readonly Node[];
    shape: Shape;
    dtype: DType;
    key: string;
    cell?: string;
    extra?: readonly Poly[];
    loops?: readonly string[];
  };

  function make(spec: Spec): Node {
    const inputs = spec.inputs ?? [];
    const key = `${spec.key}(${inputs.map((n) => n.id).join()})[${spec.shape.map((p) => p.key).join()}]${spec.dtype} ${spec.cell}`;
    const before = shared.get(key);
    if (before !== undefined) return before;
    if (span === undefined) throw new Error("Builder.at must be called first");
    const loops = new Set(spec.loops ?? []);
    for (const p of [...spec.shape, ...(spec.extra ?? [])])
      for (const a of atomsOf(p)) if (a.kind === "loop") loops.add(a.name);
    const node: Node = {
      id: nextId++,
      op: spec.op,
      inputs,
      shape: spec.shape,
      dtype: spec.dtype,
      span,
      name: undefined,
      cell: spec.cell,
      loops: [...loops],
    };
    shared.set(key, node);
    return node;
  }

  const mapKey = (map: readonly Coordinate[]) => map.map((c) => (isPoly(c) ? c.key : `#${c.operand}`)).join();
  const polysOf = (map: readonly Coordinate[]) => map.filter(isPoly);

  /** A view of `x` may read what x reads instead. */
  const melts = (x: Node): boolean =>
    x.cell === undefined && (x.inputs[0]?.cell === undefined || isLatest(x.inputs[0]));

  /** A whole state where it may be read in place: for nodes that read single elements of it themselves. */
  const inPlace = (x: Node): Node => {
    const whole = x.op.kind === "view" && x.op.fill === undefined && x.inputs[0].cell !== undefined;
    const [source] = x.inputs;
    return whole && isLatest(source) && isIdentity(x.op.map, source.shape, x.shape, undefined) ? source : x;
  };

  const self = {
    /** Nodes made from now on come from this place. */
    at(place: Span): void {
      span = place;
    },

    input: (name: string, shape: Shape, dtype: DType) =>
      make({ op: { kind: "input", name }, shape, dtype, key: `input:${name}` }),

    weight: (name: string, shape: Shape, dtype: DType, loops: readonly string[]) =>
      make({ op: { kind: "weight", name }, shape, dtype, loops, key: `weight:${name}:${loops.join()}` }),

    state: (name: string, shape: Shape, dtype: DType) =>
      make({ op: { kind: "state", name }, shape, dtype, cell: name, key: `state:${name}` }),

    /** Scalar of shape []. */
    constant: (value: number, dtype: DType) =>
      make({
        op: { kind: "constant", value },
        shape: [],
        dtype,
        key: `const:${numberKey(value)}`,
      }),

    /** A number at every element of `shape`. */
    full: (value: number, shape: Shape, dtype: DType): Node =>
      self.view(self.constant(value, dtype), shape, []),

    data: (values: readonly number[], shape: Shape, dtype: DType) =>
      make({ op: { kind: "data", values }, shape, dtype, key: `data:${values.map(numberKey)}` }),

    iota: (value: Poly, shape: Shape, dtype: DType = "i32") =>
      make({ op: { kind: "iota", value }, shape, dtype, extra: [value], key: `iota:${value.key}` }),

    unary(fn: string, x: Node): Node {
      const op = unaryOp(fn);
      if (!accepts(op.accepts, x.dtype)) throw new Error(`unary ${fn} of ${x.dtype}`);
      const dtype = resultType(op, x.dtype);
      return make({ op: { kind: "unary", fn }, inputs: [x], shape: x.shape, dtype, key: `u:${fn}` });
    },

    /** Operands of equal shape and dtype; comparisons give bool. */
    binary(fn: string, a: Node, b: Node): Node {
      if (!sameShape(a.shape, b.shape) || a.dtype !== b.dtype)
        throw new Error(
          `binary ${fn}: ${a.dtype}[${a.shape.map((p) => p.key)}] and ${b.dtype}[${b.shape.map((p) => p.key)}]`,
        );
      const op = binaryOp(fn);
      if (!accepts(op.accepts, a.dtype)) throw new Error(`binary ${fn} of ${a.dtype}`);
      const dtype = resultType(op, a.dtype);
      return make({ op: { kind: "binary", fn }, inputs: [a, b], shape: a.shape, dtype, key: `b:${fn}` });
    },

    select(condition: Node, a: Node, b: Node): Node {
      if (!sameShape(condition.shape, a.shape) || !sameShape(a.shape, b.shape) || a.dtype !== b.dtype)
        throw new Error("select: operands differ in shape or dtype");
      return make({
        op: { kind: "select" },
        inputs: [condition, a, b],
        shape: a.shape,
        dtype: a.dtype,
        key: "select",
      });
    },

    cast: (x: Node, dtype: DType): Node =>
      x.dtype === dtype ? x : make({ op: { kind: "cast" }, inputs: [x], shape: x.shape, dtype, key: "cast" }),

    bitcast: (x: Node, dtype: DType): Node =>
      x.dtype === dtype
        ? x
        : make({ op: { kind: "bitcast" }, inputs: [x], shape: x.shape, dtype, key: "bitcast" }),

    reduce(fn: ReduceFn, x: Node, axes: readonly number[]): Node {
      const kept = x.shape.filter((_, i) => !axes.includes(i));
      const dtype = fn === "argmax" || fn === "argmin" ? "i32" : x.dtype;
      if (x.dtype !== accumulatorOf(x.dtype))
        throw new Error(`reduce over ${x.dtype}: cast to the accumulation type first`);
      return make({
        op: { kind: "reduce", fn, axes },
        inputs: [x],
        shape: kept,
        dtype,
        key: `r:${fn}:${axes}`,
      });
    },

    /** Element (a0, …) of `shape` is x's element at map; views without fill melt into the view or iota below. */
    view(x: Node, shape: Shape, map: readonly Poly[], fill?: number): Node {
      if (map.length !== x.shape.length)
        throw new Error(`view: map of ${map.length} for rank ${x.shape.length}`);
      if (x.cell === undefined && isIdentity(map, x.shape, shape, fill)) return x;
      if (fill === undefined && melts(x)) {
        if (x.op.kind === "view" && x.op.fill === undefined)
          return self.view(
            x.inputs[0],
            shape,
            x.op.map.map((p) => substituteAxes(p, map)),
          );
        if (x.op.kind === "iota") return self.iota(substituteAxes(x.op.value, map), shape, x.dtype);
      }
      return make({
        op: { kind: "view", map, fill },
        inputs: [x],
        shape,
        dtype: x.dtype,
        extra: map,
        key: `view:${mapKey(map)}:${numberKey(fill)}`,
      });
    },

    gather(x: Node, indices: readonly Node[], shape: Shape, map: readonly Coordinate[], fill?: number): Node {
      if (map.every(isPoly)) return self.view(x, shape, map.filter(isPoly), fill);
      return make({
        op: { kind: "gather", map, fill },
        inputs: [inPlace(x), ...indices],
        shape,
        dtype: x.dtype,
        extra: polysOf(map),
        key: `gather:${mapKey(map)}:${numberKey(fill)}`,
      });
    },

    /** A new version of the state that `before` is a version of. */
    update(before: Node, value: Node, indices: readonly Node[], map: readonly Coordinate[]): Node {
      if (before.cell === undefined) throw new Error("update of a value that is no state");
      return make({
        op: { kind: "update", map },
        inputs: [before, value, ...indices],
        shape: before.shape,
        dtype: before.dtype,
        cell: before.cell,
        extra: polysOf(map),
        // Never shared: a version that another entry writes in the same way is made again in its own order.
        key: `update:${mapKey(map)}:${nextId}`,
      });
    },

    topk: (x: Node, k: Poly) =>
      make({
        op: { kind: "topk" },
        inputs: [x],
        shape: [...x.shape.slice(0, -1), k],
        dtype: "i32",
        key: "topk",
      }),

    cumulate: (fn: "sum" | "prod", x: Node, along: number) =>
      make({
        op: { kind: "cumulate", fn, axis: along },
        inputs: [x],
        shape: x.shape,
        dtype: x.dtype,
        key: `c:${fn}:${along}`,
      }),

    param: (loop: string, index: number, like: Node) =>
      make({
        op: { kind: "param", index, loop },
        shape: like.shape,
        dtype: like.dtype,
        cell: like.cell,
        loops: [loop],
        key: `param:${loop}:${index}`,
      }),

    /** Results, one per carried value; `initial[i]` starts what `loop.params[i]` stands for. */
    loop(loop: Loop, initial: readonly Node[]): Node[] {
      const node = make({
        op: { kind: "loop", loop },
        inputs: initial,
        shape: [],
        dtype: "bool",
        extra: [loop.low, loop.high],
        loops: outerLoops(loop),
        key: `loop:${loop.variable}:${loop.results.map((r) => r.id)}`,
      });
      return loop.params.map((p, index) =>
        make({
          op: { kind: "result", index },
          inputs: [node],
          shape: p.shape,
          dtype: p.dtype,
          cell: p.cell,
          key: `result:${index}`,
        }),
      );
    },

    custom: (kernel: CustomKernel, args: readonly Node[], reference: Node) =>
      make({
        op: { kind: "custom", kernel },
        inputs: [...args.map(inPlace), reference],
        shape: reference.shape,
        dtype: reference.dtype,
        key: `custom:${kernel.name}`,
      }),
  };
  return self;
}

/** Variables of the loops around `loop` that its body speaks of, so that it counts as varying with them. */
function outerLoops(loop: Loop): string[] {
  const all = bodyNodes(loop).flatMap((n) => n.loops);
  return [...new Set(all)].filter((name) => name !== loop.variable);
}

/** The dims and loop variables of a set of polynomials. */
export function freeNames(polys: readonly Poly[]): string[] {
  const named = (a: Atom) => (a.kind === "dim" || a.kind === "loop" ? [a.name] : []);
  return [...new Set(polys.flatMap((p) => atomsOf(p).flatMap(named)))];
}
