/**
 * Atoms: shapes and index maps as numbers that rules can carry about, and the answers to what rules ask of them.
 * All arithmetic on sizes and indices is done here, by `Poly`'s one normal form.
 */
import type { Bounds } from "../ir/bounds.ts";
import { isPositive, upperBound } from "../ir/bounds.ts";
import { identityMap } from "../ir/builder.ts";
import type { Coordinate, Shape } from "../ir/hlir.ts";
import { isPoly } from "../ir/hlir.ts";
import type { Atom, Poly } from "../ir/poly.ts";
import {
  add,
  atomsOf,
  axis,
  constantOf,
  equal,
  floorDiv,
  int,
  mentions,
  modulo,
  scale,
  substitute,
  substituteAxes,
  zero,
} from "../ir/poly.ts";

/** An index map with the shape that it gives: element a of the result is element map(a) of the source. */
export type ViewAtom = {
  readonly map: readonly Poly[];
  readonly shape: Shape;
  readonly fill: number | undefined;
};
export type GatherAtom = {
  readonly map: readonly Coordinate[];
  readonly shape: Shape;
  readonly fill: number | undefined;
};
export type IotaAtom = { readonly value: Poly; readonly shape: Shape; readonly dtype: string };
/** Axis `axis` of a domain of shape `shape`, in parts of `by`: what is summed over `k` of it is then summed apart. */
export type SplitAtom = {
  readonly shape: Shape;
  readonly axis: number;
  readonly by: number;
  readonly k: number;
};
export type NumberAtom = { readonly value: number; readonly dtype: string };

/** Axes as bits: a mask of more than this many would not be exact. */
export const mostAxes = 30;

export const maskOf = (axes: Iterable<number>): number => [...axes].reduce((m, a) => m | (1 << a), 0);

export const axesOf = (mask: number): number[] =>
  Array.from({ length: mostAxes }, (_, i) => i).filter((i) => (mask & (1 << i)) !== 0);

const shapeKey = (s: Shape): string => s.map((p) => p.key).join();
const mapKey = (map: readonly Coordinate[]): string =>
  map.map((c) => (isPoly(c) ? c.key : `#${c.operand}`)).join();
const numberKey = (x: number | undefined): string => (Object.is(x, -0) ? "-0" : String(x));

/** Numbers each distinct value once. */
function interner<T>(keyOf: (value: T) => string) {
  const ids = new Map<string, number>();
  const values: T[] = [];
  return {
    idOf(value: T): number {
      const key = keyOf(value);
      let id = ids.get(key);
      if (id === undefined) {
        id = values.push(value) - 1;
        ids.set(key, id);
      }
      return id;
    },
    valueOf: (id: number): T => values[id],
    /** All values so far, by number. */
    values: values as readonly T[],
  };
}

export type Atoms = ReturnType<typeof createAtoms>;

