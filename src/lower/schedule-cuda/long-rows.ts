/**
 * Kernels that fold rows, as what one row's statements do one after the other: which loops go over the row, what each of
 * them folds and needs.
 */
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Expr, Kernel, Stmt } from "../../ir/kernel.ts";
import { axis, multiply, one, type Poly, substitute } from "../../ir/poly.ts";
import type { RowWork } from "../../targets/cuda-cost.ts";
import { columnIn } from "./columns.ts";
import { chainOf, foldedIn, isIndependent, isPure, isSequential, type Loop, statementsIn } from "./loops.ts";
import { largest } from "./map.ts";
import { rescaledPair } from "./rescaled.ts";
import { Draft, withPolys } from "./stages.ts";
import { neededBy, usesIn } from "./uses.ts";

export type Accumulator = Stmt & { readonly kind: "accumulator" };
export type Fold = Stmt & { readonly kind: "fold" };
export type Pick = Stmt & { readonly kind: "pick" };

/** Statements that stay together: a loop over the row, two that fold a rescaled sum, or a store of the row's. */
export type Unit = {
  readonly body: readonly Stmt[];
  readonly folds: readonly (Fold | Pick)[];
  readonly isLoop: boolean;
  /** The sum is of exponentials below the greatest, and which that is. */
  readonly scaled?: { readonly sum: string; readonly greatest: string };
};

export type LongRows = {
  /** The loops over the rows; none: there is but one. */
  readonly rows: readonly Loop[];
  /** That of them whose iterations are neighbours in memory, where those along a row are not. */
  readonly column: Loop | undefined;
  /** Names values; of all that stands around and between the units. */
  readonly pure: readonly Stmt[];
  readonly accumulators: ReadonlyMap<string, Accumulator>;
  /** In stages, each of which needs what those before it have folded. */
  readonly stages: readonly (readonly Unit[])[];
  readonly terms: Poly;
  /** At the largest sizes: rows, elements of one. */
  readonly items: number;
  readonly most: number;
  readonly bytes: RowWork["bytes"];
};

const foldable: ReadonlySet<DType> = new Set(["f32", "f64", "i32", "i64"]);

/** Undefined where the kernel is none, or its loops are over different elements, or depend on their order. */
export function longRowsIn(kernel: Kernel): LongRows | undefined {
  const found = rowOf(kernel.body);
  if (found === undefined) return undefined;
  const { rows, around, body } = found;
  const loops = body.filter((s): s is Loop => s.kind === "loop");
  const accumulators = new Map(
    body.filter((s): s is Accumulator => s.kind === "accumulator").map((a) => [a.name, a]),
  );
  const [first] = loops;
  if (first === undefined || accumulators.size === 0) return undefined;
  if (![...accumulators.values()].every((a) => foldable.has(a.dtype))) return undefined;
  const terms = termsOf(first);
  const simple = (s: Stmt): boolean =>
    isPure(s) ||
    s.kind === "accumulator" ||
    s.kind === "store" ||
    (s.kind === "loop" && isSimple(s) && termsOf(s).key === terms.key);
  if (!body.every(simple)) return undefined;
  const folded = loops.flatMap(foldsOf).flatMap((f) => (f.kind === "fold" ? [f.name] : [f.best, f.at]));
  if (new Set(folded).size !== folded.length || !folded.every((name) => accumulators.has(name)))
    return undefined;
  const pure = [...around, ...body.filter(isPure)];
  if (!storesAreOwn(body, loops, pure)) return undefined;
  const stages = stagesOf(unitsOf(body, new Draft(kernel)), pure, new Set(accumulators.keys()));
  return {
    ...{ rows, pure, accumulators, terms, stages },
    column: columnIn(rows, body, kernel),
    items: largest(multiply(one, ...rows.map((l) => l.size)), kernel.bounds),
    most: largest(terms, kernel.bounds),
    bytes: bytesOf(loops, stages, kernel, pure),
  };
}

/** The loops over rows, the statements of one, and what stands around them. */
function rowOf(body: readonly Stmt[]) {
  if (body.some((s) => s.kind === "accumulator")) return { rows: [], around: [], body };
  const nest = body.at(-1);
  if (nest?.kind !== "loop" || !body.slice(0, -1).every(isPure) || !isIndependent(nest)) return undefined;
  const rows = chainOf(nest, isIndependent);
  const around = [...body.slice(0, -1), ...rows.slice(0, -1).flatMap((l) => l.body.slice(0, -1))];
  return { rows, around, body: rows.at(-1)!.body };
}

export const termsOf = (l: Loop): Poly => multiply(one, ...chainOf(l, () => true).map((x) => x.size));

function isSimple(l: Loop): boolean {
  const inner = chainOf(l, () => true).at(-1)!.body;
  const kinds: readonly Stmt["kind"][] = ["fold", "pick", "store"];
  return !isSequential(l) && inner.every((s) => isPure(s) || kinds.includes(s.kind));
}

const foldsOf = (s: Stmt): (Fold | Pick)[] =>
  [...statementsIn([s])].filter((x) => x.kind === "fold" || x.kind === "pick");

