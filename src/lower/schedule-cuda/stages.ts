/** Parts of kernels as kernels of their own: what each takes of the whole's parameters, and names that are free in it. */

import { untaken } from "../../emit/names.ts";
import { withAxes } from "../../ir/bounds.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Expr, Kernel, KernelParam, Stmt, Tiling, Variable } from "../../ir/kernel.ts";
import type { Argument } from "../../ir/llir.ts";
import { add, atomsOf, axis, multiply, one, type Poly, zero } from "../../ir/poly.ts";
import { sizesIn } from "../schedule/sizes.ts";
import { largest } from "./map.ts";

/** A kernel with what it is called with: arguments of the call that it is part of by their number, and room between the stages. */
export type Stage = {
  readonly kernel: Kernel;
  readonly args: readonly (number | Room)[];
  /** Where the stage is a product: how it is cut. */
  readonly tiling?: Tiling;
};

/** Memory that one stage fills and the next reads: of f32 unless it says otherwise. */
export type Room = { readonly room: string; readonly bytes: number; readonly dtype?: DType };

/** A kernel while its variables grow. */
export class Draft {
  readonly kernel: Kernel;
  readonly variables: Variable[];
  private readonly taken: Set<string>;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.variables = [...kernel.variables];
    this.taken = namesOf(kernel);
  }

  name(wanted: string): string {
    const name = untaken(wanted, this.taken);
    this.taken.add(name);
    return name;
  }

  variable(wanted: string, size: Poly): number {
    return this.variables.push({ name: this.name(wanted), size }) - 1;
  }

  sizeOf(v: number | undefined): Poly {
    return v === undefined ? one : this.variables[v].size;
  }

  /** Row-major place of variables, absent ones with one value. */
  place(variables: readonly (number | undefined)[]): Poly {
    return variables.reduce<Poly>(
      (at, v) => add(multiply(at, this.sizeOf(v)), v === undefined ? zero : axis(v)),
      zero,
    );
  }

  room(
    name: string,
    variables: readonly (number | undefined)[],
    elements: number,
    dtype: DType = "f32",
  ): Room {
    const size = multiply(one, ...variables.map((v) => this.sizeOf(v)));
    return { room: name, bytes: byteSize(dtype) * elements * largest(size, this.kernel.bounds), dtype };
  }

  /** The kernel with this body and room; of its parameters those that the body mentions. */
  stage(
    header: { readonly name: string; readonly notes: readonly string[]; readonly family: Kernel["family"] },
    body: readonly Stmt[],
    rooms: readonly { readonly room: Room; readonly mutable: boolean; readonly shape: string }[],
  ): Stage {
    const { kernel, variables } = this;
    const named = namesIn(body);
    const sizes = new Set(sizesIn(body, variables).map((a) => a.name));
    const isNeeded = (p: KernelParam): boolean =>
      p.kind === "size" ? sizes.has(p.name) : p.kind === "check" ? named.has(" check") : named.has(p.name);
    let given = 0;
    const numbered = kernel.params.map((param) => ({
      param,
      number: param.kind === "pointer" || param.kind === "size" ? given++ : undefined,
    }));
    const kept = numbered.filter(({ param }) => isNeeded(param));
    const added = rooms.map(({ room, mutable, shape }) => ({
      param: {
        ...{ kind: "pointer", name: room.room, dtype: room.dtype ?? "f32", mutable, shapeText: shape },
      } as KernelParam,
      number: room,
    }));
    const isRead = ({ param }: { param: KernelParam }) => param.kind === "pointer" && !param.mutable;
    const isPointer = ({ param }: { param: KernelParam }) => param.kind === "pointer";
    const all = [...kept, ...added];
    const ordered = [
      ...all.filter(isRead),
      ...all.filter((x) => isPointer(x) && !isRead(x)),
      ...all.filter((x) => !isPointer(x)),
    ];
    return {
      kernel: {
        ...kernel,
        ...header,
        params: ordered.map((x) => x.param),
        variables,
        tables: kernel.tables.filter((t) => named.has(t.name)),
        body,
        bounds: withAxes(
          kernel.bounds,
          variables.map((v) => v.size),
        ),
      },
      args: ordered.flatMap((x) => (x.number === undefined ? [] : [x.number])),
    };
  }
}

