/**
 * Few long rows: a block each would leave most of the device without work. Every loop over a row is cut into parts, a
 * block's work each. What the parts have folded meets in the next kernel, where every block puts the parts of its row
 * together in their order before it goes on.
 */
import type { Expr, Kernel, Stmt } from "../../ir/kernel.ts";
import {
  add,
  axis,
  floorDiv,
  int,
  minimum,
  modulo,
  multiply,
  one,
  type Poly,
  substitute,
  subtract,
} from "../../ir/poly.ts";
import { type CudaArch, cuda } from "../../targets/cuda.ts";
import { quickestParts, type RowWork } from "../../targets/cuda-cost.ts";
import { columnItems } from "./columns.ts";
import { type Fold, type LongRows, longRowsIn, type Pick, type Unit } from "./long-rows.ts";
import { chainOf, foldedIn, type Loop, rebuilt } from "./loops.ts";
import { Draft, isZero, local, type Room, type Stage, withPolys } from "./stages.ts";
import { neededBy } from "./uses.ts";

export type SplitRows = { readonly rows: LongRows; readonly parts: number };

/** The rows of a kernel that are quicker in parts by the cost model. */
export function splitRowsIn(kernel: Kernel, arch: CudaArch): SplitRows | undefined {
  const rows = longRowsIn(kernel);
  if (rows === undefined || rows.stages.length < 2) return undefined;
  const parts = quickestParts(workOf(rows, kernel), arch);
  return parts === 1 ? undefined : { rows, parts };
}

/** Columns are a block's work 32 at a time, and nothing of them stays on the chip. */
function workOf({ rows, column, items, most, bytes, stages }: LongRows, { bounds }: Kernel): RowWork {
  const kernels = stages.length;
  if (column === undefined) return { rows: items, terms: most, bytes, kernels };
  return {
    rows: columnItems(rows, column.variable, bounds),
    terms: most * cuda.warp,
    bytes: { ...bytes, once: bytes.inLoops, kept: 0 },
    kernels,
    columns: true,
  };
}

export const splitRows = (kernel: Kernel, split: SplitRows): Stage[] => new Splitting(kernel, split).stages();

/** What is known of an accumulator once its parts lie in memory. */
type Parts = { readonly room: Room; readonly unit: Unit; readonly fold: Fold | Pick };

class Splitting {
  private readonly kernel: Kernel;
  private readonly rows: LongRows;
  private readonly d: Draft;
  private readonly part: number;
  private readonly place: number;
  private readonly count: Poly;
  private readonly start: Poly;
  private readonly piece: number;
  private readonly folded = new Map<string, Parts>();

  constructor(kernel: Kernel, { rows, parts }: SplitRows) {
    this.kernel = kernel;
    this.rows = rows;
    this.d = new Draft(kernel);
    // Of whole vectors, so that every part starts where the reads of the others do; of columns as many rows for each warp.
    const step = rows.column === undefined ? 1024 : cuda.warp;
    this.piece = Math.max(1, Math.round(rows.most / parts / step)) * step;
    this.count = int(Math.ceil(rows.most / this.piece));
    this.part = this.d.variable("part", this.count);
    this.start = multiply(axis(this.part), int(this.piece));
    const size = minimum(int(this.piece), subtract(rows.terms, this.start));
    this.place = this.d.variable("place", size);
  }

  stages(): Stage[] {
    const { stages } = this.rows;
    return stages.map((units, i) => this.stage(units, i, i === stages.length - 1));
  }

  private stage(units: readonly Unit[], number: number, isLast: boolean): Stage {
    const loops = units.some((u) => u.isLoop);
    const own = new Set(units.flatMap((u) => [...foldedIn(u.body)]));
    const body = units.flatMap((u) => this.statements(u, loops));
    const { pure, uses } = neededBy(body, this.rows.pure);
    const wanted = this.withScales(
      [...uses.locals].filter((name) => this.folded.has(name) && !own.has(name)),
    );
    const outgoing = isLast ? [] : this.outgoing(units);
    const row = [
      ...wanted.map((name) => this.rows.accumulators.get(name)!),
      ...this.refolds(wanted),
      ...pure,
      ...[...own].map((name) => this.rows.accumulators.get(name)!),
      ...body,
      ...outgoing.map(({ name, room }) => this.stored(name, room)),
    ];
    const read = [...new Set(wanted)].map((name) => this.folded.get(name)!.room);
    for (const { name, room, unit, fold } of outgoing) this.folded.set(name, { room, unit, fold });
    const rooms = [
      ...read.map((room) => ({ room, mutable: false, shape: this.shape() })),
      ...outgoing.map(({ room }) => ({ room, mutable: true, shape: this.shape() })),
    ];
    return this.d.stage(this.header(number, isLast, read.length > 0), this.nested(row, loops), rooms);
  }

  /** Every loop over its part; what stands alone is the first part's. */
  private statements(u: Unit, inParts: boolean): Stmt[] {
    if (!u.isLoop && inParts) return [{ kind: "if", condition: isZero(axis(this.part)), body: u.body }];
    return u.body.map((s) => (s.kind === "loop" ? this.piecewise(s) : s));
  }

  private piecewise(l: Loop): Loop {
    const chain = chainOf(l, () => true);
    const at = add(this.start, axis(this.place));
    const { size } = this.d.variables[this.place];
    return { ...l, variable: this.place, size, how: "lanes", work: one, body: termOf(chain, at) };
  }

  /** With the greatest that the sums among them are scaled by. */
  private withScales(names: readonly string[]): string[] {
    const all = names.flatMap((name) => {
      const { unit, fold } = this.folded.get(name)!;
      if (fold.kind === "pick") return [fold.best, fold.at];
      return unit.scaled?.sum === name ? [unit.scaled.greatest, name] : [name];
    });
    return [...new Set(all)];
  }