export function createAtoms(bounds: Bounds) {
  const shapes = interner(shapeKey);
  const views = interner<ViewAtom>(
    (v) => `${mapKey(v.map)} over ${shapeKey(v.shape)} else ${numberKey(v.fill)}`,
  );
  const gathers = interner<GatherAtom>(
    (v) => `${mapKey(v.map)} over ${shapeKey(v.shape)} else ${numberKey(v.fill)}`,
  );
  const iotas = interner<IotaAtom>((v) => `${v.value.key} over ${shapeKey(v.shape)} ${v.dtype}`);
  const numbers = interner<NumberAtom>((v) => `${numberKey(v.value)} ${v.dtype}`);

  const splits = interner<SplitAtom>((s) => `${shapeKey(s.shape)} ${s.axis} by ${s.by} over ${s.k}`);

  const mentioned = (p: Poly): number => {
    let mask = 0;
    mentions(p, (a) => {
      if (a.kind === "axis") mask |= 1 << a.axis;
      return false;
    });
    return mask;
  };

  return {
    shapes,
    views,
    gathers,
    iotas,
    numbers,
    mentioned,

    /** Axes of size other than 1. */
    moving: (shape: Shape): number =>
      maskOf(shape.map((_, i) => i).filter((i) => constantOf(shape[i]) !== 1)),

    /** (View (View x inner) outer) as one view; both without fill. */
    composed(inner: number, outer: number): number {
      const [v, w] = [views.valueOf(inner), views.valueOf(outer)];
      return views.idOf({
        map: v.map.map((p) => substituteAxes(p, w.map)),
        shape: w.shape,
        fill: undefined,
      });
    },

    /** The same where the inner one may have a fill value. */
    through(inner: number, outer: number): number {
      const { map, shape } = views.valueOf(this.composed(inner, outer));
      return views.idOf({ map, shape, fill: views.valueOf(inner).fill });
    },

    /** Axes of the view's result that it varies along when its source varies along `source`. */
    image(view: number, source: number): number {
      const { map, shape, fill } = views.valueOf(view);
      const used = map.filter((_, i) => fill !== undefined || (source & (1 << i)) !== 0);
      return used.reduce((mask, p) => mask | mentioned(p), 0) & this.moving(shape);
    },

    /** How many places along each of two axes of its source a sum over `k` takes of the view, side by side; 0 for none. */
    stencil(view: number, k: number): number {
      const { map, shape } = views.valueOf(view);
      const taps = map.filter((p) => slides(p)).map((p) => tapOf(p, k));
      const sizes = taps.map((a) => (a === undefined ? undefined : constantOf(shape[a])));
      return taps.length === 2 && taps[0] !== taps[1] && sizes[0] === sizes[1] ? (sizes[0] ?? 0) : 0;
    },

    /** 1 where a sum over `k` of values of the shape has fewer elements than what varies along `mask` of it, else 0. */
    lessens(shape: number, mask: number, k: number): number {
      const extent = (within: number): number =>
        shapes
          .valueOf(shape)
          .reduce((n, p, i) => n * ((within & (1 << i)) === 0 ? 1 : (upperBound(p, bounds) ?? 1024)), 1);
      const all = maskOf(shapes.valueOf(shape).keys());
      return extent(all & ~mask & ~k) < extent(mask & k) ? 1 : 0;
    },

    /** The shape of a reduction over the axes of `mask`. */
    reduced: (shape: number, mask: number): number =>
      shapes.idOf(shapes.valueOf(shape).filter((_, i) => (mask & (1 << i)) === 0)),

    /** A view from `shape` that drops the axes of `mask` by standing at index 0; undefined unless none can be empty. */
    without(shape: number, mask: number): number | undefined {
      const from = shapes.valueOf(shape);
      const dropped = axesOf(mask);
      if (!dropped.every((a) => isPositive(from[a], bounds))) return undefined;
      const kept = from.map((_, i) => i).filter((i) => !dropped.includes(i));
      const plain = identityMap(kept.length);
      return views.idOf({
        map: from.map((_, i) => (dropped.includes(i) ? zero : plain[kept.indexOf(i)])),
        shape: kept.map((i) => from[i]),
        fill: undefined,
      });
    },

    /** A view of a reduction over `k` that repeats its result along `k`: over the shape before it. */
    spread(shape: number, k: number): number {
      const whole = shapes.valueOf(shape);
      const kept = identityMap(whole.length).filter((_, i) => (k & (1 << i)) === 0);
      return views.idOf({ map: kept, shape: whole, fill: undefined });
    },

    /**
     * `view` reads a tensor of `shape`; what it gives is summed over `l`, the tensor itself over `k`. Where the first
     * sum runs just where the second does, the view that finds for each element of the first its row in the second.
     */
    paired(view: number, l: number, k: number, shape: number): number | undefined {
      const { map, shape: domain, fill } = views.valueOf(view);
      const from = shapes.valueOf(shape);
      const summed = axesOf(k).map((i) =>
        domain.findIndex((size, a) => equal(map[i], axis(a)) && equal(size, from[i])),
      );
      if (fill !== undefined || summed.includes(-1) || maskOf(summed) !== l) return undefined;
      const rows = map.filter((_, i) => (k & (1 << i)) === 0);
      if (rows.some((p) => (mentioned(p) & l) !== 0)) return undefined;
      const kept = domain.map((_, a) => a).filter((a) => (l & (1 << a)) === 0);
      const numbered = domain.map((_, a) => axis(Math.max(0, kept.indexOf(a))));
      return views.idOf({
        map: rows.map((p) => substituteAxes(p, numbered)),
        shape: kept.map((a) => domain[a]),
        fill: undefined,
      });
    },

    /**
     * An axis that two factors of a sum over `k` find their place by, where of its quotient and remainder by some
     * number the one factor needs but the quotient, as where columns of heads lie side by side: the sum is then one of
     * products of matrices, a head for each quotient.
     */
    split(left: number, right: number, k: number): number | undefined {
      const [v, w] = [views.valueOf(left), views.valueOf(right)];
      if (v.fill !== undefined || w.fill !== undefined) return undefined;
      for (const [a, size] of v.shape.entries()) {
        const by = divisorOf([...v.map, ...w.map], a);
        const whole = constantOf(size);
        if (by === undefined || whole === undefined || whole % by !== 0 || (k & (1 << a)) !== 0) continue;
        const s: SplitAtom = { shape: v.shape, axis: a, by, k };
        const needs = [v, w].map(({ map }) => splitMap(map, s).reduce((m, p) => m | mentioned(p), 0));
        const [quotient, remainder] = [1 << a, 1 << (a + 1)];
        const one =
          (needs[0] & remainder) === 0 ? (needs[1] & remainder) !== 0 : (needs[1] & remainder) === 0;
        if (one && needs.every((m) => (m & quotient) !== 0)) return splits.idOf(s);
      }
      return undefined;
    },

    /** The view over the split domain. */
    apart(view: number, split: number): number {
      const [v, s] = [views.valueOf(view), splits.valueOf(split)];
      return views.idOf({ map: splitMap(v.map, s), shape: splitShape(s), fill: undefined });
    },

    /** The summed axes, numbered in the split domain. */
    summedApart(split: number): number {
      const { axis: a, k } = splits.valueOf(split);
      return maskOf(axesOf(k).map((i) => (i > a ? i + 1 : i)));
    },

    /** The view that finds the result of the sum in that of the split one. */
    joined(split: number): number {
      const { shape, axis: a, by, k } = splits.valueOf(split);
      const kept = shape.map((_, i) => i).filter((i) => (k & (1 << i)) === 0);
      const map = kept.flatMap((i, at) =>
        i === a ? [floorDiv(axis(at), int(by)), modulo(axis(at), int(by))] : [axis(at)],
      );
      return views.idOf({ map, shape: kept.map((i) => shape[i]), fill: undefined });
    },

    /** Axes of `mask` that a reduction over `k` leaves, in the result's numbering. */
    remaining(mask: number, k: number): number {
      const kept = Array.from({ length: mostAxes }, (_, i) => i).filter((i) => (k & (1 << i)) === 0);
      return maskOf(kept.map((a, i) => [a, i]).flatMap(([a, i]) => ((mask & (1 << a)) === 0 ? [] : [i])));
    },

    /** Axes `k` of a tensor and axes `l` of what is left without them, all numbered in the tensor. */
    both(k: number, l: number): number {
      const kept = Array.from({ length: mostAxes }, (_, i) => i).filter((i) => (k & (1 << i)) === 0);
      return k | maskOf(axesOf(l).map((i) => kept[i]));
    },
  };
}

