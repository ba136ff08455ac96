/** Loops over tiles of what is read across the lines that are written. */
import { byteSize } from "../../ir/dtype.ts";
import type { Exchange, Stmt } from "../../ir/kernel.ts";
import { add, axis, constantOf, floorDiv, int, multiply, one } from "../../ir/poly.ts";
import { tilePitch } from "../../lower/schedule-cuda/exchange.ts";
import { infix } from "../../ops/spelling.ts";
import { cuda } from "../../targets/cuda.ts";
import { cppType } from "../cpp.ts";
import { type Indexing, indexText, indexType } from "../kernels/indices.ts";
import { blockLines } from "../kernels/statements.ts";

type Loop = Stmt & { readonly kind: "loop" };

const side = cuda.tileSide;

/** Shared memory of one tile: tiles start where any element may. */
const bytesOf = (dtype: Exchange["reads"][number]["dtype"]): number =>
  Math.ceil((side * tilePitch * byteSize(dtype)) / 16) * 16;

export const tileBytes = ({ reads }: Exchange): number => reads.reduce((sum, r) => sum + bytesOf(r.dtype), 0);

/** `for` over the tiles, a block each: the reads along their lines, and then the statements along those of the result. */
export function tileLines(s: Loop, threads: number, indent: string, ix: Indexing): string[] {
  const exchange = s.exchange!;
  const { loops, body } = nestOf(s);
  const inner = `${indent}    `;
  const name = (v: number): string => ix.variables[v].name;
  const { across, along, lane, row, names } = exchange;
  const { tile, first } = names;
  const startOf = (v: number): string => (v === across ? names.acrossStart : names.alongStart);
  const type = indexType(ix);
  const isSide = (l: Loop): boolean => l.variable === across || l.variable === along;
  const count = (l: Loop) => (isSide(l) ? floorDiv(add(l.size, int(side - 1)), int(side)) : l.size);
  const counts = loops.map(count);
  const parts = loops.map((l, i): string => {
    const behind = multiply(one, ...counts.slice(i + 1));
    const quotient = i === loops.length - 1 ? tile : infix(tile, "/", indexText(behind, ix));
    const number = i === 0 ? quotient : infix(quotient, "%", indexText(counts[i], ix));
    if (!isSide(l)) return `const ${type} ${name(l.variable)} = ${number};`;
    return `const ${type} ${startOf(l.variable)} = ${infix(number, "*", String(side))};`;
  });
  /** Every thread its lane's elements in each of its rows, `byLane` and `byRow` the sides that those are on. */
  const walk = (byLane: number, byRow: number, lines: readonly string[], note: string): string[] => {
    const outside = (v: number): string[] => {
      const { size } = loops.find((l) => l.variable === v)!;
      return (constantOf(size) ?? 1) % side === 0 ? [] : [infix(name(v), ">=", indexText(size, ix))];
    };
    const checks = [...outside(byRow), ...outside(byLane)];
    return [
      `${inner}// ${note}`,
      "#pragma unroll",
      `${inner}for (int ${first} = 0; ${first} < ${side}; ${first} += ${threads / cuda.warp}) {`,
      `${inner}    const int ${name(row)} = ${first} + lum::warp();`,
      `${inner}    const ${type} ${name(byRow)} = ${startOf(byRow)} + ${name(row)};`,
      `${inner}    const ${type} ${name(byLane)} = ${startOf(byLane)} + ${name(lane)};`,
      ...(checks.length === 0 ? [] : [`${inner}    if (${checks.join(" || ")}) continue;`]),
      ...lines,
      `${inner}}`,
    ];
  };
  const turned = indexText(add(multiply(axis(row), int(tilePitch)), axis(lane)), ix);
  const brought = exchange.reads.map(
    (r) => `${inner}    ${r.name}[${turned}] = ${r.from}[${indexText(r.at, ix)}];`,
  );
  let offset = 0;
  const tiles = exchange.reads.map((r) => {
    const start = offset;
    offset += bytesOf(r.dtype);
    const element = cppType(r.dtype);
    return `${indent}${element}* const ${r.name} = lum::shared<${element}>(${start});  // [${side}, ${tilePitch}]`;
  });
  const total = indexText(multiply(one, ...counts), ix);
  return [
    ...tiles,
    `${indent}const int ${name(lane)} = lum::lane();`,
    `${indent}for (${type} ${tile} = lum::block(); ${tile} < ${total}; ${tile} += lum::grid()) {`,
    ...parts.map((p) => inner + p),
    ...walk(across, along, brought, `neighbouring lanes read neighbours along ${name(across)}`),
    `${inner}lum::barrier();`,
    ...walk(along, across, blockLines(body, `${inner}    `, ix), `and write neighbours along ${name(along)}`),
    `${inner}lum::barrier();  // before the next tile takes the room`,
    `${indent}}`,
  ];
}

function nestOf(s: Loop): { loops: Loop[]; body: readonly Stmt[] } {
  const loops = [s];
  for (;;) {
    const { body } = loops.at(-1)!;
    const inner = body.at(-1);
    if (inner?.kind !== "loop" || inner.how !== s.how) return { loops, body };
    loops.push(inner);
  }
}