  /** The parts' folds become one; those of scaled sums once the greatest is known. */
  private refolds(names: readonly string[]): Stmt[] {
    const isScaled = (name: string): boolean => this.folded.get(name)!.unit.scaled?.sum === name;
    const plain = names.filter((name) => !isScaled(name)).flatMap((name) => this.refold(name));
    const scaled = names.filter(isScaled).map((name) => this.rescaled(name));
    const over = (body: readonly Stmt[]): Stmt[] =>
      body.length === 0
        ? []
        : [{ kind: "loop", variable: this.others, size: this.count, how: "lanes", work: one, body }];
    return [...over(plain), ...over(scaled)];
  }

  private refold(name: string): Stmt[] {
    const { fold } = this.folded.get(name)!;
    if (fold.kind === "fold") return [{ ...fold, value: this.loaded(name) }];
    if (name === fold.best) return [];
    const found = this.position;
    const value: Expr = { kind: "cast", x: this.loaded(fold.at), dtype: "i64" };
    return [
      { kind: "index", variable: found, value },
      { ...fold, value: this.loaded(fold.best), position: axis(found) },
    ];
  }

  private rescaled(name: string): Stmt {
    const { fold, unit } = this.folded.get(name)!;
    const { greatest } = unit.scaled!;
    const binary = (fn: string, a: Expr, b: Expr): Expr => ({ kind: "binary", fn, a, b, dtype: "f32" });
    const below = binary("sub", this.loaded(greatest), local(greatest));
    const scale: Expr = { kind: "unary", fn: "exp", x: below, dtype: "f32" };
    return { ...(fold as Fold), value: binary("mul", this.loaded(name), scale) };
  }

  private loaded(name: string): Expr {
    const { room } = this.folded.get(name)!;
    const { dtype } = this.rows.accumulators.get(name)!;
    return { kind: "load", from: room.room, at: this.d.place([...this.outer(), this.others]), dtype };
  }

  private stored(name: string, room: Room): Stmt {
    const { dtype } = this.rows.accumulators.get(name)!;
    const at = this.d.place([...this.outer(), this.part]);
    return { kind: "store", to: room.room, at, value: { kind: "local", name, dtype } };
  }

  private outgoing(units: readonly Unit[]) {
    return units.flatMap((unit) =>
      unit.folds.flatMap((fold) =>
        (fold.kind === "fold" ? [fold.name] : [fold.best, fold.at]).map((name) => {
          const { dtype } = this.rows.accumulators.get(name)!;
          const wanted = this.d.name(`${name.replace(/_+$/, "")}_parts`);
          return { name, unit, fold, room: this.d.room(wanted, [...this.outer(), this.part], 1, dtype) };
        }),
      ),
    );
  }

  /** A loop over all parts, within the work of one of them. */
  private get others(): number {
    this.other ??= this.d.variable("other", this.count);
    return this.other;
  }
  private other: number | undefined;

  /** Where a part has found its extreme. */
  private get position(): number {
    this.found ??= this.d.variable("found", this.rows.terms);
    return this.found;
  }
  private found: number | undefined;

  private outer(): number[] {
    return this.rows.rows.map((l) => l.variable);
  }

  private shape(): string {
    return this.rows.rows.length === 0 ? `[${this.count.constant}]` : `[rows, ${this.count.constant} parts]`;
  }

  private header(number: number, isLast: boolean, reads: boolean) {
    const whose =
      this.rows.column === undefined ? "a block each" : `a block for ${cuda.warp} columns of each`;
    const cut = `In parts of ${this.piece} elements, ${whose}.`;
    const meets = "Puts the parts together in their order.";
    return {
      name: isLast ? this.kernel.name : `${this.kernel.name}_parts${number === 0 ? "" : number + 1}`,
      notes: [...(number === 0 ? [...this.kernel.notes, cut] : []), ...(reads ? [meets] : [])],
      family: "reduction" as const,
    };
  }

  /** The statements of a row for all of them, and for each part where there are loops over the row. */
  private nested(row: readonly Stmt[], inParts: boolean): Stmt[] {
    const { rows } = this.rows;
    if (!inParts) {
      const serial = row.map((s): Stmt => (s.kind === "loop" ? { ...s, how: "serial" } : s));
      return rows.length === 0 ? serial : [rebuilt(bare(rows), rows[0].how, serial)];
    }
    const parts: Loop = {
      kind: "loop",
      variable: this.part,
      size: this.count,
      how: "rows",
      work: one,
      body: row,
    };
    return rows.length === 0 ? [parts] : [rebuilt(bare(rows), "rows", [parts])];
  }
}

/** Without what they name: that stands in the innermost. */
const bare = (rows: readonly Loop[]): Loop[] =>
  rows.map((l) => ({ ...l, work: one, body: l.body.slice(-1) }));

/** The body of nested loops for the term with this number. */
function termOf(chain: readonly Loop[], at: Poly): Stmt[] {
  const body = chain.flatMap((l, i) => (i === chain.length - 1 ? l.body : l.body.slice(0, -1)));
  if (chain.length === 1) {
    const [{ variable }] = chain;
    return withPolys(body, (p) =>
      substitute(p, (a) => (a.kind === "axis" && a.axis === variable ? at : undefined)),
    );
  }
  const names = chain.map((l, i): Stmt => {
    const within = multiply(one, ...chain.slice(i + 1).map((x) => x.size));
    const quotient = floorDiv(at, within);
    const value = i === 0 ? quotient : modulo(quotient, l.size);
    return { kind: "index", variable: l.variable, value: { kind: "index", value, dtype: "i64" } };
  });
  return [...names, ...body];
}
