/** Loops of CUDA kernels: over the grid, over rows, over the lanes of a group. */
import type { FoldFn, Kernel, Stmt } from "../../ir/kernel.ts";
import { add, constantOf, floorDiv, int, multiply, one, type Poly } from "../../ir/poly.ts";
import { columnGroups } from "../../lower/schedule-cuda/columns.ts";
import { infix } from "../../ops/spelling.ts";
import { cuda } from "../../targets/cuda.ts";
import { exprText, localType } from "../kernels/expressions.ts";
import { type Indexing, indexText, indexType } from "../kernels/indices.ts";
import { blockLines } from "../kernels/statements.ts";
import { tileLines } from "./exchange.ts";
import { type RowVectors, rowVectors } from "./row-vectors.ts";
import { type Vectorized, vectorized } from "./vectors.ts";

type Loop = Stmt & { readonly kind: "loop" };
type Group = "warp" | "block" | "columns";

/** Who runs the statements at hand: all threads for themselves, a group together, one thread. */
type Level = "grid" | Group | "thread";

/** How a group's threads walk and where it stands among the others. */
const groups = {
  warp: { first: "lum::lane()", step: "lum::kWarp", row: "lum::global_warp()", rows: "lum::global_warps()" },
  block: { first: "lum::thread()", step: "lum::threads()", row: "lum::block()", rows: "lum::grid()" },
} as const;

/** Of a loop over columns: whether a lane has one, if not all do, and how many warps share the rows. */
type Columns = { readonly own: string | undefined; readonly warps: number };

/** Rows of a column that a thread has under way at once. */
const rowsAtOnce = 4;

/** The body of a kernel. */
export function bodyLines(kernel: Kernel, indent: string, ix: Indexing): string[] {
  const { body } = kernel;
  if (!body.some((s) => s.kind === "accumulator" || s.kind === "topk"))
    return levelLines(body, "grid", indent, ix);
  if (body.some((s) => s.kind === "topk" || (s.kind === "loop" && (s.how === "lanes" || s.how === "scan"))))
    return rowBody(kernel, [], body, indent, ix);
  return [
    `${indent}if (lum::global_thread() != 0) return;  // one after the other`,
    ...blockLines(body, indent, ix),
  ];
}

const guards: Readonly<Record<Exclude<Level, "thread">, string>> = {
  grid: "lum::global_thread() == 0",
  warp: `${groups.warp.first} == 0`,
  block: `${groups.block.first} == 0`,
  columns: "lum::warp() == 0",
};

/** Statements of a level; what changes memory is done by one of its threads, what names values by all. */
function levelLines(
  body: readonly Stmt[],
  level: Exclude<Level, "thread">,
  indent: string,
  ix: Indexing,
  row?: RowVectors,
  columns?: Columns,
): string[] {
  const guard = columns?.own === undefined ? guards[level] : `${columns.own} && ${guards[level]}`;
  const lines: string[] = [];
  let guarded: Stmt[] = [];
  const close = (): void => {
    if (guarded.length === 0) return;
    const inner = blockLines(guarded, `${indent}    `, ix);
    if (inner.length === 1) lines.push(`${indent}if (${guard}) ${inner[0].trim()}`);
    else lines.push(`${indent}if (${guard}) {`, ...inner, `${indent}}`);
    guarded = [];
  };
  for (const s of body) {
    if (s.kind === "store" || s.kind === "if" || (s.kind === "loop" && s.how === "serial")) {
      guarded.push(s);
      continue;
    }
    close();
    if (s.kind === "topk") lines.push(...topkLines(s, indent, ix));
    else if (s.kind === "accumulator" && body.some((x) => x.kind === "loop" && x.how === "scan")) continue;
    else if (s.kind === "loop" && s.how === "scan") lines.push(...scanLines(s, body, indent, ix));
    else if (s.kind === "loop" && s.how === "lanes")
      lines.push(
        ...(columns === undefined
          ? laneLines(s, level === "warp" ? "warp" : "block", indent, ix, row)
          : rowsOfColumn(s, columns, indent, ix)),
      );
    else lines.push(...blockLines([s], indent, ix));
  }
  close();
  return lines;
}

/** Loops by how they run; those of rows know their group from the kernel. */
export const loopLines =
  (kernel: Kernel) =>
  (s: Loop, indent: string, ix: Indexing): string[] => {
    const group = kernel.launch?.group ?? "block";
    if (s.how === "grid") return gridLines(s, kernel, indent, ix);
    if (s.how === "rows") return rowLines(s, kernel, indent, ix);
    if (s.how === "lanes") return laneLines(s, group, indent, ix);
    if (s.how === "columns") return columnLines(s, kernel, indent, ix);
    if (s.how === "tiles") return tileLines(s, kernel.launch?.threads ?? cuda.threads, indent, ix);
    const { name } = ix.variables[s.variable];
    return [
      `${indent}for (${indexType(ix)} ${name} = 0; ${name} < ${indexText(s.size, ix)}; ++${name}) {`,
      ...blockLines(s.body, `${indent}    `, ix),
      `${indent}}`,
    ];
  };