/** Every name that a kernel's statements may mention. */
export const namesOf = (kernel: Kernel): Set<string> =>
  new Set([
    ...kernel.variables.map((v) => v.name),
    ...kernel.params.map((p) => p.name),
    ...kernel.tables.map((t) => t.name),
    ...localsIn(kernel.body),
  ]);

/** The arguments of a stage's call; `at` gives the offset of room in the arena. */
export const argumentsFor = (
  { args }: Stage,
  given: readonly Argument[],
  at: (r: Room) => number,
): Argument[] =>
  args.map((a) =>
    typeof a === "number"
      ? given[a]
      : { kind: "place", place: { kind: "scratch", offset: at(a), bytes: a.bytes } },
  );

const isPoly = (x: object): x is Poly => "terms" in x && "key" in x;

/** Every object of statements and expressions. */
export function* partsIn(x: unknown): Generator<Record<string, unknown>> {
  if (typeof x !== "object" || x === null) return;
  if (Array.isArray(x)) {
    for (const y of x) yield* partsIn(y);
    return;
  }
  if (isPoly(x)) return;
  yield x as Record<string, unknown>;
  for (const y of Object.values(x)) yield* partsIn(y);
}

/** Tensors and tables that the statements read or write; " check" where an index is checked. */
function namesIn(body: readonly Stmt[]): Set<string> {
  const found = new Set<string>();
  for (const part of partsIn(body)) {
    for (const key of ["from", "to"]) if (typeof part[key] === "string") found.add(part[key]);
    if (part.kind === "checked" && part.what !== undefined) found.add(" check");
  }
  return found;
}

const localsIn = (body: readonly Stmt[]): string[] =>
  [...partsIn(body)].flatMap((part) =>
    ["name", "sum", "dot", "weighted", "total"].flatMap((key) =>
      typeof part[key] === "string" ? [part[key]] : [],
    ),
  );

/** Variables that statements, and what else is given, mention. */
export function variablesIn(x: unknown): Set<number> {
  const found = new Set<number>();
  const visit = (y: unknown): void => {
    if (typeof y !== "object" || y === null) return;
    if (Array.isArray(y)) for (const z of y) visit(z);
    else if (isPoly(y)) {
      for (const a of atomsOf(y)) if (a.kind === "axis") found.add(a.axis);
    } else for (const z of Object.values(y)) visit(z);
  };
  visit(x);
  return found;
}

/** The same statements with every index and size mapped. */
export function withPolys<T>(x: T, map: (p: Poly) => Poly): T {
  const visit = (y: unknown): unknown => {
    if (typeof y !== "object" || y === null) return y;
    if (Array.isArray(y)) return y.map(visit);
    if (isPoly(y)) return map(y);
    return Object.fromEntries(Object.entries(y).map(([key, z]) => [key, visit(z)]));
  };
  return visit(x) as T;
}

export const local = (name: string): Expr => ({ kind: "local", name, dtype: "f32" });
export const number = (value: number): Expr => ({ kind: "number", value, dtype: "f32" });

/** Holds for the first value of a variable. */
export const isZero = (value: Poly): Expr => ({
  kind: "inside",
  checks: [{ value, low: false, below: one }],
  dtype: "bool",
});

/** `for part in 0..parts`, in one thread. */
export const overParts = (part: number, size: Poly, body: readonly Stmt[]): Stmt => ({
  kind: "loop",
  variable: part,
  size,
  how: "serial",
  work: one,
  body,
});

/** The statements for every value of the variables, each by a thread of the grid. */
export function overGrid(
  d: Draft,
  variables: readonly (number | undefined)[],
  body: readonly Stmt[],
): Stmt[] {
  return variables
    .filter((v) => v !== undefined)
    .reduceRight<readonly Stmt[]>(
      (inner, v) => [{ kind: "loop", variable: v, size: d.sizeOf(v), how: "grid", work: one, body: inner }],
      body,
    ) as Stmt[];
}
