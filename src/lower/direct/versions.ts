/** Order between reads and writes of states: all versions of one share its memory. */
import type { Node } from "../../ir/hlir.ts";
import { isPoly } from "../../ir/hlir.ts";
import { equal, type Poly } from "../../ir/poly.ts";
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

/** The loop that a node is in the body of, if any. */
export type LoopOf = (n: Node) => Node | undefined;

/**
 * `n` reads a version directly and one of the kernels that would do so runs at or after the next write. An update
 * may itself read what it overwrites, element for element; a loop overwrites before its body has run once.
 */
export function tooLate(n: Node, uses: readonly Use[], writers: Writers, loopOf: LoopOf): boolean {
  return n.inputs.some((version) => {
    const next = version.cell === undefined ? [] : (writers.get(version) ?? []);
    return uses.some(({ draft, coords }) =>
      next.some((writer) => {
        if (draft.root === writer) return !sameElements(n, coords, writer);
        const step = stepBeside(draft.root, writer, loopOf);
        return step === writer || step.id > writer.id;
      }),
    );
  });
}

/** The step of the writer's own region that `root` is or is within. */
function stepBeside(root: Node, writer: Node, loopOf: LoopOf): Node {
  const region = loopOf(writer);
  let step = root;
  for (let loop = loopOf(step); loop !== region && loop !== undefined; loop = loopOf(step)) step = loop;
  return step;
}

/** At `coords` of the update's domain, `n` reads the element that the update writes there. */
function sameElements(n: Node, coords: Use["coords"], writer: Node): boolean {
  if (writer.op.kind !== "update" || n.op.kind === "gather") return false;
  if (!coords.every((c, i) => c.key === `a${i}`)) return false;
  return writesAt(writer, n.op.kind === "view" ? n.op.map : coords);
}

/** An update writes the very elements `coords`, over its own domain. */
function writesAt(writer: Node, coords: readonly Poly[]): boolean {
  const written = writer.op.kind === "update" ? writer.op.map : [];
  return coords.every((p, i) => {
    const w = written[i];
    return w !== undefined && isPoly(w) && equal(p, w);
  });
}
