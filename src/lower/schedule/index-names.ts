/** Names of loop variables: those of the `.lum` line where it tells, else i, j, k … */
import { type Coordinate, isPoly, type Node } from "../../ir/hlir.ts";
import { axesIn } from "../plan-contraction.ts";

const usual = ["i", "j", "k", "p", "q", "r"];

/** One name per axis of `n`, from `y[n, o] = …` on the line of its definition. */
export function axisNames(n: Node, rank: number): string[] {
  const { text } = n.span.file;
  const start = text.lastIndexOf("\n", n.span.start - 1) + 1;
  const end = text.indexOf("\n", n.span.start);
  const line = text.slice(start, end < 0 ? undefined : end);
  const left = /^\s*(?:output\s+|tap\s+)?\w+\[([^\]]*)\]\s*:?=/.exec(line)?.[1];
  const names = left?.split(",").map((part) => /^\s*([A-Za-z_]\w*)(?:\s+in\b.*)?\s*$/.exec(part)?.[1]);
  if (names !== undefined && names.length === rank && names.every((x) => x !== undefined))
    return names as string[];
  const written =
    n.op.kind === "update" && left !== undefined ? writtenNames(n.op.map, left.split(","), rank) : undefined;
  if (written !== undefined) return written;
  return Array.from({ length: rank }, (_, i) => (rank <= usual.length ? usual[i] : `i${i}`));
}

/** Of `cache[pos + t, h, d] := …`: the last name of each place, by the axis that it runs along. */
function writtenNames(
  map: readonly Coordinate[],
  places: readonly string[],
  rank: number,
): string[] | undefined {
  const names = Array.from({ length: rank }, (_, a) => {
    const at = map.slice(-places.length).findIndex((c) => isPoly(c) && axesIn([c]).has(a));
    return at < 0 ? undefined : /([A-Za-z_]\w*)\s*$/.exec(places[at])?.[1];
  });
  const known = names.filter((x) => x !== undefined);
  return known.length === rank && new Set(known).size === rank ? known : undefined;
}

/** Names of a reduction's own axes, from `sum(i, r in 0..3)` in its span. */
export function reducedNames(n: Node, count: number): string[] {
  const text = n.span.file.text.slice(n.span.start, n.span.end);
  const binders = /^\s*\w+\(([^)]*)\)/.exec(text)?.[1];
  const names = binders?.split(",").map((part) => /^\s*([A-Za-z_]\w*)/.exec(part)?.[1]);
  if (names !== undefined && names.length === count && names.every((x) => x !== undefined))
    return names as string[];
  return Array.from({ length: count }, (_, i) => (count === 1 ? "k" : `k${i}`));
}
