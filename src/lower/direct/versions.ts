/** Order between reads and writes of states: all versions of one share its memory. */
import type { Node } from "../../ir/hlir.ts";
import { isPoly } from "../../ir/hlir.ts";
import { equal } from "../../ir/poly.ts";
import type { Use } from "./draft.ts";

/** For a version of a state, the nodes that overwrite it: updates, and loops that carry it. */
export type Writers = ReadonlyMap<Node, readonly Node[]>;

export function versionWriters(nodes: readonly Node[]): Writers {
  const writers = new Map<Node, Node[]>();
  const note = (version: Node, writer: Node) => {
    writers.set(version, [...(writers.get(version) ?? []), writer]);
  };
  for (const n of nodes) {
    if (n.op.kind === "update") note(n.inputs[0], n);
    if (n.op.kind !== "loop") continue;
    for (const [i, start] of n.inputs.entries())
      if (start.cell !== undefined && n.op.loop.results[i] !== n.op.loop.params[i]) note(start, n);
  }
  return writers;
}

/**
 * `n` reads a version directly and one of the kernels that would do so runs at or after the next write. An update
 * may itself read what it overwrites, element for element.
 */
export function tooLate(n: Node, uses: readonly Use[], writers: Writers): boolean {
  const version = n.inputs[0];
  const next = version?.cell === undefined ? [] : (writers.get(version) ?? []);
  return uses.some(({ draft, coords }) =>
    next.some((writer) => {
      if (draft.root !== writer) return draft.root.id > writer.id;
      return !(n.op.kind === "view" && writer.op.kind === "update" && sameElements(n, coords, writer));
    }),
  );
}

function sameElements(n: Node, coords: Use["coords"], writer: Node): boolean {
  if (n.op.kind !== "view" || writer.op.kind !== "update") return false;
  const identity = coords.every((c, i) => c.key === `a${i}`);
  const written = writer.op.map;
  return (
    identity &&
    n.op.map.every((p, i) => {
      const w = written[i];
      return isPoly(w) && equal(p, w);
    })
  );
}
