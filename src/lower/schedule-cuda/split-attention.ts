/**
 * Attention with few rows, as in decoding: heads that share keys become rows of one tile, so that the keys are read
 * once for all of them, and the keys are split into parts, each a block's work. A second kernel puts the parts of a row
 * together: its greatest score is the greatest of the parts', and what each has summed is scaled by how far it is below.
 */
import type { Attention, Expr, Kernel, Operand, Stmt, Tiling } from "../../ir/kernel.ts";
import { add, axis, floorDiv, int, modulo, multiply, one, type Poly } from "../../ir/poly.ts";
import { isPure } from "./loops.ts";
import { Draft, isZero, local, number, overGrid, overParts, type Stage, variablesIn } from "./stages.ts";

/** The attention of a kernel that is nothing but one. */
export function attentionIn(kernel: Kernel): Attention | undefined {
  const last = kernel.body.at(-1);
  return last?.kind === "attention" && kernel.body.slice(0, -1).every(isPure) ? last : undefined;
}

/** `items`: so many heads are one item's rows. */
export function splitAttention(kernel: Kernel, s: Attention, items: number, tiling: Tiling): Stage[] {
  const d = new Draft(kernel);
  const before = kernel.body.slice(0, -1);
  const packed = items === 1 ? s : packedAttention(d, s, items);
  const packing =
    items === 1
      ? []
      : [
          `The ${items} heads that share keys are rows of one tile, which reads the keys once for all of them.`,
        ];
  const notes = [...kernel.notes, ...packing];
  if (tiling.parts === 1) {
    const { name, family } = kernel;
    return [{ ...d.stage({ name, notes, family }, [...before, packed], []), tiling }];
  }
  const part = d.variable("part", int(tiling.parts));
  const greatest = d.name("greatest");
  const rows = [part, packed.item, packed.row];
  const sums = d.room(d.name("sums"), [...rows, packed.width], 1);
  const stats = d.room(d.name("stats"), rows, 2);
  const row = multiply(d.place(rows), int(2));
  const ofRow: Stmt[] = [
    { kind: "store", to: stats.room, at: row, value: local(greatest) },
    { kind: "store", to: stats.room, at: add(row, one), value: local(s.total) },
  ];
  const epilogue: Stmt[] = [
    { kind: "store", to: sums.room, at: d.place([...rows, packed.width]), value: local(s.weighted) },
    ...(packed.width === undefined
      ? ofRow
      : [{ kind: "if", condition: isZero(axis(packed.width)), body: ofRow } as const]),
  ];
  const shapes = {
    sums: `[${tiling.parts} parts of the keys, rows, columns]`,
    stats: `[${tiling.parts} parts of the keys, rows]: greatest score and total`,
  };
  const split = `The keys are split into ${tiling.parts} parts, for enough tiles to fill the device.`;
  const first = d.stage(
    { name: `${kernel.name}_parts`, notes: [...notes, split], family: "attention" },
    [...before, { ...packed, epilogue, split: { part, greatest } }],
    [
      { room: sums, mutable: true, shape: shapes.sums },
      { room: stats, mutable: true, shape: shapes.stats },
    ],
  );
  const second = d.stage(
    {
      name: kernel.name,
      notes: ["Puts together what the parts of the keys have summed."],
      family: "reduction",
    },
    [
      ...before,
      ...combining(d, s, { part, greatest, sums: sums.room, stats: stats.room, parts: tiling.parts }),
    ],
    [
      { room: sums, mutable: false, shape: shapes.sums },
      { room: stats, mutable: false, shape: shapes.stats },
    ],
  );
  return [{ ...first, tiling }, second];
}

/** The rows of `items` items, one after the other, as those of one. */
function packedAttention(d: Draft, s: Attention, items: number): Attention {
  const all = d.sizeOf(s.item);
  const own = d.sizeOf(s.row);
  const item = d.variable("group", floorDiv(all, int(items)));
  const row = d.variable("line", multiply(int(items), own));
  const first = indexed(s.item!, multiply(axis(item), int(items)));
  const head = indexed(s.item!, add(multiply(axis(item), int(items)), floorDiv(axis(row), own)));
  const within = s.row === undefined ? [] : [indexed(s.row, modulo(axis(row), own))];
  const rowOf = (body: readonly Stmt[], ...more: unknown[]) => bound([head, ...within], body, more);
  const perItem = (o: Operand): Operand => ({ ...o, perItem: bound([first], o.perItem, [o.form]) });
  const ofItem = s.seen === undefined ? new Set<number>() : itemsIn(s.seen.lets, [s.seen.begin, s.seen.end]);
  return {
    ...s,
    item,
    row,
    group: one,
    q: { perItem: [], form: rowsOf(s, rowOf) },
    k: perItem(s.k),
    v: perItem(s.v),
    seen: s.seen === undefined || ofItem.has(s.item!) ? undefined : s.seen,
    score: { ...s.score, lets: rowOf(s.score.lets, s.score.value) },
    epilogue: rowOf(s.epilogue),
    packed: { row: s.row },
  };
}