/** The loops of a chain as one: its head, the lines that name their variables, and what stands between and in them. */
function flattened(s: Loop, wanted: string, ix: Indexing) {
  const loops: Loop[] = [s];
  const between: Stmt[] = [];
  for (;;) {
    const { body } = loops.at(-1)!;
    const inner = body.at(-1);
    if (inner?.kind !== "loop" || inner.how !== s.how) {
      return named(loops, { between, body }, wanted, ix);
    }
    between.push(...body.slice(0, -1));
    loops.push(inner);
  }
}

type Inside = { readonly between: readonly Stmt[]; readonly body: readonly Stmt[] };

function named(loops: readonly Loop[], inside: Inside, wanted: string, ix: Indexing) {
  const size = indexText(multiply(one, ...loops.map((l) => l.size)), ix);
  const body = [...inside.between, ...inside.body];
  const common = { loops, inside, size, body };
  if (loops.length === 1) return { ...common, name: nameOf(loops[0], ix), parts: [] as string[] };
  const name = freeName(wanted, ix);
  const sizes = loops.map((l) => l.size);
  return { ...common, name, parts: partsOf(loops, sizes, name, ix) };
}

const nameOf = (l: Loop, ix: Indexing): string => ix.variables[l.variable].name;

function freeName(wanted: string, ix: Indexing): string {
  const isFree = (n: string): boolean => !ix.variables.some((v) => v.name === n) && !ix.dialect?.taken.has(n);
  let name = [wanted, `${wanted}_at`].find(isFree) ?? `${wanted}_number`;
  while (!isFree(name)) name += "_";
  return name;
}

/** The variables of loops with these sizes from the number of the iteration, row-major. */
const partsOf = (loops: readonly Loop[], sizes: readonly Poly[], name: string, ix: Indexing): string[] =>
  loops.map((l, i) => {
    const inner = multiply(one, ...sizes.slice(i + 1));
    const quotient = i === loops.length - 1 ? name : infix(name, "/", indexText(inner, ix));
    const text = i === 0 ? quotient : infix(quotient, "%", indexText(sizes[i], ix));
    return `const ${indexType(ix)} ${nameOf(l, ix)} = ${text};`;
  });

/** Without the parts that nothing mentions. */
function usedParts(parts: readonly string[], body: readonly string[]): string[] {
  const text = body.join("\n");
  return parts.filter((p) => new RegExp(`\\b${/const \w+ (\w+) =/.exec(p)![1]}\\b`).test(text));
}

function gridLines(s: Loop, kernel: Kernel, indent: string, ix: Indexing): string[] {
  const flat = flattened(s, "item", ix);
  const inner = `${indent}    `;
  const last = flat.loops.at(-1)!;
  const { between, body: own } = flat.inside;
  const { size, variable } = last;
  const vector = vectorized(kernel, { size, variable, alone: flat.loops.length === 1 }, between, own, ix);
  if (vector !== undefined) return vectorLines(flat, vector, indent, ix);
  const body = blockLines(flat.body, inner, ix);
  return [
    `${indent}for (${indexType(ix)} ${flat.name} = lum::global_thread(); ${flat.name} < ${flat.size}; ${flat.name} += lum::global_threads()) {`,
    ...usedParts(flat.parts, body).map((p) => inner + p),
    ...body,
    `${indent}}`,
  ];
}

/** The same over whole vectors: the last variable goes in steps of their width. Then what is left over. */
function vectorLines(
  { loops, inside, size, body: scalar }: ReturnType<typeof flattened>,
  { width, tail, lines }: Vectorized,
  indent: string,
  ix: Indexing,
): string[] {
  const inner = `${indent}    `;
  const name = freeName("chunk", ix);
  const sizes = loops.map((l, i) => (i === loops.length - 1 ? floorDiv(l.size, int(width)) : l.size));
  const body = [...blockLines(inside.between, inner, ix), ...lines(inner)];
  const parts = partsOf(loops, sizes, name, ix);
  const last = parts.pop()!.replace(/;$/, ` * ${width};`);
  const count = indexText(multiply(one, ...sizes), ix);
  return [
    `${indent}for (${indexType(ix)} ${name} = lum::global_thread(); ${name} < ${count}; ${name} += lum::global_threads()) {`,
    ...usedParts([...parts, last], body).map((p) => inner + p),
    ...body,
    `${indent}}`,
    ...(tail
      ? [
          `${indent}for (${indexType(ix)} ${nameOf(loops[0], ix)} = ${infix(count, "*", String(width))} + lum::global_thread(); ${nameOf(loops[0], ix)} < ${size}; ${nameOf(loops[0], ix)} += lum::global_threads()) {`,
          ...blockLines(scalar, inner, ix),
          `${indent}}`,
        ]
      : []),
  ];
}

