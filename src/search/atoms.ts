/**
 * Atoms: shapes and index maps as numbers that rules can carry about, and the answers to what rules ask of them.
 * All arithmetic on sizes and indices is done here, by `Poly`'s one normal form.
 */
import type { Bounds } from "../ir/bounds.ts";
import { isPositive } from "../ir/bounds.ts";
import { identityMap } from "../ir/builder.ts";
import type { Coordinate, Shape } from "../ir/hlir.ts";
import { isPoly } from "../ir/hlir.ts";
import type { Poly } from "../ir/poly.ts";
import { axis, constantOf, equal, mentions, substituteAxes, zero } from "../ir/poly.ts";

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

    /** Axes of the view's result that it varies along when its source varies along `source`. */
    image(view: number, source: number): number {
      const { map, shape, fill } = views.valueOf(view);
      const used = map.filter((_, i) => fill !== undefined || (source & (1 << i)) !== 0);
      return used.reduce((mask, p) => mask | mentioned(p), 0) & this.moving(shape);
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