/** Whether what is stored is read at its own place alone, by the loops that have the same elements. */
function storesAreOwn(body: readonly Stmt[], loops: readonly Loop[], pure: readonly Stmt[]): boolean {
  const rootOf = (name: string): string => {
    const row = pure.find((s) => s.kind === "row" && s.name === name);
    return row?.kind === "row" ? row.from : name;
  };
  const places = new Map<string, Set<string>>();
  for (const l of loops)
    for (const s of placed(l))
      if (s.kind === "store")
        places.set(rootOf(s.to), (places.get(rootOf(s.to)) ?? new Set()).add(`${s.to} ${s.at.key}`));
  const alone = new Set(body.flatMap((s) => (s.kind === "store" ? [rootOf(s.to)] : [])));
  const isOwn = (e: Expr & { kind: "load" }): boolean => {
    const own = places.get(rootOf(e.from));
    return own === undefined || (own.size === 1 && own.has(`${e.from} ${e.at.key}`));
  };
  const inLoops = loops.flatMap((l) => loadsIn(placed(l)));
  const outside = loadsIn(body.filter((s) => s.kind !== "loop"));
  return (
    [...inLoops, ...outside].every((e) => !alone.has(rootOf(e.from))) &&
    inLoops.every(isOwn) &&
    outside.every((e) => !places.has(rootOf(e.from)))
  );
}

/** The innermost statements of a loop with its variables by their depth, for comparing them with another loop's. */
function placed(l: Loop): Stmt[] {
  const chain = chainOf(l, () => true);
  const depth = new Map(chain.map((x, i) => [x.variable, -1 - i]));
  const body = chain.flatMap((x, i) => (i === chain.length - 1 ? x.body : x.body.slice(0, -1)));
  return withPolys(body, (p) =>
    substitute(p, (a) => (a.kind === "axis" && depth.has(a.axis) ? axis(depth.get(a.axis)!) : undefined)),
  );
}

function loadsIn(x: unknown): (Expr & { kind: "load" })[] {
  if (typeof x !== "object" || x === null) return [];
  const inner = Object.values(x).flatMap(loadsIn);
  return (x as { kind?: string }).kind === "load" ? [x as Expr & { kind: "load" }, ...inner] : inner;
}

/** Bytes of an element that are moved, by what stays where. */
function bytesOf(
  loops: readonly Loop[],
  stages: readonly (readonly Unit[])[],
  kernel: Kernel,
  pure: readonly Stmt[],
): RowWork["bytes"] {
  const sizes = new Map(
    kernel.params.flatMap((p) => (p.kind === "pointer" ? [[p.name, byteSize(p.dtype)]] : [])),
  );
  const rootOf = (name: string): string => {
    const row = pure.find((s) => s.kind === "row" && s.name === name);
    return row?.kind === "row" ? row.from : name;
  };
  const sum = (names: Iterable<string>): number =>
    [...new Set([...names].map(rootOf))].reduce((bytes, name) => bytes + (sizes.get(name) ?? 0), 0);
  const touchedBy = (body: readonly Stmt[]): string[] => [...usesIn(body).tensors];
  const reads = loops.map((l) => new Set(loadsIn([l]).map((e) => rootOf(e.from))));
  const several = [...new Set(reads.flatMap((r) => [...r]))].filter(
    (name) => reads.filter((r) => r.has(name)).length > 1,
  );
  const inLoops = loops.map((l) => sum(touchedBy([l])));
  const inKernels = stages.map((units) => sum(touchedBy(units.flatMap((u) => u.body))));
  return {
    once: sum(touchedBy(loops)),
    inLoops: inLoops.reduce((a, b) => a + b, 0),
    inKernels: inKernels.reduce((a, b) => a + b, 0),
    kept: sum(several),
  };
}

function unitsOf(body: readonly Stmt[], names: Draft): Unit[] {
  const steps = body.filter(
    (s): s is Loop | (Stmt & { kind: "store" }) => s.kind === "loop" || s.kind === "store",
  );
  const units: Unit[] = [];
  for (let i = 0; i < steps.length; i++) {
    const s = steps[i];
    const next = steps[i + 1];
    const pair =
      s.kind === "loop" && next?.kind === "loop"
        ? rescaledPair(s, next, steps.slice(i + 2), names)
        : undefined;
    if (pair === undefined) {
      units.push({ body: [s], folds: foldsOf(s), isLoop: s.kind === "loop" });
      continue;
    }
    units.push({ body: pair.body, folds: pair.body.flatMap(foldsOf), isLoop: true, scaled: pair.scaled });
    steps.splice(i + 2, steps.length, ...(pair.rest as typeof steps));
    i++;
  }
  return units;
}

/** Cut before each unit that needs what one of its own stage folds. */
function stagesOf(
  units: readonly Unit[],
  pure: readonly Stmt[],
  accumulators: ReadonlySet<string>,
): Unit[][] {
  const stages: Unit[][] = [[]];
  let folded = new Set<string>();
  for (const u of units) {
    const { locals } = neededBy(u.body, pure).uses;
    const own = foldedIn(u.body);
    const needs = [...locals].some((name) => accumulators.has(name) && folded.has(name) && !own.has(name));
    if (needs) {
      stages.push([]);
      folded = new Set();
    }
    stages.at(-1)!.push(u);
    for (const name of own) folded.add(name);
  }
  return stages;
}
