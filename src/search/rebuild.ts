/** A selection of terms → Hlir again, in the order of the model, so that versions of states keep theirs. */
import { type Builder, createBuilder } from "../ir/builder.ts";
import type { DType } from "../ir/dtype.ts";
import type { Entry, Hlir, Node } from "../ir/hlir.ts";
import { rootsOf } from "../ir/hlir.ts";
import { axesOf } from "./atoms.ts";
import type { Candidate, Operand, Space, Term } from "./space.ts";

/** What each tensor is computed as, where that is not the first of its candidates. */
export type Selection = {
  /** For nodes of the model, by id: the number of a candidate of their class. */
  readonly nodes: ReadonlyMap<number, number>;
  /** For classes that no node of the model is in. */
  readonly classes: ReadonlyMap<number, number>;
};

export const asWritten: Selection = { nodes: new Map(), classes: new Map() };

export type Rebuilt = {
  readonly hlir: Hlir;
  /** For a node of the result the key of what it was made from, the same in every selection. */
  readonly keyOf: ReadonlyMap<Node, string>;
  readonly classOf: ReadonlyMap<Node, number>;
  /** What it was selected from. */
  readonly space: Space;
};

/** Undefined where the selected terms contain each other. */
export function rebuild(
  hlir: Hlir,
  nodes: readonly Node[],
  space: Space,
  selection: Selection,
): Rebuilt | undefined {
  const builder = createBuilder();
  const made = new Map<string, Node>();
  const pending = new Set<string>();
  const keyOf = new Map<Node, string>();
  const classOf = new Map<Node, number>();
  const loops = new Map<Node, readonly Node[]>();
  let circular = false;

  const candidatesOf = (c: number): readonly Candidate[] => {
    const list = space.candidates.get(c);
    if (list === undefined || list.length === 0) throw new Error(`class ${c} has no terms`);
    return list;
  };

  /** The chosen way to compute a node of the model. */
  const chosen = (n: Node): Candidate => {
    const at = selection.nodes.get(n.id);
    return at === undefined ? { kind: "node", node: n } : candidatesOf(space.classOf.get(n)!)[at];
  };

  const fromNode = (n: Node): Node => {
    const c = chosen(n);
    const result = c.kind === "node" && c.node !== n ? fromNode(c.node) : fromCandidate(c, n);
    if (result.name === undefined && n.name !== undefined) result.name = n.name;
    return result;
  };

  const fromClass = (c: number, like: Node): Node => {
    const [first, ...others] = candidatesOf(c);
    if (first.kind === "node") return fromNode(first.node);
    return fromCandidate([first, ...others][selection.classes.get(c) ?? 0], like);
  };

  function fromCandidate(c: Candidate, like: Node): Node {
    const key = c.kind === "node" ? `n${c.node.id}` : `c${c.class}`;
    const before = made.get(key);
    if (before !== undefined) return before;
    if (pending.has(key)) {
      circular = true;
      throw new Circular();
    }
    pending.add(key);
    const result = c.kind === "node" ? copyOf(c.node) : termNode(c.term, like);
    pending.delete(key);
    made.set(key, result);
    if (!keyOf.has(result)) keyOf.set(result, key);
    const id = c.kind === "node" ? space.classOf.get(c.node) : c.class;
    if (id !== undefined && !classOf.has(result)) classOf.set(result, id);
    return result;
  }

  function copyOf(n: Node): Node {
    const inputs = n.op.kind === "result" ? [] : n.inputs.map(fromNode);
    builder.at(n.span);
    const copy = copyNode(builder, n, inputs, resultsOf);
    if (copy.name === undefined) copy.name = n.name;
    return copy;
  }

  function resultsOf(loop: Node): readonly Node[] {
    let results = loops.get(loop);
    if (results === undefined) {
      results = copyLoop(loop);
      loops.set(loop, results);
    }
    return results;
  }

  function copyLoop(n: Node): readonly Node[] {
    if (n.op.kind !== "loop") throw new Error("a result of what is no loop");
    const { loop } = n.op;
    const initial = n.inputs.map(fromNode);
    const params = loop.params.map(fromNode);
    const results = loop.results.map(fromNode);
    builder.at(n.span);
    return builder.loop({ ...loop, params, results }, initial);
  }

  function termNode(term: Term, like: Node): Node {
    const inputs = term.operands.flatMap((o) => ("class" in o ? [fromClass(o.class, like)] : []));
    builder.at(like.span);
    return makeTerm(builder, term, inputs, space);
  }

  const live = liveNodes(hlir, nodes, chosen, candidatesOf, selection);
  try {
    for (const n of nodes) {
      if (!live.has(n)) continue;
      if (n.op.kind === "loop") resultsOf(n);
      else if (chosen(n).kind === "node" || isOrdered(n)) fromNode(n);
    }
    const entries = hlir.entries.map(
      (e): Entry => ({
        ...e,
        outputs: e.outputs.map((o) => ({ ...o, value: fromNode(o.value) })),
        taps: e.taps.map((o) => ({ ...o, value: fromNode(o.value) })),
        states: e.states.map((s) => ({ ...s, value: fromNode(s.value) })),
      }),
    );
    return { hlir: { ...hlir, entries }, keyOf, classOf, space };
  } catch (e) {
    if (e instanceof Circular && circular) return undefined;
    throw e;
  }
}