const indexed = (variable: number, value: Poly): Stmt & { kind: "index" } => ({
  kind: "index",
  variable,
  value: { kind: "index", value, dtype: "i64" },
});

/** The variables as far as the rest mentions them. */
function bound(
  names: readonly (Stmt & { kind: "index" })[],
  body: readonly Stmt[],
  more: readonly unknown[],
): Stmt[] {
  const wanted = variablesIn([body, more]);
  return [...names.filter((n) => wanted.has(n.variable)), ...body];
}

const itemsIn = (lets: readonly Stmt[], ends: readonly Poly[]): Set<number> => variablesIn([lets, ends]);

/** Queries of several items: where one lies depends on its item, so that each is read by its own place. */
function rowsOf(s: Attention, rowOf: (body: readonly Stmt[], ...more: unknown[]) => Stmt[]): Operand["form"] {
  const { form, perItem } = s.q;
  if (form.kind === "computed") return { ...form, lets: rowOf([...perItem, ...form.lets], form.value) };
  if (form.kind !== "strided") throw new Error(`queries in the form ${form.kind}`);
  const along = (v: number | undefined, stride: Poly): Poly[] =>
    v === undefined ? [] : [multiply(axis(v), stride)];
  const at = add(form.offset, ...along(s.row, form.outerStride), ...along(s.depth, form.kStride));
  const load: Expr = { kind: "load", from: form.from, at, dtype: form.dtype };
  const value: Expr = form.dtype === "f32" ? load : { kind: "cast", x: load, dtype: "f32" };
  return { kind: "computed", lets: rowOf(perItem, value), value };
}

type Parts = {
  readonly part: number;
  readonly greatest: string;
  readonly sums: string;
  readonly stats: string;
  readonly parts: number;
};

function combining(d: Draft, s: Attention, p: Parts): Stmt[] {
  const load = (from: string, at: Poly): Expr => ({ kind: "load", from, at, dtype: "f32" });
  const binary = (fn: string, a: Expr, b: Expr): Expr => ({ kind: "binary", fn, a, b, dtype: "f32" });
  const row = multiply(d.place([p.part, s.item, s.row]), int(2));
  const scale = d.name("scale");
  const below = binary("sub", load(p.stats, row), local(p.greatest));
  const some: Expr = {
    ...{ kind: "binary", fn: "ne", a: local(p.greatest), b: number(-Infinity), dtype: "bool" },
  } as Expr;
  const weight: Expr = {
    kind: "select",
    condition: some,
    a: { kind: "unary", fn: "exp", x: below, dtype: "f32" },
    b: number(0),
    dtype: "f32",
  };
  const accumulator = (name: string, start: number): Stmt => ({
    kind: "accumulator",
    name,
    dtype: "f32",
    start,
  });
  const scaled = (value: Expr): Expr => binary("mul", value, local(scale));
  const sum = load(p.sums, d.place([p.part, s.item, s.row, s.width]));
  const over = (body: readonly Stmt[]): Stmt => overParts(p.part, int(p.parts), body);
  return overGrid(
    d,
    [s.item, s.row, s.width],
    [
      accumulator(p.greatest, -Infinity),
      over([{ kind: "fold", name: p.greatest, fn: "max", value: load(p.stats, row) }]),
      accumulator(s.weighted, 0),
      accumulator(s.total, 0),
      over([
        { kind: "let", name: scale, value: weight },
        { kind: "fold", name: s.weighted, fn: "sum", value: scaled(sum) },
        { kind: "fold", name: s.total, fn: "sum", value: scaled(load(p.stats, add(row, one))) },
      ]),
      ...s.epilogue,
    ],
  );
}