/** A sum of terms of which two have an axis each: steps along the one and the other reach the same places. */
export const slides = (p: Poly): boolean => axesAlone(p).length > 1;

const axesAlone = (p: Poly): { readonly axis: number; readonly coef: number }[] =>
  p.terms.flatMap(({ coef, atoms: [a, ...others] }) =>
    a.kind === "axis" && others.length === 0 ? [{ axis: a.axis, coef }] : [],
  );

/** The one of `k` of two axes that are walked at steps of one. */
function tapOf(p: Poly, k: number): number | undefined {
  const axes = axesAlone(p);
  const summed = axes.filter((a) => (k & (1 << a.axis)) !== 0);
  const plain = axes.length === 2 && p.terms.length === 2 && axes.every((a) => a.coef === 1);
  return plain && summed.length === 1 ? summed[0].axis : undefined;
}

/** The number that an axis is divided by. */
function divisorOf(map: readonly Poly[], a: number): number | undefined {
  for (const p of map)
    for (const x of atomsOf(p)) {
      if (x.kind !== "div" || !equal(x.left, axis(a))) continue;
      const by = constantOf(x.right);
      if (by !== undefined && by > 1) return by;
    }
  return undefined;
}

/** Coordinates over the split domain, in which the axis is its quotient, and its remainder the axis after. */
function splitMap(map: readonly Poly[], { axis: a, by }: SplitAtom): Poly[] {
  const part = (x: Atom): Poly | undefined => {
    if (x.kind === "axis")
      return x.axis === a ? add(scale(axis(a), by), axis(a + 1)) : axis(x.axis > a ? x.axis + 1 : x.axis);
    if ((x.kind !== "div" && x.kind !== "mod") || !equal(x.left, axis(a)) || constantOf(x.right) !== by)
      return undefined;
    return axis(x.kind === "div" ? a : a + 1);
  };
  return map.map((p) => substitute(p, part));
}

function splitShape({ shape, axis: a, by }: SplitAtom): Shape {
  return shape.flatMap((size, i) => (i === a ? [floorDiv(size, int(by)), int(by)] : [size]));
}