/** The statements of a row that a group works on together. */
function rowBody(
  kernel: Kernel,
  between: readonly Stmt[],
  body: readonly Stmt[],
  indent: string,
  ix: Indexing,
): string[] {
  const group = kernel.launch?.group ?? "block";
  const threads = group === "warp" ? 32 : (kernel.launch?.threads ?? 256);
  const row = rowVectors(kernel, between, body, { ...groups[group], threads }, ix);
  return [...(row?.declarations(indent) ?? []), ...levelLines([...between, ...body], group, indent, ix, row)];
}

function rowLines(s: Loop, kernel: Kernel, indent: string, ix: Indexing): string[] {
  const flat = flattened(s, "row", ix);
  const group = kernel.launch?.group ?? "block";
  const inner = `${indent}    `;
  const { between, body: own } = flat.inside;
  const body = rowBody(kernel, between, own, inner, ix);
  const { row, rows } = groups[group];
  return [
    `${indent}for (${indexType(ix)} ${flat.name} = ${row}; ${flat.name} < ${flat.size}; ${flat.name} += ${rows}) {  // a ${group} each`,
    ...usedParts(flat.parts, body).map((p) => inner + p),
    ...body,
    `${indent}}`,
  ];
}

/** Columns: a lane each, and their rows in turn by the warps of a block. Lanes beyond the last column follow it. */
function columnLines(s: Loop, kernel: Kernel, indent: string, ix: Indexing): string[] {
  const { loops, inside } = flattened(s, "group", ix);
  const inner = `${indent}    `;
  const type = indexType(ix);
  const at = loops.findIndex((l) => l.variable === s.column);
  const column = nameOf(loops[at], ix);
  const isWhole = (constantOf(loops[at].size) ?? 1) % cuda.warp === 0;
  const sizes = loops.map((l, i) => (i === at ? columnGroups(l.size) : l.size));
  const group = freeName("group", ix);
  const counted = partsOf(loops, sizes, group, ix);
  const last = indexText(add(loops[at].size, int(-1)), ix);
  const place = `${counted[at].replace(/;$/, "").replace(/^const \w+ \w+ = /, "")} * ${cuda.warp} + lum::lane()`;
  const own = isWhole ? undefined : freeName("is_column", ix);
  const lane = freeName(`${column}_lane`, ix);
  const columns = isWhole
    ? [`const ${type} ${column} = ${place};`]
    : [
        `const ${type} ${lane} = ${place};`,
        `const bool ${own} = ${lane} < ${indexText(loops[at].size, ix)};`,
        `const ${type} ${column} = ${own} ? ${lane} : ${last};`,
      ];
  const parts = counted.flatMap((p, i) => (i === at ? [] : [p]));
  const warps = (kernel.launch?.threads ?? cuda.threads) / cuda.warp;
  const row = [...inside.between, ...inside.body];
  const body = levelLines(row, "columns", inner, ix, undefined, { own, warps });
  const total = indexText(multiply(one, ...sizes), ix);
  return [
    `${indent}for (${type} ${group} = lum::block(); ${group} < ${total}; ${group} += lum::grid()) {  // ${cuda.warp} columns each`,
    ...usedParts(parts, body).map((p) => inner + p),
    ...columns.map((c) => inner + c),
    ...body,
    `${indent}}`,
  ];
}

/** A loop over the rows of a column, with as many reads under way as it is unrolled for. */
function rowsOfColumn(s: Loop, { warps }: Columns, indent: string, ix: Indexing): string[] {
  const flat = flattened(s, "place", ix);
  const inner = `${indent}    `;
  const body = blockLines(flat.body, inner, ix);
  return [
    `#pragma unroll ${rowsAtOnce}`,
    `${indent}for (${indexType(ix)} ${flat.name} = lum::warp(); ${flat.name} < ${flat.size}; ${flat.name} += ${warps}) {`,
    ...usedParts(flat.parts, body).map((p) => inner + p),
    ...body,
    `${indent}}`,
    ...combined(flat.body, "columns", warps).map((line) => indent + line),
  ];
}

