/** Hlir → the terms and facts of an e-graph. */
import type { Hlir, Node } from "../ir/hlir.ts";
import { bodyNodes, isPoly, reachable, rootsOf } from "../ir/hlir.ts";
import { binaryOps } from "../ops/index.ts";
import { type Atoms, maskOf, mostAxes, slides } from "./atoms.ts";

/** Nodes of all entries with the bodies of their loops, by id. */
export function allNodes(hlir: Hlir): Node[] {
  const found = new Set<Node>();
  const visit = (nodes: readonly Node[]): void => {
    for (const n of nodes) {
      if (found.has(n)) continue;
      found.add(n);
      if (n.op.kind === "loop") visit([...bodyNodes(n.op.loop), ...n.op.loop.params]);
    }
  };
  for (const e of hlir.entries) visit(reachable(rootsOf(e)));
  return [...found].sort((a, b) => a.id - b.id);
}

/**
 * Rules may look into it: its value is a function of its operands' values and nothing else. What reads a version of a
 * state is not: a term made of it would read the state at its own time, when the version may be overwritten.
 */
export function isTransparent(n: Node): boolean {
  if (n.inputs.some((x) => x.cell !== undefined)) return false;
  switch (n.op.kind) {
    case "constant":
    case "iota":
    case "unary":
    case "binary":
    case "select":
    case "cast":
    case "bitcast":
    case "view":
      return true;
    case "gather":
      return n.inputs.length === 2;
    case "reduce":
      return n.inputs[0].shape.length <= mostAxes;
    default:
      return false;
  }
}

export const nameOf = (n: Node): string => `$n${n.id}`;

const text = (s: string): string => JSON.stringify(s);

/** egglog's spelling of a finite number. */
const float = (x: number): string => {
  const s = String(x);
  return /^-?\d+$/.test(s) ? `${s}.0` : s;
};

/** A program that defines every node as a global and says what is known of it; rules say it of what they make. */
export function encode(nodes: readonly Node[], atoms: Atoms): string {
  const lines = [...binaryOps.values()]
    .filter((op) => op.result === "same")
    .map((op) => `(arithmetic ${text(op.name)})`);
  for (const f of ["sum", "prod", "max", "min"]) lines.push(`(folds ${text(f)})`);
  const varies = new Map<Node, number>();
  for (const n of nodes) {
    const name = nameOf(n);
    varies.set(n, variesOf(n, atoms, varies));
    lines.push(`(let ${name} ${termOf(n, atoms)})`);
    lines.push(`(set (dtype ${name}) ${text(n.dtype)}) (set (shape ${name}) ${atoms.shapes.idOf(n.shape)})`);
    lines.push(`(set (varies ${name}) ${varies.get(n)})`);
    if (n.op.kind === "constant" && Number.isFinite(n.op.value))
      lines.push(`(set (uniform ${name}) ${float(n.op.value)})`);
  }
  return lines.join("\n");
}

/** Axes that the value may vary along, given those of its operands, which are known of nodes before it. */
function variesOf(n: Node, atoms: Atoms, known: ReadonlyMap<Node, number>): number {
  const { op } = n;
  const moving = atoms.moving(n.shape);
  const of = (x: Node): number => known.get(x) ?? atoms.moving(x.shape);
  if (!isTransparent(n)) return moving;
  switch (op.kind) {
    case "constant":
      return 0;
    case "iota":
      return atoms.mentioned(op.value) & moving;
    case "view":
      return atoms.image(viewId(n, atoms), of(n.inputs[0]));
    case "reduce":
      return atoms.remaining(of(n.inputs[0]), maskOf(op.axes));
    case "gather":
      return moving;
    default:
      return n.inputs.reduce((mask, x) => mask | of(x), 0);
  }
}

function viewId({ op, shape }: Node, atoms: Atoms): number {
  if (op.kind !== "view") throw new Error(`${op.kind} is no view`);
  return atoms.views.idOf({ map: op.map, shape, fill: op.fill });
}

function termOf(n: Node, atoms: Atoms): string {
  const { op } = n;
  const arg = (i: number) => nameOf(n.inputs[i]);
  if (!isTransparent(n)) return `(Leaf ${n.id})`;
  switch (op.kind) {
    case "constant":
      return `(Number ${atoms.numbers.idOf({ value: op.value, dtype: n.dtype })})`;
    case "iota":
      return `(Iota ${atoms.iotas.idOf({ value: op.value, shape: n.shape, dtype: n.dtype })})`;
    case "unary":
      return `(Unary ${text(op.fn)} ${arg(0)})`;
    case "binary":
      return `(Binary ${text(op.fn)} ${arg(0)} ${arg(1)})`;
    case "select":
      return `(Select ${arg(0)} ${arg(1)} ${arg(2)})`;
    case "cast":
      return `(Cast ${arg(0)} ${text(n.dtype)})`;
    case "bitcast":
      return `(Bitcast ${arg(0)} ${text(n.dtype)})`;
    case "view":
      return `(View ${arg(0)} ${viewId(n, atoms)})`;
    case "gather":
      return `(Gather ${arg(0)} ${arg(1)} ${atoms.gathers.idOf({ map: op.map, shape: n.shape, fill: op.fill })})`;
    case "reduce":
      return `(Reduce ${text(op.fn)} ${arg(0)} ${maskOf(op.axes)})`;
    default:
      throw new Error(`${op.kind} is no term`);
  }
}

/** What is known of the atoms so far numbered `from…`: shapes of views, which have no fill value, and which slide. */
export function atomFacts(atoms: Atoms, from: { views: number; gathers: number }): string {
  const lines: string[] = [];
  for (const [id, v] of atoms.views.values.entries()) {
    if (id < from.views) continue;
    lines.push(`(set (view-shape ${id}) ${atoms.shapes.idOf(v.shape)})`);
    if (v.fill === undefined && v.map.every(isPoly)) lines.push(`(plain ${id})`);
    if (v.map.some((p) => slides(p))) lines.push(`(sliding ${id})`);
  }
  for (const [id, g] of atoms.gathers.values.entries())
    if (id >= from.gathers && g.fill === undefined) lines.push(`(filled-as-read ${id})`);
  return lines.join("\n");
}