class Circular extends Error {}

const isOrdered = (n: Node): boolean => n.op.kind === "update" || n.op.kind === "param";

/** Nodes of the model that the selection still computes. */
function liveNodes(
  hlir: Hlir,
  nodes: readonly Node[],
  chosen: (n: Node) => Candidate,
  candidatesOf: (c: number) => readonly Candidate[],
  selection: Selection,
): Set<Node> {
  const live = new Set<Node>();
  const classes = new Set<number>();
  const known = new Set(nodes);
  const visitNode = (n: Node): void => {
    if (live.has(n) || !known.has(n)) return;
    live.add(n);
    const c = chosen(n);
    if (c.kind === "term") return visitTerm(c.term);
    if (c.node !== n) return visitNode(c.node);
    for (const x of n.inputs) visitNode(x);
    if (n.op.kind === "loop") for (const x of [...n.op.loop.params, ...n.op.loop.results]) visitNode(x);
  };
  const visitTerm = (t: Term): void => {
    for (const o of t.operands) if ("class" in o) visitClass(o.class);
  };
  const visitClass = (c: number): void => {
    const list = candidatesOf(c);
    if (list[0].kind === "node") return visitNode(list[0].node);
    if (classes.has(c)) return;
    classes.add(c);
    const pick = list[selection.classes.get(c) ?? 0];
    if (pick.kind === "term") visitTerm(pick.term);
  };
  for (const e of hlir.entries) for (const r of rootsOf(e)) visitNode(r);
  return live;
}

function copyNode(
  b: Builder,
  n: Node,
  inputs: readonly Node[],
  resultsOf: (loop: Node) => readonly Node[],
): Node {
  const { op, shape, dtype } = n;
  switch (op.kind) {
    case "input":
      return b.input(op.name, shape, dtype);
    case "weight":
      return b.weight(op.name, shape, dtype, n.loops);
    case "state":
      return b.state(op.name, shape, dtype);
    case "constant":
      return b.constant(op.value, dtype);
    case "data":
      return b.data(op.values, shape, dtype);
    case "iota":
      return b.iota(op.value, shape, dtype);
    case "unary":
      return b.unary(op.fn, inputs[0]);
    case "binary":
      return b.binary(op.fn, inputs[0], inputs[1]);
    case "select":
      return b.select(inputs[0], inputs[1], inputs[2]);
    case "cast":
      return b.cast(inputs[0], dtype);
    case "bitcast":
      return b.bitcast(inputs[0], dtype);
    case "reduce":
      return b.reduce(op.fn, inputs[0], op.axes);
    case "view":
      return b.view(inputs[0], shape, op.map, op.fill);
    case "gather":
      return b.gather(inputs[0], inputs.slice(1), shape, op.map, op.fill);
    case "update":
      return b.update(inputs[0], inputs[1], inputs.slice(2), op.map);
    case "topk":
      return b.topk(inputs[0], shape.at(-1)!);
    case "cumulate":
      return b.cumulate(op.fn, inputs[0], op.axis);
    case "param":
      return b.param(op.loop, op.index, n);
    case "result":
      return resultsOf(n.inputs[0])[op.index];
    case "custom":
      return b.custom(op.kernel, inputs.slice(0, -1), inputs.at(-1)!);
    case "loop":
      throw new Error("a loop is made with its results");
  }
}

function makeTerm(b: Builder, term: Term, inputs: readonly Node[], { atoms }: Space): Node {
  const literal = (i: number): number | string => {
    const o: Operand = term.operands[i];
    if ("class" in o) throw new Error(`operand ${i} of ${term.op} is no literal`);
    return o.literal;
  };
  const number = (i: number): number => Number(literal(i));
  switch (term.op) {
    case "Number": {
      const { value, dtype } = atoms.numbers.valueOf(number(0));
      return b.constant(value, dtype as DType);
    }
    case "Iota": {
      const { value, shape, dtype } = atoms.iotas.valueOf(number(0));
      return b.iota(value, shape, dtype as DType);
    }
    case "Unary":
      return b.unary(String(literal(0)), inputs[0]);
    case "Binary":
      return b.binary(String(literal(0)), inputs[0], inputs[1]);
    case "Select":
      return b.select(inputs[0], inputs[1], inputs[2]);
    case "Cast":
      return b.cast(inputs[0], String(literal(1)) as DType);
    case "Bitcast":
      return b.bitcast(inputs[0], String(literal(1)) as DType);
    case "View": {
      const { map, shape, fill } = atoms.views.valueOf(number(1));
      return b.view(inputs[0], shape, map, fill);
    }
    case "Gather": {
      const { map, shape, fill } = atoms.gathers.valueOf(number(2));
      return b.gather(inputs[0], [inputs[1]], shape, map, fill);
    }
    case "Reduce":
      return b.reduce(String(literal(0)) as Parameters<Builder["reduce"]>[0], inputs[0], axesOf(number(2)));
    default:
      throw new Error(`no operation ${term.op}`);
  }
}
