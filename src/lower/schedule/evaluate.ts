/** From nodes to values: what a kernel computes for element (coords) of a node, views and inlined nodes folded in. */

import { Names } from "../../emit/names.ts";
import { alwaysOutside, type Bounds, isNonNegative, isPositive, within } from "../../ir/bounds.ts";
import { type DType, isFloat } from "../../ir/dtype.ts";
import { isPoly, type Node, type OpOf, type Shape } from "../../ir/hlir.ts";
import type { KernelParam, RangeCheck, Table, Variable } from "../../ir/kernel.ts";
import { add, axis, equal, int, multiply, one, type Poly, subtract, zero } from "../../ir/poly.ts";
import { spanText } from "../../ir/source.ts";
import { throughView } from "../plan-contraction.ts";
import type { Slot } from "./storage.ts";
import { createValues, type Value, type Values } from "./values.ts";

/** Row-major strides in elements. */
export const stridesOf = (shape: Shape): Poly[] => shape.map((_, i) => multiply(one, ...shape.slice(i + 1)));

export const offsetAt = (shape: Shape, coords: readonly Poly[]): Poly => {
  const strides = stridesOf(shape);
  return add(zero, ...coords.map((c, i) => multiply(c, strides[i])));
};

/** Offset of an element of a tensor of this shape in the memory that it lies in. */
export function placeIn(within: Slot["within"], shape: Shape, coords: readonly Poly[]): Poly {
  if (within === undefined) return offsetAt(shape, coords);
  return offsetAt(
    within.shape,
    coords.map((c, i) => add(c, within.at[i])),
  );
}

/** A kernel variable whose value is read from data. */
export type Bound = { readonly variable: number; readonly value: Value };

export type Evaluator = ReturnType<typeof createEvaluator>;

export type Setting = {
  readonly bounds: Bounds;
  /** Where a node's tensor lies; undefined: it is computed in place. */
  readonly slotOf: (n: Node) => Slot | undefined;
  /** The tensor that this kernel makes: computed even though it has a slot. */
  readonly root: Node;
};

