/** The single steps from a genome to its neighbours. */
import type { Node } from "../ir/hlir.ts";
import { reachable, rootsOf } from "../ir/hlir.ts";
import { choicesOf, storedIn, winogradTiles, winogradTileText } from "../ir/plan.ts";
import { winogradApplies } from "../lower/schedule/winograd.ts";
import type { Candidate as Decoded, Genome } from "./genome.ts";
import type { Space } from "./space.ts";

export type Move = {
  /** What it does, in a few words. */
  readonly text: string;
  readonly apply: (g: Genome) => Genome;
};

const withEntry = <K, V>(m: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> => {
  const next = new Map(m);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
};

/** Another term for a tensor of the model, or for one that rules made. */
export function termMoves(nodes: readonly Node[], space: Space): Move[] {
  const moves: Move[] = [];
  for (const n of nodes) {
    const list = space.candidates.get(space.classOf.get(n)!) ?? [];
    for (const [i, c] of list.entries()) {
      if (c.kind === "node" && (c.node === n || c.node.id > n.id)) continue;
      const what = c.kind === "node" ? `node ${c.node.id}` : c.term.key;
      moves.push({
        text: `compute ${n.name ?? `node ${n.id}`} as ${what}`,
        apply: (g) => ({ ...g, nodes: withEntry(g.nodes, n.id, g.nodes.get(n.id) === i ? undefined : i) }),
      });
    }
  }
  for (const [c, list] of space.candidates) {
    if (list[0].kind === "node") continue;
    for (let i = 1; i < list.length; i++)
      moves.push({
        text: `compute class ${c} by its term ${i}`,
        apply: (g) => ({ ...g, classes: withEntry(g.classes, c, g.classes.get(c) === i ? undefined : i) }),
      });
  }
  return moves;
}

/**
 * A weighted sum in one pass, with every quotient that divides it by its total computed from it. A tensor that is the
 * quotient but for a rounding may be so, or be computed from the rounded one as the model says.
 */
export function onePassMoves(nodes: readonly Node[], space: Space): Move[] {
  const holders = holdersOf(nodes, space);
  return [...space.onePass].flatMap((weighted): Move[] => {
    const nodesAs = new Map<number, number>();
    const rounded = new Set<number>();
    const classesAs = new Map<number, number>();
    const inline = new Map<string, boolean>();
    for (const [c, at] of termsOver(space, weighted, "Binary")) {
      for (const n of holders.get(c) ?? []) {
        nodesAs.set(n.id, at);
        if (n.op.kind === "cast") rounded.add(n.id);
      }
      if (holders.has(c)) continue;
      // A quotient that no node of the model is: a view of it is one. The kernel has the quotient's order, not the view's.
      classesAs.set(c, at);
      inline.set(`c${c}`, false);
      for (const [seen, view] of termsOver(space, c, "View"))
        for (const n of holders.get(seen) ?? []) nodesAs.set(n.id, view);
    }
    const move = (text: string, kept: ReadonlySet<number>): Move => ({
      text,
      apply: (g) => ({
        ...g,
        nodes: new Map([...[...g.nodes, ...nodesAs].filter(([id]) => !kept.has(id))]),
        classes: new Map([...g.classes, ...classesAs]),
        inline: new Map([...g.inline, ...inline]),
        onePass: new Set([...g.onePass, weighted]),
      }),
    });
    const text = `one pass over the keys for class ${weighted}`;
    const without = move(text, new Set());
    return rounded.size === 0 ? [without] : [without, move(`${text}, rounded as it is stored`, rounded)];
  });
}

/** The nodes of each class. */
const holdersOf = (nodes: readonly Node[], space: Space): ReadonlyMap<number, readonly Node[]> =>
  Map.groupBy(nodes, (n) => space.classOf.get(n)!);

/** Classes with a term `op` of the class given, each with the number of the first such candidate. */
function termsOver(space: Space, of: number, op: string): [number, number][] {
  return [...space.candidates].flatMap(([c, list]): [number, number][] => {
    const at = list.findIndex(
      (x) =>
        x.kind === "term" && x.term.op === op && x.term.operands.some((o) => "class" in o && o.class === of),
    );
    return at < 0 ? [] : [[c, at]];
  });
}

/** Winograd's filtering, in tiles of each size, for convolutions that rules have found it for, and the reverse. */
export function winogradMoves({ plan, rebuilt }: Decoded): Move[] {
  const { bounds } = plan.hlir;
  return plan.entries.flatMap((entry) => {
    const isStored = storedIn(entry);
    return [...choicesOf(entry.body)].flatMap((c): Move[] => {
      const { implementation: i } = c;
      if (i.family !== "contraction" || !rebuilt.space.winograd.has(rebuilt.classOf.get(i.anchor) ?? -1))
        return [];
      if (!winogradApplies(c, bounds, isStored)) return [];
      const key = rebuilt.keyOf.get(i.anchor);
      if (key === undefined) return [];
      const what = c.root.name ?? key;
      return [undefined, ...winogradTiles]
        .filter((tile) => tile !== i.winograd)
        .map((tile) => ({
          text:
            tile === undefined
              ? `compute ${what} without filtering by Winograd`
              : `filter ${what} by Winograd in ${winogradTileText(tile)} tiles`,
          apply: (g) => ({ ...g, winograd: withEntry(g.winograd, key, tile) }),
        }));
    });
  });
}

const cheap = new Set([
  "view",
  "constant",
  "data",
  "iota",
  "input",
  "weight",
  "state",
  "param",
  "result",
  "loop",
]);

/** Storing what is computed inside its consumers, and the reverse. */
export function storageMoves({ plan, rebuilt }: Decoded): Move[] {
  const moves: Move[] = [];
  const seen = new Set<string>();
  const flip = (n: Node, inline: boolean): void => {
    const key = rebuilt.keyOf.get(n);
    if (key === undefined || seen.has(key)) return;
    seen.add(key);
    moves.push({
      text: `${inline ? "compute" : "store"} ${n.name ?? key}${inline ? " inside its consumers" : ""}`,
      apply: (g) => ({
        ...g,
        inline: withEntry(g.inline, key, g.inline.has(key) ? undefined : inline),
      }),
    });
  };
  for (const entry of plan.entries) {
    const mandatory = new Set<Node>(rootsOf(entry.entry));
    for (const n of reachable(rootsOf(entry.entry)))
      if (n.op.kind === "loop") for (const x of [...n.op.loop.results, ...n.inputs]) mandatory.add(x);
    for (const { root, inlined } of choicesOf(entry.body)) {
      if (
        !mandatory.has(root) &&
        root.cell === undefined &&
        !["topk", "cumulate", "custom"].includes(root.op.kind)
      )
        flip(root, true);
      for (const n of inlined) if (!cheap.has(n.op.kind)) flip(n, false);
    }
  }
  return moves;
}