function laneLines(
  s: Loop,
  group: Exclude<Group, "columns">,
  indent: string,
  ix: Indexing,
  row?: RowVectors,
): string[] {
  const own = row?.lines(s, indent);
  if (own !== undefined) return [...own, ...combined(s.body, group).map((line) => indent + line)];
  const flat = flattened(s, "place", ix);
  const inner = `${indent}    `;
  const body = blockLines(flat.body, inner, ix);
  const { first, step } = groups[group];
  return [
    `${indent}for (${indexType(ix)} ${flat.name} = ${first}; ${flat.name} < ${flat.size}; ${flat.name} += ${step}) {`,
    ...usedParts(flat.parts, body).map((p) => inner + p),
    ...body,
    `${indent}}`,
    ...combined(flat.body, group).map((line) => indent + line),
  ];
}

/** The greatest of a row, by a block. */
function topkLines(s: Stmt & { kind: "topk" }, indent: string, ix: Indexing): string[] {
  const inner = `${indent}    `;
  const type = localType(s.value.dtype);
  const to = constantOf(s.at) === 0 ? s.to : `${s.to} + ${indexText(s.at, ix)}`;
  const { name } = ix.variables[s.position];
  const value = [...blockLines(s.lets, `${inner}    `, ix), `${inner}    return ${exprText(s.value, ix)};`];
  const sizes = `${indexText(s.size, ix)}, ${indexText(s.count, ix)}`;
  const lines = [
    `${indent}lum::top_k<${indexType(ix)}>(${sizes}, ${to}, lum::shared<lum::TopKRoom<${type}>>(0),`,
    `${inner}[=](${parameter(indexType(ix), name, value)}) -> ${type} {`,
    ...value,
  ];
  if (s.answer === undefined) return [...lines, `${inner}});`];
  const answer = exprText(s.answer, ix);
  return [...lines, `${inner}},`, `${inner}[=](${indexType(ix)} ${name}) { return ${answer}; });`];
}

/** A running fold of a row, by a block: what is folded, and what is done with what it has come to. */
function scanLines(s: Loop, around: readonly Stmt[], indent: string, ix: Indexing): string[] {
  const at = s.body.findIndex((x) => x.kind === "fold");
  const fold = s.body[at];
  const start = around.find((x) => x.kind === "accumulator");
  if (fold?.kind !== "fold" || start?.kind !== "accumulator") throw new Error("a scan without a fold");
  const inner = `${indent}    `;
  const { name } = ix.variables[s.variable];
  const type = localType(start.dtype);
  const load = [
    ...blockLines(s.body.slice(0, at), `${inner}    `, ix),
    `${inner}    return ${exprText(fold.value, ix)};`,
  ];
  const after = s.body.slice(at + 1);
  const named = s.body.slice(0, at).filter((x) => x.kind === "index" || x.kind === "row");
  const store = blockLines([...named, ...after], `${inner}    `, ix);
  const neutral = exprText({ kind: "number", value: start.start, dtype: start.dtype }, ix);
  return [
    `${indent}lum::cumulate<lum::${functors[fold.fn]}, ${indexType(ix)}>(${indexText(s.size, ix)}, ${neutral}, lum::shared<${type}>(0),`,
    `${inner}[=](${parameter(indexType(ix), name, load)}) -> ${type} {`,
    ...load,
    `${inner}},`,
    `${inner}[=](${parameter(indexType(ix), name, store)}, ${type} ${fold.name}) {`,
    ...store,
    `${inner}});`,
  ];
}

/** Unnamed where the body can do without. */
const parameter = (type: string, name: string, body: readonly string[]): string =>
  new RegExp(`\\b${name}\\b`).test(body.join("\n")) ? `${type} ${name}` : type;

const functors: Readonly<Record<FoldFn, string>> = { sum: "Sum", prod: "Product", max: "Max", min: "Min" };

/** Shared memory through which the warps of a block meet. */
const scratch = (group: Group, type: string): string => (group !== "warp" ? `, lum::shared<${type}>(0)` : "");

/** What the lanes have folded, each for itself, becomes one value that all of them know. */
function combined(body: readonly Stmt[], group: Group, warps?: number): string[] {
  const number = warps === undefined ? "" : `, ${warps}`;
  const own = new Set<string>();
  const lines = new Map<string, string>();
  const visit = (stmts: readonly Stmt[]): void => {
    for (const s of stmts) {
      if (s.kind === "accumulator") own.add(s.name);
      if (s.kind === "fold" && !own.has(s.name))
        lines.set(
          s.name,
          `${s.name} = lum::${group}_reduce<lum::${functors[s.fn]}${number}>(${s.name}${scratch(group, localType(s.value.dtype))});`,
        );
      if (s.kind === "pick" && !own.has(s.best)) {
        const order = s.fn === "argmax" ? "RanksAbove" : "RanksBelow";
        lines.set(
          s.best,
          `lum::${group}_pick<lum::${order}${number}>(${s.best}, ${s.at}${scratch(group, "char")});`,
        );
      }
      if (s.kind === "loop" || s.kind === "if") visit(s.body);
    }
  };
  visit(body);
  return [...lines.values()];
}