export function createEvaluator(setting: Setting) {
  const values: Values = createValues();
  const names = new Names();
  const variables: Variable[] = [];
  const params = new Map<string, { slot: Slot; name: string; mutable: boolean }>();
  const tables = new Map<Node, Table>();
  const bound = new Map<number, Value>();
  const results = new Map<Node, Value>();
  const moved = new Map<Node, Slot>();
  const memo = new Map<string, Value>();
  const extras = new Map<string, KernelParam>();
  const conditional: Poly[] = [];
  const layouts = new Map<string, string>();
  let root = setting.root;

  const self = {
    values,
    names,
    variables,
    tables,
    bound,
    /** Computed nodes that an earlier pass of the kernel has left in memory. */
    moved,
    /** Values that kernels hand over: sums of reductions and contractions. */
    results,
    params,
    extras,
    /** Coordinates that decide between a source and a fill, also where the bounds at hand have settled it. */
    conditional,
    /** By keys of slots that are not read as stored, what a comment says of them. */
    layouts,

    /** Loops that stand side by side may share a name: they give the same `key`. */
    variable(wanted: string, size: Poly, key = `variable ${variables.length}`): Poly {
      variables.push({ name: names.give(key, wanted), size });
      return axis(variables.length - 1);
    },

    /** What one element is called where the tensor itself may have the name. */
    beside: (wanted: string): string => (names.isTaken(wanted) ? `${wanted}_value` : wanted),

    /** A variable by the name of one whose loop stands beside its own. */
    again(name: string, size: Poly): void {
      variables.push({ name, size });
    },

    /** Of a kernel that makes several tensors the one that comes now; it reads the others where they are stored. */
    turnTo(next: Node): void {
      root = next;
      results.clear();
      memo.clear();
    },

    boundsNow: (): Bounds => ({ ...setting.bounds, axes: variables.map((v) => v.size) }),

    param(slot: Slot, mutable: boolean): string {
      const known = params.get(slot.key);
      if (known === undefined) {
        const name = names.give(`param ${slot.key}`, slot.name);
        params.set(slot.key, { slot, name, mutable });
        return name;
      }
      known.mutable ||= mutable;
      return known.name;
    },

    extra(kind: "workspace" | "check"): string {
      // Expressions speak of `check` without asking how it is called, so no name of the model is spelled so.
      const name = kind === "check" ? kind : names.give(`extra ${kind}`, kind);
      extras.set(kind, { kind, name });
      return name;
    },

    /** Element `coords` of `n`; with a guard, only defined (and memory only touched) where it holds. */
    at(n: Node, coords: readonly Poly[], guard?: Value): Value {
      const key = `${n.id}@${coords.map((c) => c.key).join()}?${guard?.id}`;
      const known = memo.get(key);
      if (known !== undefined) return known;
      const value = compute(n, coords, guard);
      if (n.name !== undefined) value.hint ??= n.name.split(".").at(-1);
      memo.set(key, value);
      return value;
    },

    valueInside,

    /** Coordinates of a gather's source or an update's target: indices from data become variables. */
    dataCoordinates(
      map: OpOf<"gather" | "update">["map"],
      indices: readonly Node[],
      shape: Shape,
      coords: readonly Poly[],
      options: { guard: Value | undefined; what: string | undefined; wanted: string },
    ): Poly[] {
      return map.map((c, i) => {
        if (isPoly(c)) return throughView([c], coords)[0];
        const index = self.at(indices[c.operand], coords, options.guard);
        const what = options.what === undefined ? undefined : `${options.what}, axis ${i}`;
        const checked = values.checked(values.cast(index, "i64"), shape[i], what);
        if (what !== undefined) self.extra("check");
        const before = [...bound].find(([, v]) => v === checked)?.[0];
        if (before !== undefined) return axis(before);
        const made = self.variable(self.beside(index.hint ?? nameOfIndex(indices[c.operand])), shape[i]);
        bound.set(variables.length - 1, checked);
        return made;
      });
    },
  };

  function load(slot: Slot, shape: Shape, coords: readonly Poly[], guard: Value | undefined): Value {
    const from = self.param(slot, false);
    const at = placeIn(slot.within, shape, coords);
    if (guard === undefined) return values.load(from, at, slot.dtype);
    return values.guarded(guard, from, at, values.number(0, slot.dtype), slot.dtype);
  }

  function compute(n: Node, coords: readonly Poly[], guard: Value | undefined): Value {
    const result = results.get(n);
    if (result !== undefined) return result;
    const elsewhere = moved.get(n);
    if (elsewhere !== undefined) return load(elsewhere, n.shape, coords, guard);
    const slot = n === root && n.op.kind !== "param" ? undefined : setting.slotOf(n);
    if (slot !== undefined) return load(slot, n.shape, coords, guard);
    const operand = (i: number) => self.at(n.inputs[i], coords, guard);
    switch (n.op.kind) {
      case "constant":
        return values.number(n.op.value, n.dtype);
      case "data":
        return tableLoad(n, n.op, coords, guard);
      case "iota":
        return values.index(throughView([n.op.value], coords)[0], n.dtype);
      case "unary":
        return values.unary(n.op.fn, operand(0), n.dtype);
      case "binary":
        return binary(n.op.fn, operand(0), operand(1), n.dtype);
      case "select": {
        const condition = operand(0);
        const known = condition.op.kind === "number" ? condition.op.value : undefined;
        if (known !== undefined) return operand(known !== 0 ? 1 : 2);
        return values.select(condition, operand(1), operand(2));
      }
      case "cast":
        return values.cast(unrounded(n, coords, guard), n.dtype);
      case "bitcast":
        return values.bitcast(operand(0), n.dtype);
      case "view":
        return filled(n, n.op, coords, guard);
      case "gather":
        return gathered(n, n.op, coords, guard);
      default:
        throw new Error(
          `${n.op.kind} (${n.name ?? n.id}) has no memory and can't be computed inside a kernel`,
        );
    }
  }

  /** The operand of a cast; a definition's rounding that is undone at once is left out. */
  function unrounded(n: Node, coords: readonly Poly[], guard: Value | undefined): Value {
    const x = n.inputs[0];
    const inner = x.op.kind === "cast" ? x.inputs[0] : undefined;
    const skip = inner?.dtype === n.dtype && isFloat(n.dtype) && isFloat(x.dtype) && x.name !== undefined;
    return self.at(skip && setting.slotOf(x) === undefined ? inner : x, coords, guard);
  }

  /** Comparisons of indices that the bounds decide are settled here, and of an integer with itself. */
  function binary(fn: string, a: Value, b: Value, dtype: DType): Value {
    const decided = a === b && !isFloat(a.dtype) ? ofEquals.get(fn) : comparison(fn, indexOf(a), indexOf(b));
    return decided === undefined ? values.binary(fn, a, b, dtype) : values.number(decided ? 1 : 0, "bool");
  }

  function comparison(fn: string, a: Poly | undefined, b: Poly | undefined): boolean | undefined {
    if (a === undefined || b === undefined) return undefined;
    const bounds = self.boundsNow();
    const less = (x: Poly, y: Poly) => isPositive(subtract(y, x), bounds);
    const notMore = (x: Poly, y: Poly) => isNonNegative(subtract(y, x), bounds);
    const decide = (yes: boolean, no: boolean) => (yes ? true : no ? false : undefined);
    if (fn === "lt") return decide(less(a, b), notMore(b, a));
    if (fn === "le") return decide(notMore(a, b), less(b, a));
    if (fn === "gt") return decide(less(b, a), notMore(a, b));
    if (fn === "ge") return decide(notMore(b, a), less(a, b));
    const apart = less(a, b) || less(b, a);
    if (fn === "eq") return decide(equal(a, b), apart);
    if (fn === "ne") return decide(apart, equal(a, b));
    return undefined;
  }

  function tableLoad(n: Node, op: OpOf<"data">, coords: readonly Poly[], guard: Value | undefined): Value {
    let table = tables.get(n);
    if (table === undefined) {
      const name = names.give(`table ${n.id}`, n.name?.split(".").at(-1) ?? "table");
      table = { name, dtype: n.dtype, values: op.values };
      tables.set(n, table);
    }
    const at = offsetAt(n.shape, coords);
    if (guard === undefined) return values.load(table.name, at, n.dtype);
    return values.guarded(guard, table.name, at, values.number(0, n.dtype), n.dtype);
  }

  /** The source of a view; `fill` where that is outside. */
  function filled(n: Node, op: OpOf<"view">, coords: readonly Poly[], guard: Value | undefined): Value {
    const x = n.inputs[0];
    const { fill } = op;
    const source = throughView(op.map, coords);
    if (fill === undefined) return self.at(x, source, guard);
    const own = { ...setting.bounds, axes: n.shape };
    const open = source.map((_, i) => i).filter((i) => !within(op.map[i], x.shape[i], own));
    conditional.push(...open.map((i) => source[i]));
    const otherwise = values.number(fill, n.dtype);
    if (open.some((i) => alwaysOutside(source[i], x.shape[i], self.boundsNow()))) return otherwise;
    const checks = rangeChecks(
      open.map((i) => source[i]),
      open.map((i) => x.shape[i]),
      self.boundsNow(),
    );
    if (checks.length === 0) return self.at(x, source, guard);
    const inside = values.inside(checks);
    const both = guard === undefined ? inside : values.binary("and", guard, inside, "bool");
    const value = self.at(x, source, both);
    if (value.op.kind === "guarded" && value.args[0] === both && guard === undefined)
      return values.guarded(inside, value.op.from, value.op.at, otherwise, value.op.stored);
    return values.select(inside, value, otherwise);
  }

  function gathered(n: Node, op: OpOf<"gather">, coords: readonly Poly[], guard: Value | undefined): Value {
    const [x, ...indices] = n.inputs;
    if (op.fill === undefined) {
      const wanted = n.name ?? "row";
      const source = self.dataCoordinates(op.map, indices, x.shape, coords, {
        guard,
        what: spanText(n.span),
        wanted,
      });
      return self.at(x, source, guard);
    }
    let inside: Value | undefined;
    const otherwise = values.number(op.fill, n.dtype);
    for (const [i, c] of op.map.entries()) {
      const one = isPoly(c)
        ? polyInside(throughView([c], coords)[0], x.shape[i])
        : valueInside(self.at(indices[c.operand], coords, guard), x.shape[i]);
      if (one?.op.kind === "number") return otherwise;
      if (one !== undefined) inside = inside === undefined ? one : values.binary("and", inside, one, "bool");
    }
    const source = self.dataCoordinates(op.map, indices, x.shape, coords, {
      guard,
      what: undefined,
      wanted: "row",
    });
    const both =
      inside === undefined
        ? guard
        : guard === undefined
          ? inside
          : values.binary("and", guard, inside, "bool");
    const value = self.at(x, source, both);
    return inside === undefined ? value : values.select(inside, value, otherwise);
  }

  function polyInside(p: Poly, size: Poly): Value | undefined {
    conditional.push(p);
    if (alwaysOutside(p, size, self.boundsNow())) return values.number(0, "bool");
    const checks = rangeChecks([p], [size], self.boundsNow());
    return checks.length === 0 ? undefined : values.inside(checks);
  }

  /** 0 <= index < size */
  function valueInside(index: Value, size: Poly): Value {
    const wide = values.cast(index, "i64");
    const low = values.binary("ge", wide, values.number(0, "i64"), "bool");
    return values.binary("and", low, values.binary("lt", wide, values.index(size, "i64"), "bool"), "bool");
  }

  return self;
}

/** What a comparison of equal integers gives. */
const ofEquals: ReadonlyMap<string, boolean> = new Map([
  ...["lt", "gt", "ne"].map((fn) => [fn, false] as const),
  ...["le", "ge", "eq"].map((fn) => [fn, true] as const),
]);

const indexOf = (v: Value): Poly | undefined => {
  if (v.op.kind === "index") return v.op.value;
  return v.op.kind === "number" && (v.dtype === "i32" || v.dtype === "i64") ? int(v.op.value) : undefined;
};

const nameOfIndex = (n: Node): string =>
  n.name?.split(".").at(-1) ??
  (n.op.kind === "view" || n.op.kind === "cast"
    ? nameOfIndex(n.inputs[0])
    : n.op.kind === "input"
      ? n.op.name
      : "row");

/** The comparisons that are left to make at run time. */
function rangeChecks(coords: readonly Poly[], shape: Shape, bounds: Bounds): RangeCheck[] {
  return coords.flatMap((value, i): RangeCheck[] => {
    if (within(value, shape[i], bounds)) return [];
    const low = !isNonNegative(value, bounds);
    const below = isPositive(subtract(shape[i], value), bounds) ? undefined : shape[i];
    return [{ value, low, below }];
  });
}
